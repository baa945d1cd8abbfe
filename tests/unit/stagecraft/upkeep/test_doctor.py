"""Each way in which a home can be broken is found, repaired, and then no longer found."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from stagecraft.cache import sessions as live
from stagecraft.cache.locks import KeyLocks
from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import digest
from stagecraft.files.home import Home
from stagecraft.files.sealed import seal
from stagecraft.files.set_aside import Moved, SetAside
from stagecraft.mlflow import CHAMPION, Record, Tracker, log_account
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.promotions import note_promotion, read_promotions
from stagecraft.mlflow.registry import Registry, files_of
from stagecraft.upkeep import Finding, all_set_aside, examine, put_back
from tests.flips import flip

House = Any  # see conftest.py


def findings_of(house: House) -> list[tuple[str, str]]:
    return [(finding.kind, finding.what) for finding in examine(house.tracker)]


def repair(house: House) -> list[str]:
    """Repair all; return what could not be repaired."""
    return [failure for finding in examine(house.tracker) if (failure := finding.repair())]


def only(house: House) -> Finding:
    (finding,) = examine(house.tracker)
    return finding


def test_nothing_is_found_in_a_home_that_is_whole(house: House) -> None:
    tokens = house.stage("tokenize")
    trained = house.stage("train_rnn", tokens.uri, model="rnn")
    house.stage("evaluate", trained.uri, on=trained.run_id)
    house.stage("failed", tokens.uri, files=(), kept=False, status="FAILED")
    house.checkpoint("train_rnn/0123456789abcdef", trained.run_id)
    house.write(house.home.downloads / "abc" / "corpus.txt")
    assert findings_of(house) == []


def test_nothing_is_found_in_an_empty_home(house: House) -> None:
    assert findings_of(house) == []


def test_a_result_whose_file_is_gone_is_set_aside(house: House) -> None:
    made, other = house.stage("tokenize"), house.stage("vocab")
    (house.folder(made.run_id) / "artifacts" / "out.txt").unlink()
    finding = only(house)
    assert finding.kind == "result without artifacts"
    assert finding.what == f"{made.key}: artifact missing: {made.uri}"
    assert house.results.path(made.key).exists()  # only looked at
    assert finding.repair() == "" and findings_of(house) == []
    assert house.results.all() == [other.key]


def test_a_result_whose_file_was_changed_is_set_aside_with_it(house: House) -> None:
    made = house.stage("tokenize", files=("out.txt", "whole.txt"))
    path = house.folder(made.run_id) / "artifacts" / "out.txt"
    path.write_text("changed")
    assert only(house).what == f"{made.key}: artifact changed: {made.uri}"
    assert repair(house) == [] and findings_of(house) == []
    moved = [Path(each.to) for aside in all_set_aside(house.home) for each in aside.moved()]
    assert [path.read_text() for path in moved if path.suffix == ".txt"] == ["changed"]
    assert not path.exists() and path.with_name("whole.txt").exists()


@pytest.mark.parametrize("inside", [True, False])
def test_a_file_of_the_users_own_is_never_touched(house: House, tmp_path: Path, inside: bool) -> None:
    from stagecraft.files.artifact import address

    path = house.write((house.home.root if inside else tmp_path) / "my.txt", "first")
    run_id = house.run("download")
    house.keep("download/1-2", run_id, {"file": address(path, path.as_uri(), "text/plain")}, {})
    path.write_text("edited")
    assert findings_of(house) == [] and repair(house) == []
    assert path.read_text() == "edited"


@pytest.mark.parametrize("content", [b"", b"{", b'{"metadata": {}}', b'{"result": "{}"}', b"\xff"])
def test_a_record_that_can_not_be_read_is_set_aside(house: House, content: bytes) -> None:
    made = house.stage("tokenize")
    house.results.path(made.key).write_bytes(content)
    assert only(house).what.startswith(f"{made.key}: result damaged: ")
    assert repair(house) == [] and findings_of(house) == [] and house.results.all() == []


def test_a_result_that_is_being_computed_anew_is_left_alone(house: House) -> None:
    made = house.stage("tokenize")
    shutil.rmtree(house.folder(made.run_id))
    with KeyLocks(house.home.locks).holding(made.key):
        assert repair(house) == ["somebody is using it; try again later"]
        assert house.results.path(made.key).exists()
    assert repair(house) == [] and findings_of(house) == []


def test_a_result_that_was_mended_meanwhile_is_kept(house: House) -> None:
    made = house.stage("tokenize")
    path = house.folder(made.run_id) / "artifacts" / "out.txt"
    text = path.read_text()
    path.unlink()
    finding = only(house)
    path.write_text(text)
    assert finding.repair() == "" and house.results.find(made.key).intact


def test_folders_that_mlflow_knows_nothing_of_are_set_aside(house: House) -> None:
    kept = house.stage("tokenize", model="x")
    deleted = house.stage("vocab", kept=False)
    house.client.delete_run(deleted.run_id)  # counts as known: MLflow can bring it back
    run, model = "0" * 32, "m-" + "0" * 32
    for owner in (run, model):
        house.write(house.folder(owner) / "artifacts" / "file")
    others = [house.write(house.home.artifacts / name / "file") for name in ("1", "traces")]
    kinds = {kind for kind, _ in findings_of(house)}
    assert len(findings_of(house)) == 2 and kinds == {"artifacts without a run"}
    assert repair(house) == [] and findings_of(house) == []
    assert not house.folder(run).exists() and not house.folder(model).exists()
    assert all(path.exists() for path in others)
    assert house.folder(kept.run_id).exists() and house.folder(deleted.run_id).exists()
    assert house.folder(kept.model_id).exists()


def test_a_folder_of_another_experiment_is_known(house: House) -> None:
    other = Tracker(house.home, experiment="other")
    run_id = other.start_run("a", {})
    house.write(house.folder(run_id) / "artifacts" / "file")
    assert findings_of(house) == []


def test_results_go_before_the_folders_of_runs_that_mlflow_forgot(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house.stage("tokenize")
    fresh = Tracker(house.home, experiment="fresh")
    monkeypatch.setattr(Inventory, "knows_run", lambda _inventory, _run: False)
    result, folder = examine(fresh)
    assert (result.kind, folder.kind) == ("result without artifacts", "artifacts without a run")
    assert folder.repair() == "somebody is using it; try again later"  # a result still names it
    assert (result.repair(), folder.repair()) == ("", "")
    assert examine(fresh) == [] and not house.folder(made.run_id).exists()


def test_with_artifacts_on_a_server_their_folders_are_not_compared(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.write(house.folder("0" * 32) / "artifacts" / "file")
    monkeypatch.setattr(Tracker, "artifact_folder", lambda _tracker: None)
    assert findings_of(house) == []


def test_a_run_whose_process_died_is_closed_and_its_session_forgotten(house: House) -> None:
    gone = live.Session(house.home)
    parent, child = (house.run(name, "RUNNING", session=gone.name) for name in ("pipeline", "train_rnn"))
    gone._file.close()  # as if its process had died
    with live.session(house.home) as alive:
        others = [house.run("train_mlp", "RUNNING", session=name) for name in (alive.name, "ffffffff-1", "")]
        found = findings_of(house)
        assert sorted(found) == sorted(
            ("run without a process", f"{run_id} ({name}) is marked as running, but its process died")
            for run_id, name in ((parent, "pipeline"), (child, "train_rnn"))
        )
        assert repair(house) == [] and findings_of(house) == []
        status = {run_id: house.client.get_run(run_id).info.status for run_id in (parent, child, *others)}
        assert [*status.values()] == ["KILLED", "KILLED", "RUNNING", "RUNNING", "RUNNING"]
        assert house.tags(child)["seqstep.error"] == "its process died"
        assert live.living(house.home) == {alive.name} and live.dead(house.home) == set()


@pytest.mark.parametrize("session", ["", "ffffffff-of-another-place"])
def test_an_ended_run_that_was_marked_as_running_ends_as_its_record_has_it(
    house: House, session: str
) -> None:
    run_id = house.run("train_rnn", "RUNNING", session=session)
    log_account(Record(house.tracker, run_id), 2_000_000_000_000)
    house.tracker.finish_run(run_id, "FINISHED", ended=2_000_000_000_000)
    before = house.client.get_run(run_id).to_dictionary()
    house.client.update_run(run_id, "RUNNING")
    found = only(house)
    assert (found.kind, found.what) == (
        "ended run marked as running",
        f"{run_id} (train_rnn) is marked as running, but it has ended",
    )
    assert found.repair() == "" and findings_of(house) == []
    assert house.client.get_run(run_id).to_dictionary() == before


def test_a_run_that_ended_meanwhile_stays_as_it_ended(house: House) -> None:
    run_id = house.run("train_rnn", "RUNNING")
    finding = only(house)
    house.tracker.finish_run(run_id, "FINISHED")
    assert finding.repair() == "" and house.client.get_run(run_id).info.status == "FINISHED"


def test_checkpoints_that_no_training_can_go_on_with_are_set_aside(house: House) -> None:
    run_id = house.run("train_rnn", "KILLED")
    good = house.checkpoint("train_rnn/good", run_id)
    damaged = house.checkpoint("train_rnn/damaged", run_id)
    (damaged / "00000003" / "state").write_text("changed")
    orphan = house.checkpoint("train_rnn/orphan", "0" * 32)
    empty = house.home.checkpoints / "train_rnn" / "empty"
    empty.mkdir()
    assert dict(findings_of(house)).keys() == {"checkpoints without a training"}
    assert [what.partition(":")[0] for _, what in findings_of(house)] == [
        "train_rnn/damaged",
        "train_rnn/empty",
        "train_rnn/orphan",
    ]
    assert repair(house) == [] and findings_of(house) == []
    assert good.exists() and not any(folder.exists() for folder in (damaged, orphan, empty))


def test_an_intact_checkpoint_beside_a_damaged_one_keeps_both(house: House) -> None:
    run_id = house.run("train_rnn", "KILLED")
    folder = house.checkpoint("train_rnn/both", run_id)
    shutil.copytree(folder / "00000003", folder / "00000004")
    (folder / "00000004" / "state").unlink()
    assert findings_of(house) == []


def test_checkpoints_that_a_run_counts_on_are_left_alone(house: House) -> None:
    folder = house.home.checkpoints / "train_rnn" / "fresh"
    folder.mkdir(parents=True)
    before = only(house)
    with live.session(house.home) as alive:
        alive.use("train_rnn/fresh")
        assert findings_of(house) == []
        assert before.repair() == "somebody is using it; try again later" and folder.exists()


def test_half_written_files_are_removed_when_nobody_lives(house: House) -> None:
    with closing(live.Session(house.home)):
        file = house.write(house.home.downloads / "abc" / "corpus.txt.part")
        folder = house.write(house.home.checkpoints / "train_rnn" / "x.part" / "state.part").parent
        assert findings_of(house) == []
    assert [kind for kind, _ in findings_of(house)] == ["half-written file"] * 2
    first, second = examine(house.tracker)
    with closing(live.Session(house.home)):
        assert first.repair() == "somebody is using it; try again later" and file.exists()
    assert (first.repair(), second.repair()) == ("", "") and findings_of(house) == []
    assert not file.exists() and not folder.exists()


@pytest.mark.first_quick
@pytest.mark.parametrize("gone", ["MLmodel", "artifacts/weights", ".", "record", "logged model"])
def test_a_version_whose_files_are_gone_is_set_aside_and_its_alias_named(house: House, gone: str) -> None:
    whole = house.stage("train_rnn", model="rnn")
    broken = house.stage("train_rnn", model="rnn")
    house.client.set_registered_model_alias("seqstep-rnn", "champion", "2")
    folder = house.tracker.open_model(broken.model_id)
    if gone == "record":  # only a result knows of what is wrong
        (folder / "artifacts" / "weights").write_text("changed")
    elif gone == "logged model":
        house.client.delete_logged_model(broken.model_id)
    elif gone == ".":
        shutil.rmtree(folder)
    else:
        (folder / gone).unlink()
    first = examine(house.tracker)[0]
    assert first.kind == "registered model without files"
    assert first.what.startswith("seqstep-rnn version 2 (alias champion): ") and "gone" in first.what
    assert repair(house) == [] and findings_of(house) == []
    assert [version.model_id for version in house.inventory.versions(is_used=True)] == [whole.model_id]
    assert Registry(house.tracker).find("seqstep-rnn").model_id == whole.model_id


@pytest.mark.first_quick
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("name", ["MLmodel", "artifacts/weights", "added"])
def test_a_version_whose_files_are_not_those_that_were_registered_is_set_aside(
    house: House, name: str, kept: bool
) -> None:
    made = house.stage("train_rnn", model="rnn", kept=kept)
    folder = house.tracker.open_model(made.model_id)
    files = {path: file.sha256 for path, file in files_of(house.tracker, made.model_id).items()}
    house.client.set_model_version_tag("seqstep-rnn", "1", "seqstep.files", digest(files))
    assert findings_of(house) == []
    path = folder / name
    path.write_text((path.read_text() if path.exists() else "") + "\n")
    kind, what = findings_of(house)[0]
    assert kind.startswith("registered model with") and what.startswith("seqstep-rnn version 1: ")
    assert repair(house) == [] and findings_of(house) == []
    assert house.inventory.versions(is_used=True) == []


@contextmanager
def unreadable(name: str) -> Iterator[None]:
    """Have files of this name there, but not to be opened: another user's, or on a bad disk."""

    def refusing(really_open: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
            if Path(path).name == name:
                raise PermissionError(13, "Permission denied", str(path))
            return really_open(path, *args, **kwargs)

        return refuse

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", refusing(Path.open))
        patch.setattr(os, "open", refusing(os.open))
        yield


@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.thorough
def test_what_can_not_be_read_is_reported_and_kept(house: House, registered: bool) -> None:
    made = house.stage("train_rnn", model="rnn")
    house.client.set_registered_model_alias("seqstep-rnn", "champion", "1")
    if registered:
        files = {path: file.sha256 for path, file in files_of(house.tracker, made.model_id).items()}
        house.client.set_model_version_tag("seqstep-rnn", "1", "seqstep.files", digest(files))
    with unreadable("weights"):
        found = findings_of(house)
        assert {kind for kind, _ in found} == {"unreadable"} and len(found) == 1 + registered
        assert found[-1][1] == f"{made.key}: artifact unreadable: {made.files['weights'].uri}"
        assert repair(house) == ["nothing was removed"] * len(found)
    assert findings_of(house) == []
    (version,) = house.inventory.versions()
    assert version.aliases == ("champion",)


def test_a_record_that_can_not_be_opened_is_kept(house: House) -> None:
    made = house.stage("tokenize")
    with unreadable(house.results.path(made.key).name):
        assert [kind for kind, _ in findings_of(house)] == ["unreadable"]
        assert repair(house) == ["nothing was removed"]
    assert findings_of(house) == [] and house.results.all() == [made.key]


@pytest.mark.parametrize("gone", ["artifacts/weights", "record"])
def test_a_version_whose_files_came_back_meanwhile_is_kept(house: House, gone: str) -> None:
    made = house.stage("train_rnn", model="rnn")
    path = house.tracker.open_model(made.model_id) / "artifacts" / "weights"
    text = path.read_text()
    path.unlink() if gone != "record" else path.write_text("changed")
    first = examine(house.tracker)[0]
    assert first.kind == "registered model without files"
    path.write_text(text)
    assert first.repair() == "" and len(house.inventory.versions()) == 1


def test_a_model_of_somebody_elses_is_not_judged(house: House) -> None:
    house.client.create_registered_model("mine")
    house.client.create_model_version("mine", "runs:/0/model")
    assert findings_of(house) == []


def test_a_home_with_everything_broken_at_once_is_repaired_in_one_go(house: House) -> None:
    tokens = house.stage("tokenize")
    trained = house.stage("train_rnn", tokens.uri, model="rnn")
    house.stage("evaluate", trained.uri, on=trained.run_id)
    (house.folder(tokens.run_id) / "artifacts" / "out.txt").unlink()
    (house.tracker.open_model(trained.model_id) / "artifacts" / "weights").write_text("changed")
    house.run("train_rnn", "RUNNING")
    house.checkpoint("train_rnn/1", "0" * 32)
    house.write(house.home.results / "a" / "b.part")
    house.write(house.folder("0" * 32) / "artifacts" / "file")
    assert len({kind for kind, _ in findings_of(house)}) == 6
    assert repair(house) == [] and findings_of(house) == []


def test_a_record_with_a_flipped_bit_is_named_and_what_is_behind_it_stays(house: House) -> None:
    made = house.stage("tokenize")
    house.results.remember(house.results.find(made.key).result)  # seals what the version before wrote
    flip(house.results.path(made.key), 999)
    assert only(house).what == f"{made.key}: result damaged: {made.key} (it is not what its own digest says)"
    assert repair(house) == [] and findings_of(house) == []
    assert (house.folder(made.run_id) / "artifacts" / "out.txt").exists()


def test_a_damaged_latest_result_is_named_and_set_aside(house: House) -> None:
    made = house.stage("tokenize")
    house.results.remember(house.results.find(made.key).result)
    path = house.home.latest / "tokenize.json"
    assert findings_of(house) == []
    flip(path, 99)
    found, damaged = only(house), path.read_bytes()
    assert (found.kind, found.what) == (
        "latest result unknown",
        ".seqstep/latest/tokenize.json: it is damaged",
    )
    assert repair(house) == [] and findings_of(house) == [] and not path.exists()
    assert [Path(each.to).read_bytes() for each in all_set_aside(house.home)[0].moved()] == [damaged]


@pytest.mark.parametrize("line", [0, 1, 2])
@pytest.mark.thorough
def test_a_damaged_promotion_is_named_and_written_anew_of_what_mlflow_knows(house: House, line: int) -> None:
    for _ in range(3):
        house.stage("train_rnn", model="rnn")
    registry, path = Registry(house.tracker), house.home.promotions
    for number in "123":
        evidence = {"seqstep.promoted.at": f"at {number}"}
        registry.set_alias(
            version := registry.find("seqstep-rnn", number), CHAMPION, evidence, f"Why {number}."
        )
        note_promotion(house.tracker, "champion", version, f"at {number}")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))  # but for what it began with
    assert findings_of(house) == []
    before, lines = read_promotions(house.home)[0], path.read_bytes().splitlines()
    lines[line] = lines[line].replace(b"at ", b"as ", 1)
    path.write_bytes(damaged := b"\n".join([*lines, b""]))
    found = only(house)
    assert (found.kind, found.what) == (
        "promotion damaged",
        f"line {line + 1} of promotions.jsonl is torn or damaged",
    )
    assert repair(house) == [] and findings_of(house) == []
    # The champion's promotion is told by its version; what it followed stands in the file that is set aside.
    assert read_promotions(house.home) == ([each for each in before if each != before[line] or line == 2], [])
    assert [Path(each.to).read_bytes() for each in all_set_aside(house.home)[0].moved()] == [damaged]


