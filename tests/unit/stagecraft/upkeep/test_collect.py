"""What is freed and what is kept, in which order, and that nothing dangles wherever it is killed."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from mlflow import MlflowClient

from stagecraft.cache import sessions as live
from stagecraft.cache.locks import KeyLocks
from stagecraft.errors import ArtifactError
from stagecraft.files.removal import size_of
from stagecraft.mlflow import Tracker
from stagecraft.upkeep import Collection, Limits, collect, examine
from stagecraft.upkeep.collect import _Collector

House = Any  # see conftest.py
HOUR, DAY = 3600, 86400


def gc(
    house: House, max_bytes: int | None = None, older_s: float | None = None, dry: bool = False
) -> Collection:
    since = None if older_s is None else time.time() - older_s
    return collect(house.tracker, Limits(max_bytes, since), dry)


def freed(collection: Collection) -> set[str]:
    return {item.what.partition(" ")[0] for item in collection.freed}


def bytes_in(house: House) -> int:
    home = house.home
    return sum(map(size_of, (home.artifacts, home.checkpoints, home.downloads, home.damaged)))


# Garbage


def test_nothing_is_freed_in_a_home_where_every_run_has_its_result(house: House) -> None:
    tokens = house.stage("tokenize")
    trained = house.stage("train_rnn", tokens.uri, model="rnn")
    house.stage("evaluate", trained.uri, on=trained.run_id)
    house.checkpoint("train_rnn/1", trained.run_id)
    collection = gc(house)
    assert collection == Collection(freed=(), freed_bytes=0, kept_bytes=bytes_in(house))


def test_nothing_is_freed_in_an_empty_home(house: House) -> None:
    assert gc(house, max_bytes=0) == Collection(freed=(), freed_bytes=0, kept_bytes=0)


def test_what_was_set_aside_on_other_disks_is_neither_freed_nor_found(house: House) -> None:
    for folder in (house.home.downloads / "abc", house.home.checkpoints / "train_rnn"):
        house.write(folder / ".set-aside" / "20260101T000000Z" / "file")
        house.write(folder / ".set-aside" / "20260101T000000Z" / "file.part")
    assert gc(house, max_bytes=0, older_s=0).freed == () and examine(house.tracker) == []


def test_a_run_that_no_result_names_is_freed_with_its_model_and_keeps_its_row(house: House) -> None:
    tokens = house.stage("tokenize")
    old = house.stage("train_rnn", tokens.uri, model="rnn", kept=False)
    new = house.stage("train_rnn", tokens.uri, model="rnn")
    house.tracker.log_params(old.run_id, {"epochs": 3})
    before, size = bytes_in(house), sum(size_of(house.folder(o)) for o in (old.run_id, old.model_id))
    collection = gc(house)
    (item,) = collection.freed
    assert (item.kind, item.what) == ("run", f"{old.run_id} (train_rnn)")
    assert item.why == "no result names it" and item.bytes == size == collection.freed_bytes
    assert collection.kept_bytes == bytes_in(house) == before - size
    assert not house.folder(old.run_id).exists() and not house.folder(old.model_id).exists()
    assert [version.model_id for version in house.inventory.versions()] == [new.model_id]
    assert not house.inventory.knows_model(old.model_id)
    tags = house.tags(old.run_id)
    assert tags["seqstep.freed"].startswith("20") and not any("input" in tag for tag in tags)
    assert house.client.get_run(old.run_id).data.params == {"epochs": "3"}
    assert house.dangling() == [] and examine(house.tracker) == []
    assert gc(house).freed == ()


def test_what_a_result_was_given_is_kept_without_a_result_of_its_own(house: House) -> None:
    first = house.stage("verify", kept=False)
    replaced = house.stage("tokenize", first.uri, kept=False)
    house.stage("tokenize")
    house.stage("vocab", replaced.uri)  # the same bytes came out, so it is still a hit
    assert gc(house).freed == () and house.dangling() == []


def test_a_failed_run_forgets_its_inputs_only_when_they_go(house: House) -> None:
    tokens, vocab = house.stage("tokenize", age_s=DAY), house.stage("vocab")
    failed = house.stage("train_rnn", tokens.uri, files=(), kept=False, status="FAILED")
    other = house.stage("train_rnn", vocab.uri, files=(), kept=False, status="FAILED")
    assert gc(house).freed == () and "seqstep.input.given0" in house.tags(failed.run_id)
    assert freed(gc(house, older_s=HOUR)) == {tokens.key}
    assert "seqstep.input.given0" not in house.tags(failed.run_id)
    assert "seqstep.input.given0" in house.tags(other.run_id)
    assert house.dangling() == []


def test_folders_of_models_that_were_deleted_are_freed(house: House) -> None:
    made = house.stage("train_rnn", model="rnn", kept=False)
    house.stage("vocab", f"runs:/{made.run_id}/out.txt")
    house.client.delete_model_version("seqstep-rnn", "1")
    house.client.delete_logged_model(made.model_id)
    assert freed(gc(house)) == {made.model_id}
    assert house.folder(made.run_id).exists() and examine(house.tracker) == []


def test_runs_that_are_not_this_homes_are_left_alone(house: House) -> None:
    others = [house.stage("tokenize", kept=False, session=name) for name in ("ffffffff-1", "")]
    assert gc(house, max_bytes=0).freed == ()
    assert all(house.folder(other.run_id).exists() for other in others)


def test_leftovers_are_freed(house: House) -> None:
    kept = house.write(house.home.downloads / "abc" / "corpus.txt")
    memory = house.write(house.home.downloads / "abc" / "corpus.txt.sha1")
    from stagecraft.files.artifact import address

    run_id = house.run("download")
    house.keep("download/1-2", run_id, {"file": address(kept, kept.as_uri(), "text/plain")}, {})
    paths = [
        house.write(house.home.damaged / "20260101-out.txt"),
        house.write(house.home.downloads / "def" / "corpus.txt"),
        house.write(house.home.downloads / "def" / "x.part"),
        house.write(house.home.private / "trash" / "x.part" / "y.part" / "file"),
    ]
    with closing(live.Session(house.home)):
        assert {item.kind for item in gc(house, dry=True).freed} == {"damaged"}
    collection = gc(house)
    assert sorted((item.kind, item.bytes) for item in collection.freed) == [
        ("damaged", 10),
        ("download", 10),
        ("half-written", 10),
        ("half-written", 10),
    ]
    assert collection.freed_bytes == 40 and collection.kept_bytes == 20
    assert not any(path.exists() for path in paths) and not (house.home.downloads / "def").exists()
    assert kept.exists() and memory.exists() and gc(house).freed == ()


def test_a_fetched_text_goes_with_its_last_result(house: House) -> None:
    from stagecraft.files.artifact import address

    path = house.write(house.home.downloads / "a b" / "corpus.txt")
    file = {"file": address(path, path.as_uri(), "text/plain")}
    for stage in ("download", "verify"):
        house.keep(f"{stage}/1-2", house.run(stage), file, {}, age_s=DAY)
    house.keep("other/1-2", house.run("other"), {}, {"found": path.as_uri()})
    assert freed(gc(house, older_s=HOUR)) == {"download/1-2", "verify/1-2"} and path.exists()
    collection = gc(house, max_bytes=0)
    assert {item.kind for item in collection.freed} == {"result", "download"} and not path.exists()
    assert collection.freed_bytes == 10


def test_copies_from_a_server_stay_as_long_as_their_result(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house.stage("tokenize")
    record = house.results.path(made.key)
    place = str(house.folder(made.run_id) / "artifacts" / "out.txt")
    record.write_text(
        record.read_text().replace(place, f"mlflow-artifacts:/1/{made.run_id}/artifacts/out.txt")
    )
    copy = house.write(house.home.downloads / made.run_id / "out.txt")
    monkeypatch.setattr(Tracker, "artifact_folder", lambda _tracker: None)
    assert gc(house).freed == ()
    collection = gc(house, max_bytes=0)
    assert [(item.kind, item.bytes) for item in collection.freed] == [("result", 0), ("download", 10)]
    assert not copy.exists() and "seqstep.freed" not in house.tags(made.run_id)


# What is kept


def test_a_run_in_progress_is_kept_though_it_has_no_result(house: House) -> None:
    with live.session(house.home) as alive:
        tokens = house.stage("tokenize", kept=False)
        names = [
            house.stage("train_rnn", tokens.uri, kept=False, session=alive.name, status=status)
            for status in ("RUNNING", "FINISHED")
        ]
        orphan = house.stage("vocab", kept=False)
        assert freed(gc(house, max_bytes=0)) == {orphan.run_id}
        assert all(house.folder(made.run_id).exists() for made in [tokens, *names])
    assert house.dangling() == []


def test_a_run_that_is_marked_as_running_is_kept(house: House) -> None:
    made = house.stage("tokenize", kept=False, status="RUNNING")
    assert gc(house, max_bytes=0).freed == ()
    house.tracker.finish_run(made.run_id, "KILLED")
    assert freed(gc(house)) == {made.run_id}


def test_a_result_that_a_run_in_progress_counts_on_is_kept(house: House) -> None:
    tokens = house.stage("tokenize", age_s=DAY)
    house.checkpoint("train_rnn/1", tokens.run_id, age_s=DAY)
    idle = house.stage("vocab", age_s=DAY)
    with live.session(house.home) as alive:
        alive.use(tokens.key)
        alive.use("train_rnn/1")
        assert freed(gc(house, max_bytes=0, older_s=HOUR)) == {idle.key}
    assert freed(gc(house, max_bytes=0)) == {tokens.key, "train_rnn/1"}


def test_a_replaced_result_is_kept_while_a_run_may_still_read_it(house: House) -> None:
    old = house.stage("tokenize", kept=False)
    new = house.stage("tokenize")
    with live.session(house.home) as alive:
        alive.use(new.key)
        assert gc(house).freed == ()
    assert freed(gc(house)) == {old.run_id}


@pytest.mark.parametrize("name", ["seqstep-rnn", "mine"])
def test_a_model_with_an_alias_or_a_name_of_the_users_is_kept_with_what_it_was_made_of(
    house: House, name: str
) -> None:
    series = house.stage("series", age_s=DAY)
    chosen = house.stage("train_rnn", series.uri, model="rnn", age_s=DAY)
    other = house.stage("train_rnn", series.uri, model="rnn", age_s=DAY)
    if name == "mine":
        house.client.create_registered_model("mine")
        house.client.create_model_version("mine", f"models:/{chosen.model_id}")
    else:
        house.client.set_registered_model_alias(name, "champion", "1")
    assert freed(gc(house, max_bytes=0, older_s=HOUR)) == {other.key}
    assert house.dangling() == [] and house.folder(series.run_id).exists()
    if name == "seqstep-rnn":
        house.client.delete_registered_model_alias(name, "champion")
        assert freed(gc(house, max_bytes=0)) == {chosen.key, series.key}
        assert house.inventory.versions() == []


@pytest.mark.parametrize("pinned", ["itself", "parent", "cached child", "child of a pinned parent"])
@pytest.mark.thorough
def test_a_pinned_run_keeps_what_it_reaches(house: House, pinned: str) -> None:
    series = house.stage("series")
    made = house.stage("train_mlp", series.uri, model="mlp")
    parent = house.run("pipeline")
    child = house.run("train_mlp", parent=parent, **{"seqstep.cached_from": made.run_id})
    if pinned == "parent":
        house.client.set_tag(made.run_id, "mlflow.parentRunId", parent)
        house.client.set_tag(child, "seqstep.cached_from", "0" * 32)
    target = {"itself": made.run_id, "cached child": child}.get(pinned, parent)
    house.client.set_tag(target, "seqstep.pinned", "true")
    assert gc(house, max_bytes=0).freed == () and house.dangling() == []
    house.client.set_tag(target, "seqstep.pinned", "false")
    assert freed(gc(house, max_bytes=0)) == {made.key, series.key} and house.dangling() == []


# Limits


def test_results_go_by_age_but_not_before_those_that_name_them(house: House) -> None:
    tokens = house.stage("tokenize", age_s=3 * DAY)
    trained = house.stage("train_rnn", tokens.uri, model="rnn", age_s=2 * DAY)
    evaluated = house.stage("evaluate", trained.uri, on=trained.run_id, age_s=HOUR)
    idle = house.stage("series", age_s=2 * DAY)
    old = house.checkpoint("train_rnn/old", trained.run_id, age_s=2 * DAY)
    new = house.checkpoint("train_rnn/new", trained.run_id)
    collection = gc(house, older_s=DAY)
    assert freed(collection) == {idle.key, "train_rnn/old"}
    assert all(item.why.startswith("not used since 20") for item in collection.freed)
    assert not old.exists() and new.exists() and house.dangling() == []
    rest = gc(house, older_s=HOUR / 2)
    assert [item.what for item in rest.freed] == [evaluated.key, trained.key, tokens.key]
    assert house.dangling() == [] and not house.folder(trained.run_id).exists()


def test_a_result_that_was_used_again_is_young(house: House) -> None:
    made = house.stage("tokenize", age_s=2 * DAY)
    house.results.remember(house.results.find(made.key).result)
    assert gc(house, older_s=DAY).freed == ()


def test_those_that_were_not_used_for_longest_go_until_little_enough_is_left(house: House) -> None:
    made = [house.stage(f"stage{n}", age_s=(9 - n) * HOUR) for n in range(4)]
    house.checkpoint("train_rnn/1", made[0].run_id, age_s=7.5 * HOUR)
    size = size_of(house.folder(made[0].run_id))
    total = bytes_in(house)
    assert gc(house, max_bytes=total).freed == ()
    collection = gc(house, max_bytes=total - 2 * size + 1)
    assert [item.what for item in collection.freed] == [made[0].key, made[1].key]
    assert collection.kept_bytes == bytes_in(house) <= total - 2 * size + 1
    assert [item.what for item in gc(house, max_bytes=3 * size).freed] == ["train_rnn/1"]


def test_garbage_goes_before_results(house: House) -> None:
    kept = house.stage("tokenize", age_s=DAY)
    garbage = house.stage("tokenize", kept=False)
    assert freed(gc(house, max_bytes=bytes_in(house) - 1)) == {garbage.run_id}
    assert house.results.find(kept.key).intact


def test_a_dry_run_says_the_same_and_does_nothing(house: House) -> None:
    _furnish(house)
    before = sorted(
        (str(path), path.lstat().st_mtime_ns) for path in house.home.root.rglob("*") if path.is_file()
    )
    told = gc(house, max_bytes=0, dry=True)
    after = sorted(
        (str(path), path.lstat().st_mtime_ns) for path in house.home.root.rglob("*") if path.is_file()
    )
    assert before == after and len(told.freed) > 8
    assert gc(house, max_bytes=0) == told


# While others work


def test_a_result_that_somebody_computes_is_skipped_with_all_that_it_names(house: House) -> None:
    tokens = house.stage("tokenize", age_s=2 * DAY)
    vocab = house.stage("vocab", tokens.uri, age_s=DAY)
    with KeyLocks(house.home.locks).holding(vocab.key):
        assert gc(house, max_bytes=0).freed == ()
    assert house.results.find(vocab.key).intact and house.results.find(tokens.key).intact
    assert freed(gc(house, max_bytes=0)) == {tokens.key, vocab.key}


@contextmanager
def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Any) -> Iterator[None]:
    """Do something between what gc reads and what it does."""
    original = _Collector.free

    def free(self: _Collector, steps: Any) -> Any:
        act()
        return original(self, steps)

    with monkeypatch.context() as patch:
        patch.setattr(_Collector, "free", free)
        yield


@pytest.mark.parametrize("way", ["counted on", "used", "pinned", "named", "alias"])
def test_what_is_needed_from_now_on_is_kept(house: House, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    made = house.stage("train_rnn", model="rnn", age_s=DAY)
    garbage = house.stage("train_mlp", model="mlp", kept=False)
    alive = live.Session(house.home)

    def act() -> None:
        if way == "counted on":
            alive.use(made.key)
            house.stage("report", garbage.uri, session=alive.name, kept=False, status="RUNNING")
        elif way == "named":
            house.stage("report", made.uri, garbage.uri)
        elif way == "alias":
            house.client.set_registered_model_alias("seqstep-rnn", "champion", "1")
            house.client.set_registered_model_alias("seqstep-mlp", "champion", "1")
        elif way == "used":
            house.results.remember(house.results.find(made.key).result)
            house.client.set_tag(garbage.run_id, "seqstep.pinned", "1")
        else:
            house.client.set_tag(made.run_id, "seqstep.pinned", "1")
            house.client.set_tag(garbage.run_id, "seqstep.pinned", "1")

    try:
        with meanwhile(monkeypatch, act):
            assert gc(house, max_bytes=0).freed == ()
    finally:
        alive.close()
    assert house.dangling() == [] and house.results.find(made.key).intact
    assert house.folder(garbage.run_id).exists()


def test_downloads_are_kept_if_a_run_starts_meanwhile(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [house.write(house.home.downloads / "a" / name) for name in ("corpus.txt", "other.txt.part")]
    sessions: list[live.Session] = []
    with meanwhile(monkeypatch, lambda: sessions.append(live.Session(house.home))):
        assert gc(house).freed == ()
    assert all(path.exists() for path in paths)
    sessions[0].close()


def test_what_another_gc_has_freed_is_not_counted_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.stage("tokenize", age_s=DAY)
    with meanwhile(monkeypatch, lambda: house.results.path(house.results.all()[0]).unlink()):
        assert gc(house, max_bytes=0).freed == ()


# Killed anywhere


class Killed(BaseException):
    """The process is gone."""


@contextmanager
def killed_after(monkeypatch: pytest.MonkeyPatch, count: int) -> Iterator[None]:
    """Let so many changes through, and then none."""
    left = [count]

    def limited(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            # Locks are dropped by the kernel, and not by whoever was killed.
            if not any(str(arg).endswith(".lock") for arg in args):
                left[0] -= 1
                if left[0] < 0:
                    raise Killed
            return function(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "unlink", "replace"):
            patch.setattr(os, name, limited(getattr(os, name)))
        for name in ("delete_model_version", "delete_logged_model", "delete_tag", "set_tag"):
            patch.setattr(MlflowClient, name, limited(getattr(MlflowClient, name)))
        yield


def _furnish(house: House) -> None:
    """Leave a bit of everything, all of it old."""
    tokens = house.stage("tokenize", age_s=9 * DAY, files=("ids.npy", "types.json"))
    house.stage("train_rnn", tokens.uri, model="rnn", kept=False)
    house.stage("train_rnn", tokens.uri, files=(), kept=False, status="FAILED")
    replaced = house.stage("train_rnn", tokens.uri, model="rnn", kept=False)
    house.stage("train_rnn", tokens.uri, model="rnn", age_s=8 * DAY)
    evaluated = house.stage("evaluate", replaced.uri, tokens.uri, on=replaced.run_id, age_s=7 * DAY)
    house.stage("report", evaluated.uri, tokens.uri, age_s=6 * DAY)
    house.checkpoint("train_rnn/1", tokens.run_id, age_s=DAY)
    house.write(house.home.damaged / "out.txt")
    house.write(house.home.downloads / "abc" / "corpus.txt")
    house.write(house.home.private / "trash" / "x.part" / "file")


@pytest.mark.parametrize("steps", [pytest.param(steps, marks=pytest.mark.thorough) for steps in (1, 3)])
def test_killed_anywhere_nothing_that_is_left_refers_to_what_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    _furnish(house)
    pinned = house.stage("series")
    house.client.set_tag(pinned.run_id, "seqstep.pinned", "true")
    kills = 0
    while True:
        assert kills < 200
        try:
            with killed_after(monkeypatch, steps):
                gc(house, max_bytes=0)
            break
        except Killed:
            kills += 1
        assert house.dangling() == []
        kinds = {finding.kind for finding in examine(house.tracker)}
        assert kinds <= {"artifacts without a run", "half-written file"}
    assert kills > 30 / steps
    assert house.results.all() == [pinned.key] and house.results.find(pinned.key).intact
    assert gc(house, max_bytes=0).freed == () and examine(house.tracker) == []
    assert bytes_in(house) == size_of(house.folder(pinned.run_id))
    assert [path.name for path in house.home.artifacts.glob("[0-9a-f]*")] == [pinned.run_id]


def test_the_trash_may_lie_on_another_disk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = house.stage("tokenize", kept=False)

    def rename(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "rename", rename)
    assert freed(gc(house)) == {made.run_id} and not house.folder(made.run_id).exists()


def test_nothing_goes_while_a_damaged_record_tells_not_what_it_needs(house: House) -> None:
    made, garbage = house.stage("tokenize"), house.stage("vocab", kept=False)
    house.results.path(made.key).write_bytes(b"{")
    with pytest.raises(ArtifactError, match=f"got a damaged one of {made.key}, .*doctor --fix"):
        gc(house)
    assert house.folder(made.run_id).exists() and house.folder(garbage.run_id).exists()
