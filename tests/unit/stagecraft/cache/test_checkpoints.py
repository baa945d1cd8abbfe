"""Checkpoints of a training: whole or not there, checked, and few."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stagecraft.cache.checkpoints import Checkpoints
from stagecraft.files.artifact import sha256_of
from stagecraft.files.sealed import unseal
from tests.flips import flips


def state(text: str) -> Callable[[Path], None]:
    """Make a writer of a state of two files."""

    def write(folder: Path) -> None:
        assert list(folder.iterdir()) == []
        (folder / "weights").write_text(text)
        (folder / "history.json").write_text(json.dumps(text))

    return write


@pytest.fixture
def kept(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "training" / "key", "run 1")


def epochs(checkpoints: Checkpoints) -> list[int]:
    return [checkpoint.epoch for checkpoint in checkpoints.all()]


def reached(checkpoints: Checkpoints, limit: int) -> int | None:
    found = checkpoints.furthest(limit)
    return found and found.epoch


def test_a_checkpoint_is_the_files_that_its_writer_made_and_the_run_that_did(kept: Checkpoints) -> None:
    kept.save(7, state("seven"))
    found = kept.furthest(7)
    assert found and (found.epoch, found.run_id, found.is_intact()) == (7, "run 1", True)
    assert (found.folder / "weights").read_text() == "seven"
    manifest = json.loads((found.folder / "manifest.json").read_text())
    digests = {name: sha256_of(found.folder / name) for name in ("history.json", "weights")}
    assert manifest.items() > {"run_id": "run 1", "files": digests}.items()


def test_another_process_finds_them(kept: Checkpoints) -> None:
    kept.save(7, state("seven"))
    again = Checkpoints(kept.folder, "run 2").furthest(100)
    assert again and (again.epoch, again.run_id) == (7, "run 1")


@pytest.mark.parametrize(("limit", "furthest"), [(0, None), (4, None), (5, 5), (9, 5), (10, 10), (2000, 10)])
def test_the_furthest_is_found_but_not_beyond_a_number_of_epochs(
    kept: Checkpoints, limit: int, furthest: int | None
) -> None:
    for epoch in (5, 10):
        kept.save(epoch, state(str(epoch)))
    assert reached(kept, limit) == furthest


def test_only_two_are_kept(kept: Checkpoints) -> None:
    seen = []
    for epoch in (1, 2, 9, 10, 100):
        kept.save(epoch, state(str(epoch)))
        seen.append(epochs(kept))
    assert seen == [[1], [1, 2], [2, 9], [9, 10], [10, 100]]
    assert kept.folder and len(list(kept.folder.iterdir())) == 2


def cut_short(folder: Path) -> None:
    (folder / "weights").write_bytes((folder / "weights").read_bytes()[:-1])


def lost_a_file(folder: Path) -> None:
    (folder / "history.json").unlink()


def changed_in_place(folder: Path) -> None:
    (folder / "weights").write_text("TEN")


def lost_its_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def garbled(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"\xff{")


def listing_nothing(folder: Path) -> None:
    (folder / "manifest.json").write_text("[]")


def listing_a_list(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"run_id": "x", "files": [1]}')


def listing_half_a_character(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"run_id": "x", "files": {"\\ud800": "x"}}')


def nested_too_deeply(folder: Path) -> None:
    (folder / "manifest.json").write_text("[" * 100_000)


def listing_no_files(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"run_id": "x", "files": {}}')


def with_a_pipe_for_a_file(folder: Path) -> None:
    (folder / "weights").unlink()
    os.mkfifo(folder / "weights")


def with_a_pipe_for_its_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")


DAMAGES = [
    cut_short,
    lost_a_file,
    changed_in_place,
    lost_its_manifest,
    garbled,
    listing_nothing,
    listing_no_files,
    listing_a_list,
    listing_half_a_character,
    nested_too_deeply,
    with_a_pipe_for_a_file,
    with_a_pipe_for_its_manifest,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_passed_over(kept: Checkpoints, damage: Callable[[Path], None]) -> None:
    kept.save(5, state("five"))
    kept.save(10, state("ten"))
    damage(next(checkpoint.folder for checkpoint in kept.all() if checkpoint.epoch == 10))
    assert reached(kept, 100) == 5
    damage(next(checkpoint.folder for checkpoint in kept.all() if checkpoint.epoch == 5))
    passed_over: list[int] = []
    assert kept.furthest(100, passed_over.append) is None and passed_over == [10, 5]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_gives_way_when_its_epoch_is_reached_again(
    kept: Checkpoints, damage: Callable[[Path], None]
) -> None:
    kept.save(5, state("five"))
    kept.save(10, state("ten"))
    damage(next(checkpoint.folder for checkpoint in kept.all() if checkpoint.epoch == 10))
    kept.save(10, state("ten"))
    assert reached(kept, 100) == 10


def test_a_shorter_training_keeps_its_own_beside_those_of_a_longer_one(kept: Checkpoints) -> None:
    for epoch in (90, 100):
        kept.save(epoch, state(str(epoch)))
    shorter = Checkpoints(kept.folder, "run 2")
    assert reached(shorter, 50) is None
    for epoch in (10, 20, 30):
        shorter.save(epoch, state(str(epoch)))
        assert reached(shorter, 50) == epoch


def test_no_bit_of_what_describes_one_flips_unseen(kept: Checkpoints) -> None:
    kept.save(5, state("five"))
    (found,) = kept.all()
    manifest = found.folder / "manifest.json"
    for damaged in flips(manifest.read_bytes(), 9):
        manifest.write_bytes(damaged)
        assert not found.is_intact() and reached(kept, 100) is None


def test_one_of_the_version_before_is_resumed(kept: Checkpoints) -> None:
    kept.save(5, state("five"))
    (found,) = kept.all()
    manifest = found.folder / "manifest.json"
    manifest.write_bytes(unseal(manifest.read_bytes()))
    assert reached(kept, 100) == 5 and found.run_id == "run 1"


def test_an_intact_one_is_not_written_again(kept: Checkpoints) -> None:
    kept.save(5, state("five"))
    Checkpoints(kept.folder, "run 2").save(5, state("five"))
    found = kept.furthest(5)
    assert found and found.run_id == "run 1" and epochs(kept) == [5]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    kept: Checkpoints, error: type[BaseException]
) -> None:
    def fail(folder: Path) -> None:
        state("ten")(folder)
        raise error

    assert kept.folder
    for before in ([], [4, 5]):
        for epoch in before:
            kept.save(epoch, state("before"))
        with pytest.raises(error):
            kept.save(10, fail)
        assert epochs(kept) == before
        assert sorted(path.name for path in kept.folder.iterdir()) == [f"{epoch:08}" for epoch in before]


def test_what_is_half_written_is_no_checkpoint(kept: Checkpoints) -> None:
    kept.save(5, state("five"))
    assert kept.folder
    (kept.folder / "00000009.part").mkdir()
    (kept.folder / "notes").mkdir()
    assert epochs(kept) == [5]


def test_anew_starts_from_none_and_leaves_what_others_write(kept: Checkpoints) -> None:
    kept.save(5, state("five"))

    def write(folder: Path) -> None:
        (folder / "weights").write_text("6")
        assert Checkpoints(kept.folder, "run 2", anew=True).furthest(100) is None
        (folder / "history.json").write_text("6")

    kept.save(6, write)
    assert epochs(kept) == [5, 6]
    anew = Checkpoints(kept.folder, "run 2", anew=True)
    assert anew.furthest(100) is None
    anew.save(7, state("seven"))
    assert epochs(kept) == [6, 7] and reached(kept, 100) == 7


def test_a_state_that_did_not_come_from_what_the_training_is_known_by_is_not_kept(kept: Checkpoints) -> None:
    sound = [True, False]
    doubtful = Checkpoints(kept.folder, "run 2", is_sound=lambda: sound.pop(0))
    doubtful.save(5, state("five"))
    doubtful.save(6, state("six"))
    assert epochs(kept) == [5]


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    none = Checkpoints(None, "run", anew=True)
    none.save(5, state("five"))
    assert none.furthest(100) is None and list(tmp_path.iterdir()) == []