def test_a_page_of_a_whole_run_that_changed_is_named_and_set_aside(house: House) -> None:
    run_id = house.run("", **{"seqstep.pipeline": "all"})
    house.tracker.client.delete_tag(run_id, "seqstep.stage")
    record = Record(house.tracker, run_id)
    page = record.open(record.log_text("report.html", "<p>1.5</p>"))
    flip(page, 30)
    assert findings_of(house) == []  # nothing tells what it was, as in the version before
    flip(page, 30)
    record.hold()
    assert findings_of(house) == []
    flip(page, 30)
    found = only(house)
    assert (found.kind, found.what) == (
        "page changed",
        f"runs:/{run_id}/report.html: it is not what was recorded",
    )
    assert repair(house) == [] and findings_of(house) == [] and not page.exists()
    assert len(list(all_set_aside(house.home)[0].moved())) == 1


def contents(house: House) -> dict[str, bytes]:
    """Read all files but the database, and what is set aside."""
    other = (house.home.database, *house.home.private.rglob("*.lock"))
    files = [path for path in house.home.root.rglob("*") if path.is_file() and path not in other]
    names = {path: str(path.relative_to(house.home.root)) for path in files}
    return {name: path.read_bytes() for path, name in names.items() if "set-aside" not in name}


def break_everything(house: House) -> None:
    tokens, other = house.stage("tokenize"), house.stage("vocab", files=("out.txt", "more.txt"))
    trained = house.stage("train_rnn", tokens.uri, model="rnn")
    house.client.set_registered_model_alias("seqstep-rnn", "champion", "1")
    (house.folder(tokens.run_id) / "artifacts" / "out.txt").unlink()
    (house.folder(other.run_id) / "artifacts" / "more.txt").write_text("changed")
    (house.tracker.open_model(trained.model_id) / "artifacts" / "weights").unlink()
    house.checkpoint("train_rnn/1", "0" * 32)
    house.write(house.folder("0" * 32) / "artifacts" / "file")


