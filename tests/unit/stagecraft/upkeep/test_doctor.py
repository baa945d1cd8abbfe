"""Each way in which a home can be broken is found, repaired, and then no longer found."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from stagecraft.cache import sessions as live
from stagecraft.cache.locks import KeyLocks
from stagecraft.files.artifact import digest
from stagecraft.mlflow import Tracker
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.registry import files_of
from stagecraft.upkeep import Finding, examine

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


def test_a_result_whose_file_is_gone_is_removed(house: House) -> None:
    made, other = house.stage("tokenize"), house.stage("vocab")
    (house.folder(made.run_id) / "artifacts" / "out.txt").unlink()
    finding = only(house)
    assert finding.kind == "result without artifacts"
    assert finding.what == f"{made.key}: artifact missing: {made.uri}"
    assert house.results.path(made.key).exists()  # only looked at
    assert finding.repair() == "" and findings_of(house) == []
    assert house.results.all() == [other.key]


def test_a_result_whose_file_was_changed_is_removed_and_the_file_set_aside(house: House) -> None:
    made = house.stage("tokenize", files=("out.txt", "whole.txt"))
    path = house.folder(made.run_id) / "artifacts" / "out.txt"
    path.write_text("changed")
    assert only(house).what == f"{made.key}: artifact changed: {made.uri}"
    assert repair(house) == [] and findings_of(house) == []
    assert [file.read_text() for file in house.home.damaged.iterdir()] == ["changed"]
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
def test_a_record_that_can_not_be_read_is_removed(house: House, content: bytes) -> None:
    made = house.stage("tokenize")
    house.results.path(made.key).write_bytes(content)
    assert only(house).what.startswith(f"{made.key}: result unreadable: ")
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


def test_what_is_no_file_in_the_place_of_a_record_is_kept(house: House) -> None:
    made = house.stage("tokenize")
    path = house.results.path(made.key)
    path.unlink()
    path.mkdir()
    (finding,) = examine(house.tracker)
    assert "Is a directory" in finding.what and finding.repair() == "nothing was removed"


def test_folders_that_mlflow_knows_nothing_of_are_removed(house: House) -> None:
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


def test_a_run_that_ended_meanwhile_stays_as_it_ended(house: House) -> None:
    run_id = house.run("train_rnn", "RUNNING")
    finding = only(house)
    house.tracker.finish_run(run_id, "FINISHED")
    assert finding.repair() == "" and house.client.get_run(run_id).info.status == "FINISHED"


def test_checkpoints_that_no_training_can_go_on_with_are_removed(house: House) -> None:
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


@pytest.mark.parametrize("gone", ["MLmodel", "artifacts/weights", ".", "record", "logged model"])
def test_a_version_whose_files_are_gone_is_deleted_and_its_alias_named(house: House, gone: str) -> None:
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
    assert [version.model_id for version in house.inventory.versions()] == [whole.model_id]
    assert house.dangling() == []


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("name", ["MLmodel", "artifacts/weights", "added"])
def test_a_version_whose_files_are_not_those_that_were_registered_is_deleted(
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
    assert house.inventory.versions() == []


@contextmanager
def unreadable(name: str) -> Iterator[None]:
    """Have files of this name there, but not to be opened: another user's, or on a bad disk."""
    really_open = Path.open

    def refuse(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(path, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        yield


@pytest.mark.parametrize("registered", [True, False])
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
    assert list((house.home.private / "trash").iterdir()) == []
