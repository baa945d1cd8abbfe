"""One archive with all that a home keeps, also while runs go on, and a home made of one."""

import errno
import hashlib
import io
import json
import sqlite3
import tarfile
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from secrecy import quote
from stagecraft.cache.results import Results
from stagecraft.cache.sessions import living, session
from stagecraft.errors import ArtifactError, StagecraftError, UsageError
from stagecraft.files.artifact import digest
from stagecraft.files.home import Home
from stagecraft.files.identity import database_files, identity_of, is_unused
from stagecraft.files.kept import is_kept
from stagecraft.files.regular import read_regular
from stagecraft.files.removal import remove
from stagecraft.files.whole import PART, inside, write_whole
from stagecraft.upkeep.kept_files import databases, kept_files, not_kept_whole

_MANIFEST, _VERSION = "manifest.json", 1
# What is raised where no file can be, for its name is too long, or a file is its folder.
_NO_PLACE = (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)


def back_up(home: Home, results: Results, file: IO[bytes]) -> tuple[int, int]:
    """Write all that a home keeps into an archive, with the SHA-256 of each file.

    Runs may go on: what a result names is kept from being freed, and records go before what they name, so
    that all of it is there. A run that goes on counts as one that died in what is restored.

    Args:
        file: that the archive is written to.

    Returns:
        the number of files and of their bytes.

    Raises:
        OSError: there is no room for it.
        UsageError: something in the home is no file, or can't be read.
    """
    digests: dict[str, str] = {}
    total = 0
    with session(home) as counting_on, tarfile.open(fileobj=file, mode="w|") as archive:
        for key in results.all():
            counting_on.use(key)
        own = home.live / counting_on.name
        for path in (path for path in kept_files(home) if path != own):
            with suppress(FileNotFoundError):  # it has just gone: no record names it
                name = str(path.relative_to(home.root))
                digests[name], size = _add(archive, path, name, path in databases(home))
                total += size
        known = identity_of(home)
        manifest = {"version": _VERSION, "home": known.id if known else "", "files": digests}
        content = json.dumps(manifest, indent=1).encode()
        archive.addfile(_member(_MANIFEST, len(content)), io.BytesIO(content))
    return len(digests), total


def restore(home: Home, file: IO[bytes]) -> int:
    """Make a home of an archive; return the number of files.

    Raises:
        ArtifactError: the archive is damaged, none of these, or another one than that whose restoring was
            broken off.
        UsageError: the home keeps something already.
    """
    begun = read_regular(home.restoring) if home.restoring.exists() else b""
    if not begun and _keeps_something(home):
        raise UsageError(
            f"expected an empty home, got {home.root}, which keeps something; choose another one"
        )
    part = home.private / f"restored{PART}"
    with session(home):  # else a run that starts would sweep it away
        remove(part)
        try:
            digests = _unpack(file, part, home)
            archive = digest(digests).encode()
            if begun not in (b"", archive):
                raise ArtifactError(
                    f"expected the archive whose restoring was broken off in {home.root}, got another one;"
                    " choose another home for that"
                )
        except BaseException:
            remove(part)
            raise
        write_whole(home.restoring, archive)
        if is_unused(home.database):
            for unused in database_files(home.database):
                unused.unlink(missing_ok=True)
        # The database comes last: a home that has it is whole.
        kept = [name for name in digests if is_kept(home, home.root / name)]
        for name in sorted(kept, key=lambda name: (name == home.database.name, name)):
            target = home.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (part / name).replace(target)
        remove(part)
        home.restoring.unlink()
    return len(kept)


def _keeps_something(home: Home) -> bool:
    """Tell whether a backup would hold anything, but for what commands leave that only looked, or died."""
    alive = living(home)
    left = [home.private / "home.json", *([home.database] if is_unused(home.database) else [])]
    if home.promotions.exists() and not home.promotions.stat().st_size:
        left.append(home.promotions)
    kept = (path for path in kept_files(home) if path not in left)
    return any(path.parent != home.live or path.name in alive for path in kept)


def _add(archive: tarfile.TarFile, path: Path, name: str, is_database: bool) -> tuple[str, int]:
    """Put a file into an archive as it is at one moment; return its SHA-256 and its size."""
    if is_database:
        with TemporaryDirectory(dir=path.parent, suffix=PART) as folder:
            return _add_file(archive, _copy_of_database(path, Path(folder)), name)
    return _add_file(archive, path, name)


def _add_file(archive: tarfile.TarFile, path: Path, name: str) -> tuple[str, int]:
    try:
        opened = path.open("rb")
    except PermissionError as error:
        raise not_kept_whole(path, f"which can't be read: {error.strerror}") from None
    with opened:
        size = path.stat().st_size
        read = _Digesting(opened, size)
        archive.addfile(_member(name, size), read)
    return read.sha256.hexdigest(), size


def _copy_of_database(path: Path, folder: Path) -> Path:
    copy = folder / path.name
    try:
        with closing(sqlite3.connect(path, timeout=60)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.OperationalError as error:
        raise StagecraftError(
            f"expected to copy the database {path}, got: {error}; see that its disk has room and that no"
            " other program holds it"
        ) from None
    except sqlite3.DatabaseError:  # a broken one, of histories, stays as it is
        return path
    return copy


class _Digesting(io.RawIOBase):
    """Reads a file, as long as it was, and digests what it reads; what it lost meanwhile is zeros."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file, self.left, self.sha256 = file, size, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        content = self.file.read(wanted).ljust(wanted, b"\0")
        self.left -= wanted
        self.sha256.update(content)
        return content


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _unpack(file: IO[bytes], folder: Path, home: Home) -> dict[str, str]:
    """Unpack an archive into a folder; return the SHA-256 of its files by their names.

    Raises:
        ArtifactError: it is damaged, or holds what no backup of a home does.
    """
    found: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(fileobj=file, mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is None:
                    raise ArtifactError(f"expected files in the archive, got {member.name}, which is none")
                if member.name == _MANIFEST:
                    manifest = json.loads(content.read())
                elif _is_known(home, inside(home.root, member.name)):
                    found[member.name] = _write(content, folder / member.name)
                else:
                    raise ArtifactError(
                        f"expected what a home keeps in the archive, got {quote(member.name)}; nothing of it"
                        " was restored"
                    )
    except (tarfile.TarError, ValueError, EOFError, RecursionError) as error:
        raise ArtifactError(f"expected the archive of a home, got a damaged one, or none: {error}") from None
    known = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(known, dict) or manifest.get("version") != _VERSION:
        raise ArtifactError("expected the archive of a home, got one without its manifest")
    if not known:
        raise ArtifactError("expected the archive of a home, got one of a home that kept nothing")
    wrong = sorted(name for name in {*known, *found} if known.get(name) != found.get(name))
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise ArtifactError(f"expected each file as the manifest has it, got another {wrong[0]}{more}")
    return found


def _is_known(home: Home, path: Path) -> bool:
    """Tell whether an archive may hold this: those of a version before have Prefect's settings too."""
    return is_kept(home, path) or home.histories.parent in path.parents


def _write(content: IO[bytes], path: Path) -> str:
    """Write a file; return its SHA-256.

    Raises:
        ArtifactError: it can't be called so, or another file is where its folder should be.
    """
    sha256 = hashlib.sha256()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            while block := content.read(1 << 20):
                sha256.update(block)
                file.write(block)
    except OSError as error:
        if error.errno not in _NO_PLACE:
            raise
        raise ArtifactError(
            f"expected names of files in the archive, got {quote(path.name)}: {error.strerror}"
        ) from None
    return sha256.hexdigest()