def test_all_that_a_repair_takes_away_can_be_put_back(house: House) -> None:
    break_everything(house)
    before, findings = contents(house), findings_of(house)
    assert repair(house) == [] and findings_of(house) == []
    assert contents(house).keys() < before.keys()
    (aside,) = all_set_aside(house.home)
    assert aside.bytes > 0 and aside.age_s < 3600
    assert put_back(house.tracker, aside.name) == []
    assert contents(house) == before and findings_of(house) == findings
    assert all_set_aside(house.home) == []
    assert list(house.home.root.rglob("*set-aside*/*")) == []
    assert Registry(house.tracker).find("seqstep-rnn", "champion").number == "1"


def test_what_was_made_anew_meanwhile_stays_and_the_other_waits(house: House) -> None:
    made, other = house.stage("tokenize"), house.stage("vocab")
    for each in (made, other):
        (house.folder(each.run_id) / "artifacts" / "out.txt").unlink()
    assert repair(house) == []
    house.write(house.results.path(made.key), "made anew")
    (aside,) = all_set_aside(house.home)
    (left,) = put_back(house.tracker, aside.name)
    assert left.startswith(f"{house.results.path(made.key)}: something is there again")
    assert house.results.path(made.key).read_text() == "made anew" and house.results.path(other.key).exists()
    house.results.path(made.key).unlink()
    assert put_back(house.tracker, aside.name) == [] and house.results.path(made.key).exists()


