"""Artifacts held against their addresses: what is missing, changed or cut short, and what is remembered."""

import errno
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seqstep_cli import NAMES
from stagecraft.cache import checks as module
from stagecraft.cache.checks import Checks, Digests
from stagecraft.cache.result import Kept
from stagecraft.errors import ArtifactError, TrackingError
from stagecraft.files.artifact import sha256_of
from stagecraft.files.home import Home
from stagecraft.files.sealed import unseal
from tests.flips import flips

CONTENT = b"what was written"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home", NAMES)
    home.private.mkdir(parents=True)
    return home


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder that stands for a server."""
    folder = tmp_path / "server"
    folder.mkdir()
    return folder


@pytest.fixture
def checks(home: Home, server: Path) -> Checks:
    def fetch(artifact: Kept) -> Path:
        """Fetch once, as the tracker does."""
        target = home.downloads / artifact.name
        if not target.exists():
            if not (server / artifact.name).exists():
                raise ArtifactError("it is gone there")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((server / artifact.name).read_bytes())
        return target

    return Checks(home, fetch)


def kept(path: Path, place: str = "") -> Kept:
    """Write a file, and describe it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    return Kept(
        uri=f"runs:/1/{path.name}",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        bytes=len(CONTENT),
        kind="text/plain",
        place=place or str(path),
    )


def remove(path: Path) -> None:
    path.unlink()


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def cut_short(path: Path) -> None:
    path.write_bytes(CONTENT[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def grow(path: Path) -> None:
    path.write_bytes(CONTENT + b"\n")


def flip_a_bit(path: Path) -> None:
    path.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])


DAMAGES = [(remove, "missing"), (make_folder, "missing")]
CHANGES = [(damage, "changed") for damage in (cut_short, empty, grow, flip_a_bit)]


def test_an_artifact_that_is_what_its_address_says_has_no_flaw(checks: Checks, home: Home) -> None:
    assert checks.flaws([]) == []
    assert checks.flaws([kept(home.artifacts / "one"), kept(home.artifacts / "two")]) == []


@pytest.mark.parametrize(("damage", "flaw"), [*DAMAGES, *CHANGES])
def test_one_that_is_not_is_named_with_what_is_wrong(
    checks: Checks, home: Home, damage: Callable[[Path], None], flaw: str
) -> None:
    one, two = kept(home.artifacts / "one"), kept(home.artifacts / "two")
    damage(home.artifacts / "two")
    assert checks.flaws([one, two]) == [f"artifact {flaw}: runs:/1/two"]
    (home.artifacts / "one").unlink()
    assert checks.flaws([one, two]) == ["artifact missing: runs:/1/one", f"artifact {flaw}: runs:/1/two"]


