"""A backup holds all that a home keeps, and a home that is made of it goes on as the first one."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstep_cli import NAMES
from stagecraft.cache.sessions import dead, living, session
from stagecraft.errors import ArtifactError, DatabaseError, UsageError
from stagecraft.files.home import Home
from stagecraft.files.identity import identity_of, name_home
from stagecraft.files.removal import remove as really_remove
from stagecraft.mlflow import Tracker
from stagecraft.runs.pipeline_run import close_dead_runs
from stagecraft.upkeep import back_up, backup, examine, restore

House = Any  # see conftest.py


@pytest.fixture
def target(tmp_path: Path) -> Home:
    home = Home(tmp_path / "elsewhere", NAMES)
    home.private.mkdir(parents=True)
    return home


def made(house: House) -> bytes:
    file = io.BytesIO()
    back_up(house.home, house.results, file)
    return file.getvalue()


def contents(home: Home) -> dict[str, bytes]:
    files = [path for path in home.root.rglob("*") if path.is_file() and path.suffix not in (".lock", ".db")]
    return {str(path.relative_to(home.root)): path.read_bytes() for path in files}


def test_a_home_made_of_a_backup_is_the_same_elsewhere(house: House, target: Home) -> None:
    tokens = house.stage("tokenize")
    trained = house.stage("train_rnn", tokens.uri, model="rnn")
    house.checkpoint("train_rnn/1", trained.run_id)
    archive = made(house)
    before = contents(house.home)
    assert restore(target, io.BytesIO(archive)) == len(before) + 1
    assert contents(target) == before
    other = type(house)(target)
    assert examine(other.tracker) == [] and all(other.results.find(key).intact for key in other.results.all())
    assert other.client.get_run(trained.run_id).info.artifact_uri.startswith(target.root.as_uri())
    first, second = identity_of(house.home), identity_of(target)
    assert first and second and first.id == second.id and second.roots[-1] == str(target.root)


def test_a_run_that_goes_on_is_one_that_died_in_what_is_restored(house: House, target: Home) -> None:
    with session(house.home) as one:
        run_id = house.run("train_rnn", "RUNNING", session=one.name)
        archive = made(house)
        assert living(house.home) == {one.name}
    restore(target, io.BytesIO(archive))
    assert dead(target) == {one.name}
    tracker = Tracker(target, target.store)
    assert close_dead_runs(tracker) == [run_id] and examine(tracker) == []


def test_what_lies_behind_links_is_archived_as_files(house: House, target: Home, tmp_path: Path) -> None:
    trained = house.stage("train_rnn", model="rnn", files=("out.txt", "more.txt"))
    house.checkpoint("train_rnn/1", trained.run_id)
    before = contents(house.home)
    away = tmp_path / "another disk"
    away.mkdir()
    file = house.folder(trained.run_id) / "artifacts" / "more.txt"
    for path in (file, house.home.checkpoints, house.home.artifacts, house.home.database):
        path.rename(away / path.name)
        path.symlink_to(away / path.name)
    assert restore(target, io.BytesIO(made(house))) == len(before) + 1
    assert contents(target) == before and not target.artifacts.is_symlink()
    assert examine(Tracker(target, target.store)) == []


def test_artifacts_are_archived_whatever_they_are_called_and_hold(house: House, target: Home) -> None:
    names = ("a.lock", "b.part", "c.db", "c.db-wal", "d-journal", "e-shm")
    result = house.stage("tokenize", files=names)
    path = house.folder(result.run_id) / "artifacts" / "c.db"
    path.write_bytes(b"SQLite format 3\0, cut off")
    restore(target, io.BytesIO(made(house)))
    files = {each.name: each.read_bytes() for each in target.artifacts.rglob("*") if each.is_file()}
    assert files.keys() == {*names} and files["c.db"] == path.read_bytes()


def nowhere(path: Path) -> None:
    path.symlink_to("gone")


def in_a_circle(path: Path) -> None:
    path.symlink_to(path.parent)


@pytest.mark.parametrize("make", [nowhere, in_a_circle, os.mkfifo])
@pytest.mark.parametrize("where", ["mlartifacts/odd", ".seqstep/results/odd", ".seqstep/odd"])
def test_what_can_not_be_archived_is_refused_by_name(
    house: House, make: Callable[[Path], None], where: str
) -> None:
    house.stage("tokenize")
    make(house.home.root / where)
    with pytest.raises(UsageError, match=f"got {house.home.root / where}, .*: mend or remove it first"):
        made(house)


def test_a_prefect_database_that_is_broken_is_archived_as_it_is(house: House, target: Home) -> None:
    broken = house.write(house.home.private / "prefect" / "prefect.db", "no database" * 1000)
    restore(target, io.BytesIO(made(house)))
    assert (target.private / "prefect" / "prefect.db").read_text() == broken.read_text()


def test_prefects_settings_are_neither_archived_nor_restored(house: House, target: Home) -> None:
    house.stage("tokenize")
    settings = house.home.histories.with_name("profiles.toml")
    house.write(settings, "active = 'elsewhere'")
    house.home.histories.write_bytes(b"histories, broken")
    archive = made(house)
    assert b"elsewhere" not in archive
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        files = {each.name: opened.extractfile(each).read() for each in opened}  # type: ignore[union-attr]
    files[name := str(settings.relative_to(house.home.root))] = settings.read_bytes()
    manifest = json.loads(files.pop("manifest.json"))
    manifest["files"][name] = hashlib.sha256(settings.read_bytes()).hexdigest()
    of_the_version_before = io.BytesIO()
    with tarfile.open(fileobj=of_the_version_before, mode="w") as written:
        for name, content in {**files, "manifest.json": json.dumps(manifest).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            written.addfile(member, io.BytesIO(content))
    of_the_version_before.seek(0)
    assert restore(target, of_the_version_before) == len(files) - 1
    assert target.histories.read_bytes() == b"histories, broken"
    assert [path.name for path in target.histories.parent.iterdir()] == ["prefect.db"]


def test_a_home_that_was_only_looked_at_is_restored(house: House, target: Home, empty_database: Path) -> None:
    made_by = house.stage("tokenize")
    archive = made(house)
    target.database.write_bytes(empty_database.read_bytes())
    target.database.with_name("mlflow.db-wal").write_bytes(b"")
    name_home(target, target.database)
    target.promotions.touch()
    restore(target, io.BytesIO(archive))
    other = type(house)(target)
    assert other.client.get_run(made_by.run_id) and examine(other.tracker) == []


def test_what_a_record_names_is_kept_while_it_is_archived(house: House, monkeypatch: Any) -> None:
    from stagecraft.cache.sessions import keys_in_use

    result = house.stage("tokenize")
    seen = []
    really = backup._add

    def add(*args: Any) -> Any:
        seen.append(result.key in keys_in_use(house.home))
        return really(*args)

    monkeypatch.setattr(backup, "_add", add)
    made(house)
    assert seen and all(seen) and keys_in_use(house.home) == set()


def test_a_home_that_keeps_something_is_not_written_over(house: House) -> None:
    house.stage("tokenize")
    archive, before = made(house), contents(house.home)
    with pytest.raises(UsageError, match=f"expected an empty home, got {house.home.root}"):
        restore(house.home, io.BytesIO(archive))
    assert contents(house.home) == before


def test_a_restore_that_was_killed_can_be_made_again(house: House, target: Home, monkeypatch: Any) -> None:
    house.stage("tokenize")
    house.stage("vocab")
    archive, count = made(house), 0
    really = Path.replace

    def replace(path: Path, to: Path) -> Path:
        nonlocal count
        if "restored.part" in str(path):
            count += 1
            if count == 3:
                raise KeyboardInterrupt
        return really(path, to)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        restore(target, io.BytesIO(archive))
    assert not target.database.exists()
    restore(target, io.BytesIO(archive))
    assert contents(target) == contents(house.home) and not (target.private / "restoring").exists()


def test_until_it_is_made_again_nothing_else_goes_on(house: House, target: Home, monkeypatch: Any) -> None:
    house.stage("tokenize")
    archive = made(house)
    house.stage("vocab")
    other = made(house)
    with monkeypatch.context() as patch:
        patch.setattr(backup, "remove", broken_off(2))
        with pytest.raises(KeyboardInterrupt):
            restore(target, io.BytesIO(archive))
    with pytest.raises(
        DatabaseError, match="`seqstep restore` was broken off; restore the same archive again"
    ):
        Tracker(target, target.store)
    before = contents(target)
    with pytest.raises(ArtifactError, match="expected the archive whose restoring was broken off"):
        restore(target, io.BytesIO(other))
    assert contents(target) == before
    restore(target, io.BytesIO(archive))
    assert examine(Tracker(target, target.store)) == []


def broken_off(at: int) -> Callable[[Path], None]:
    """Remove what is there, but be interrupted at one of the calls."""
    count = 0

    def remove(path: Path) -> None:
        nonlocal count
        count += 1
        if count == at:
            raise KeyboardInterrupt
        really_remove(path)

    return remove


@pytest.mark.parametrize(
    "name",
    ["mlartifacts/a", ".seqstep/promotions.jsonl", ".seqstep/latest/a.json", ".seqstep/checkpoints/a/b/c"],
)
def test_a_home_that_keeps_anything_is_not_written_over(house: House, target: Home, name: str) -> None:
    house.stage("tokenize")
    house.write(target.root / name)
    before = contents(target)
    with pytest.raises(UsageError, match="expected an empty home"):
        restore(target, io.BytesIO(made(house)))
    assert contents(target) == before


def test_a_home_in_which_a_run_goes_on_is_not_written_over(house: House, target: Home) -> None:
    house.stage("tokenize")
    archive = made(house)
    with session(target), pytest.raises(UsageError, match="expected an empty home"):
        restore(target, io.BytesIO(archive))
    house.write(target.live / "a-b-c", "of one that died")
    restore(target, io.BytesIO(archive))


def archive_of(files: dict[str, bytes]) -> bytes:
    """Make an archive by hand."""
    made = io.BytesIO()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = {"version": 1, "home": "", "files": digests}
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in {**files, "manifest.json": json.dumps(manifest).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


@pytest.mark.parametrize(
    "names",
    [
        *(["pyproject.toml"], ["src/evil.py"], [".git/hooks/pre-commit"], ["mlflow.db/x"], ["mlflow.db-wal"]),
        *([".seqstep/prefect-token"], [".seqstep/servers.json"], [".seqstep/starting.lock"], [".seqstep"]),
        *([".seqstep/locks/a"], [".seqstep/restoring"], [".seqstep/SERVERS.json"], [".seqstep/x.part"]),
        *(["."], [""], ["mlartifacts/"], [f"mlartifacts/{'x' * 300}"], [f"mlartifacts/{'x/' * 3000}x"]),
        *(["mlartifacts/a", "mlartifacts/a/b"], ["mlartifacts/a/b", "mlartifacts/a"], ["mlartifacts"], []),
    ],
)
def test_what_no_backup_holds_is_not_restored(target: Home, names: list[str]) -> None:
    before = sorted(target.root.rglob("*"))
    archive = archive_of(
        {**dict.fromkeys(names, b"content"), **({".seqstep/home.json": b""} if names else {})}
    )
    with pytest.raises(ArtifactError):
        restore(target, io.BytesIO(archive))
    left = [path for path in target.root.rglob("*") if path.suffix != ".lock" and path != target.live]
    assert sorted(left) == before


def changed(archive: bytes, how: str) -> bytes:
    """Write an archive again, with something that is not as it was."""
    made = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as source,
        tarfile.open(fileobj=made, mode="w") as target,
    ):
        members = source.getmembers()
        for member in members:
            opened = source.extractfile(member)
            assert opened
            content = opened.read()
            if member.name == "manifest.json" and how == "another version":
                content = json.dumps({**json.loads(content), "version": 99}).encode()
            if member == members[0] and how == "a flipped bit":
                content = bytes([content[0] ^ 1]) + content[1:]
            if member == members[0] and how == "a way out":
                member.name = "../../outside"
            if member == members[0] and how == "a link":
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            if not (member == members[0] and how == "a file less"):
                member.size = len(content)
                target.addfile(member, io.BytesIO(content))
    return made.getvalue()


@pytest.mark.parametrize(
    "how",
    ["a flipped bit", "another version", "a way out", "a link", "a file less", "cut", "garbage", "nothing"],
)
def test_a_damaged_archive_is_refused_and_nothing_is_written(house: House, target: Home, how: str) -> None:
    house.stage("tokenize")
    archive = made(house)
    short = {"cut": archive[: len(archive) // 2], "garbage": b"garbage" * 999, "nothing": b""}
    content = short[how] if how in short else changed(archive, how)
    with pytest.raises(ArtifactError, match="expected"):
        restore(target, io.BytesIO(content))
    assert not target.database.exists() and not target.results.exists() and not target.artifacts.exists()
    restore(target, io.BytesIO(archive))