def test_what_is_set_aside_is_found_after_a_move(house: House, tmp_path: Path) -> None:
    break_everything(house)
    before = contents(house)
    assert repair(house) == []
    (aside,) = all_set_aside(house.home)
    shutil.move(house.home.root, tmp_path / "moved")
    moved = type(house)(Home(tmp_path / "moved", house.home.names))
    assert put_back(moved.tracker, aside.name) == []
    assert contents(moved).keys() - {".seqstep/home.json"} == before.keys() - {".seqstep/home.json"}


@pytest.mark.parametrize(
    "place",
    [
        "/tmp/victim",
        "HOME/../victim",
        "HOME/flows/pipeline.py",
        "HOME/.seqstep/../flows/pipeline.py",
        "HOME/.seqstep/prefect/profiles.toml",
        "HOME/.seqstep/prefect-token",
        "HOME/.seqstep/servers.json",
    ],
)
def test_nothing_is_put_where_nothing_is_kept(house: House, place: str, tmp_path: Path) -> None:
    root = house.home.root
    aside = SetAside(house.home, "20261101T000000Z")
    kept = house.home.aside / aside.name / "x"
    house.write(kept, "evil")
    aside.note(Moved(place.replace("HOME", str(root)), str(kept)))
    (left,) = put_back(house.tracker, aside.name)
    assert left.endswith("is damaged, or leads out of this home")
    assert kept.exists() and not any(path.name == "victim" for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("name", ["results/tokenize/1-2", "runs/x.json", "latest/tokenize.json"])
@pytest.mark.parametrize("target", ["nowhere", "itself"])
def test_a_link_to_nowhere_is_named_and_set_aside(house: House, name: str, target: str) -> None:
    link = house.home.private / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(link if target == "itself" else "/nowhere/at/all")
    assert any(found.what.startswith(f".seqstep/{name}") for found in examine(house.tracker))
    assert repair(house) == [] and findings_of(house) == []
    (aside,) = all_set_aside(house.home)
    assert put_back(house.tracker, aside.name) == [] and link.is_symlink()


def test_freeing_what_is_set_aside_frees_nothing_else(house: House) -> None:
    break_everything(house)
    assert repair(house) == []
    rest = contents(house)
    (aside,) = all_set_aside(house.home)
    aside.free()
    assert all_set_aside(house.home) == [] and contents(house) == rest
    with pytest.raises(ArtifactError, match=f"got '{aside.name}'; there are: none"):
        put_back(house.tracker, aside.name)


@pytest.mark.parametrize(
    "name", ["../promotions", "notes", "20260101T000000Z", "20260102T000000Z", "set-aside/../../promotions"]
)
def test_only_a_time_that_is_listed_is_put_back(house: House, name: str) -> None:
    kept = house.write(house.home.promotions, '{"place": "a"}\n')
    house.write(house.home.aside / "notes.jsonl", "mine")
    (house.home.aside / "20260101T000000Z.jsonl").mkdir()
    with pytest.raises(ArtifactError, match=r"expected the time of a repair .*; there are: none"):
        put_back(house.tracker, name)
    assert kept.exists() and all_set_aside(house.home) == []


def leading_elsewhere(line: dict[str, str], house: House) -> bytes:
    return seal(json.dumps({**line, "to": str(house.home.artifacts)}).encode())


def leading_out(line: dict[str, str], house: House) -> bytes:
    to = f"{house.home.aside}/20260101T000000Z/../../../mlartifacts"
    return seal(json.dumps({**line, "to": to}).encode())


def without_digest(line: dict[str, str], _house: House) -> bytes:
    return json.dumps(line).encode()


def flipped(line: dict[str, str], _house: House) -> bytes:
    return seal(json.dumps(line).encode()).replace(b"results", b"resultr")


def of_other_types(_line: dict[str, str], _house: House) -> bytes:
    return seal(b'{"place": 1, "to": [], "version": null}')


def of_other_bytes(_line: dict[str, str], _house: House) -> bytes:
    return b"\xff\xfe\n[]\n7"


@pytest.mark.parametrize(
    "damage", [leading_elsewhere, leading_out, without_digest, flipped, of_other_types, of_other_bytes]
)
def test_a_list_that_is_damaged_leads_nowhere(house: House, damage: Any) -> None:
    kept = house.stage("vocab")
    before = contents(house)
    place = house.home.results / "tokenize" / "0-1"
    aside = SetAside(house.home, "20260101T000000Z")
    aside.take(house.write(place, "{"))
    (moved,) = aside.moved()
    (house.home.aside / f"{aside.name}.jsonl").write_bytes(damage(moved._asdict(), house))
    assert aside.moved() == [] and aside.flaws
    assert put_back(house.tracker, aside.name) == aside.flaws and Path(moved.to).exists()
    aside.free()
    assert all_set_aside(house.home) == [] and not Path(moved.to).exists()
    assert contents(house) == before and house.results.find(kept.key).intact


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize(
    "name", ["results/tokenize/0-1", "latest/tokenize.json", "promotions.jsonl", "runs/0.json", "live/a-b-c"]
)
def test_what_is_no_file_where_a_record_should_be_is_set_aside_or_passed_over(
    house: House, name: str, make: Any
) -> None:
    kept = house.stage("vocab")
    odd = house.home.private / name
    odd.parent.mkdir(parents=True, exist_ok=True)
    make(odd)
    assert house.results.latest("tokenize") is None
    assert repair(house) == [] and findings_of(house) == []
    assert house.results.find(kept.key).intact


def test_an_experiment_that_was_renamed_is_used_and_gets_its_name_again(house: House) -> None:
    house.stage("tokenize")
    number = house.tracker.experiment_id
    house.client.rename_experiment(number, "mine")
    renamed = type(house)(house.home)
    assert renamed.tracker.experiment_id == number and len(renamed.tracker.search("")) == 1
    assert findings_of(renamed) == [
        ("experiment renamed", "seqstep: it was renamed to mine in MLflow's pages")
    ]
    assert repair(renamed) == [] and findings_of(renamed) == []
    assert house.client.get_experiment(number).name == "seqstep"
    house.client.delete_experiment(number)
    assert type(house)(house.home).tracker.is_deleted