def test_one_that_can_not_be_read_is_unreadable(
    checks: Checks, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    artifact = kept(home.artifacts / "one")
    monkeypatch.setattr(module, "sha256_of", refuse)
    assert checks.flaws([artifact]) == ["artifact unreadable: runs:/1/one"]
    checks.set_aside([artifact])
    assert (home.artifacts / "one").is_file()


@pytest.mark.parametrize(("damage", "flaw"), CHANGES)
def test_what_changed_is_set_aside(
    checks: Checks, home: Home, damage: Callable[[Path], None], flaw: str
) -> None:
    intact, changed = kept(home.artifacts / "one"), kept(home.artifacts / "deep" / "two")
    damage(home.artifacts / "deep" / "two")
    found = (home.artifacts / "deep" / "two").read_bytes()
    checks.set_aside([intact, changed])
    assert not (home.artifacts / "deep" / "two").exists() and (home.artifacts / "one").exists()
    (aside,) = home.damaged.iterdir()
    assert aside.read_bytes() == found and aside.name.endswith("-two")
    assert checks.flaws([intact, changed]) == ["artifact missing: runs:/1/two"]
    checks.set_aside([intact, changed])
    assert len(list(home.damaged.iterdir())) == 1


def test_two_that_are_called_the_same_are_both_set_aside(checks: Checks, home: Home) -> None:
    artifacts = [kept(home.artifacts / folder / "same") for folder in "ab"]
    for folder in "ab":
        flip_a_bit(home.artifacts / folder / "same")
    checks.set_aside(artifacts)
    assert len(list(home.damaged.iterdir())) == 2


def test_what_is_missing_or_intact_is_not_set_aside(checks: Checks, home: Home) -> None:
    artifacts = [kept(home.artifacts / name) for name in "ab"]
    (home.artifacts / "b").unlink()
    checks.set_aside(artifacts)
    assert (home.artifacts / "a").exists() and not home.damaged.exists()


@pytest.mark.parametrize("place", ["beside", "home-of-another", "home/../beside", "home", "home/mine"])
def test_nothing_that_no_run_has_made_is_moved(
    checks: Checks, home: Home, tmp_path: Path, place: str
) -> None:
    artifact = kept(tmp_path / place / "mine")
    flip_a_bit(tmp_path / place / "mine")
    checks.set_aside([artifact])
    assert checks.flaws([artifact]) == ["artifact changed: runs:/1/mine"]
    assert (tmp_path / place / "mine").is_file() and not home.damaged.exists()


def test_what_lies_on_another_disk_is_set_aside_too(
    checks: Checks, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    artifact = kept(home.artifacts / "one")
    grow(home.artifacts / "one")
    monkeypatch.setattr(os, "rename", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    checks.set_aside([artifact])
    assert [path.read_bytes() for path in home.damaged.iterdir()] == [CONTENT + b"\n"]
    assert not (home.artifacts / "one").exists()


def test_an_artifact_on_a_server_is_fetched_and_held_against_its_address(
    checks: Checks, home: Home, server: Path
) -> None:
    artifact = kept(server / "far", "https://server/artifacts/far")
    assert checks.flaws([artifact]) == []
    assert (home.downloads / "far").is_file()
    (server / "far").unlink()
    assert checks.flaws([artifact]) == []  # it was fetched before
    (home.downloads / "far").unlink()
    assert checks.flaws([artifact]) == ["artifact missing: runs:/1/far"]


def test_what_a_server_does_not_hand_out_is_not_missing(home: Home, server: Path) -> None:
    def fail(_artifact: Kept) -> Path:
        raise TrackingError("the server is down")

    artifact = kept(server / "far", "https://server/artifacts/far")
    assert Checks(home, fail).flaws([artifact]) == ["artifact unreadable: runs:/1/far"]


@pytest.mark.parametrize("damage", [flip_a_bit, cut_short, remove])
def test_a_damaged_copy_of_what_is_on_a_server_is_fetched_again(
    checks: Checks, home: Home, server: Path, damage: Callable[[Path], None]
) -> None:
    artifact = kept(server / "far", "https://server/artifacts/far")
    assert checks.flaws([artifact]) == []
    damage(home.downloads / "far")
    assert checks.flaws([artifact]) == []
    assert (home.downloads / "far").read_bytes() == CONTENT


def test_what_changed_on_the_server_itself_is_changed(checks: Checks, home: Home, server: Path) -> None:
    artifact = kept(server / "far", "https://server/artifacts/far")
    flip_a_bit(server / "far")
    assert checks.flaws([artifact]) == ["artifact changed: runs:/1/far"]
    checks.set_aside([artifact])
    assert (server / "far").is_file() and not home.damaged.exists()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files whose content was read, where 16 bytes are big."""
    seen: list[Path] = []

    def read(path: Path) -> str:
        seen.append(path)
        return sha256_of(path)

    monkeypatch.setattr(module, "_BIG", 16)
    monkeypatch.setattr(module, "sha256_of", read)
    return seen


def test_a_big_files_digest_is_remembered_and_a_small_ones_is_not(
    home: Home, tmp_path: Path, read: list[Path]
) -> None:
    big, small = tmp_path / "big", tmp_path / "small"
    big.write_bytes(bytes(16))
    small.write_bytes(bytes(15))
    for digests in (Digests(home), Digests(home)):
        for path in (big, small, big):
            assert digests.of(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read == [big, small, small]


def edit_in_place(path: Path) -> None:
    status = path.stat()
    while path.stat().st_ctime_ns == status.st_ctime_ns:  # a file system may tell time in ticks
        with path.open("r+b") as file:
            file.write(b"X")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_rename(path: Path) -> None:
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"Y" * status.st_size)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize("change", [edit_in_place, replace_by_rename, append])
def test_a_big_files_change_is_noticed_even_if_it_looks_as_old(
    home: Home, tmp_path: Path, read: list[Path], change: Callable[[Path], None]
) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(100))
    before = Digests(home).of(path)
    change(path)
    after = Digests(home).of(path)
    assert after == hashlib.sha256(path.read_bytes()).hexdigest() != before
    assert Digests(home).of(path) == after and len(read) == 2


@pytest.mark.parametrize("memory", [b"", b"{", b"[]", b"\xff", b'{"state": 1}', b"null", b'{"sha256": "a"}'])
def test_a_memory_that_is_damaged_is_none(
    home: Home, tmp_path: Path, read: list[Path], memory: bytes
) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(100))
    right = Digests(home).of(path)
    (file,) = home.digests.iterdir()
    file.write_bytes(memory)
    assert Digests(home).of(path) == right
    assert json.loads(file.read_bytes())["sha256"] == right and len(read) == 2


def test_no_bit_of_a_memory_flips_into_another_digest(home: Home, tmp_path: Path, read: list[Path]) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(100))
    right = Digests(home).of(path)
    (file,) = home.digests.iterdir()
    whole = file.read_bytes()
    others = [*flips(whole, 9), unseal(whole)]  # the last one as the version before wrote it
    for other in others:
        file.write_bytes(other)
        assert Digests(home).of(path) == right and file.read_bytes() == whole
    assert len(read) == 1 + len(others)


def test_a_big_artifact_that_changed_is_flawed(checks: Checks, home: Home, read: list[Path]) -> None:
    artifact = kept(home.artifacts / "one")
    assert artifact.bytes == 16
    assert checks.flaws([artifact]) == checks.flaws([artifact]) == []
    assert len(read) == 1
    edit_in_place(home.artifacts / "one")
    assert checks.flaws([artifact]) == ["artifact changed: runs:/1/one"]
