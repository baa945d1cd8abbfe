"""What a repair moves out of the way: by rename, on the disk where it lies, so that it can be put back."""

import json
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from secrecy import quote
from stagecraft.errors import ArtifactError
from stagecraft.files.home import Home
from stagecraft.files.identity import database_files, here
from stagecraft.files.kept import is_kept
from stagecraft.files.regular import read_regular
from stagecraft.files.removal import discard, remove_empty, size_of
from stagecraft.files.sealed import fields, is_sealed, seal
from stagecraft.files.whole import ASIDE

_FORM = "%Y%m%dT%H%M%SZ"


class Moved(NamedTuple):
    """A file or folder that was moved, or a version of a model that is not to be used.

    Attributes:
        place: where it was.
        to: where it is.
        version: of a registered model, as `name/number`; empty for files.
    """

    place: str = ""
    to: str = ""
    version: str = ""


class SetAside:
    """What one repair moved.

    Args:
        name: when it began; empty: now.
    """

    def __init__(self, home: Home, name: str = "") -> None:
        self.home, self.name = home, name or datetime.now(UTC).strftime(_FORM)
        self._list = home.aside / f"{self.name}.jsonl"

    @property
    def bytes(self) -> int:
        """How much waits."""
        return sum(map(size_of, self._folders()))

    @property
    def age_s(self) -> float:
        """How long ago it began, in seconds."""
        return time.time() - _time_of(self.name)

    @property
    def flaws(self) -> list[str]:
        """What of the list is damaged, so that nothing tells where it belongs."""
        return self._read()[1]

    def moved(self) -> list[Moved]:
        """List what was moved."""
        return self._read()[0]

    def take(self, path: Path) -> None:
        """Move a file or folder out of the way."""
        if not os.path.lexists(path):
            return
        to = self._room_for(path)
        to.parent.mkdir(parents=True, exist_ok=True)
        self.note(Moved(str(path), str(to)))  # before: else nothing would know of it after a kill
        with suppress(FileNotFoundError):
            path.rename(to)

    def note(self, moved: Moved) -> None:
        """Note something in the list."""
        self._list.parent.mkdir(parents=True, exist_ok=True)
        with self._list.open("ab") as file:
            # On a line of its own, also after one that is torn.
            file.write(b"\n%b\n" % seal(json.dumps(moved._asdict()).encode()))
            file.flush()
            os.fsync(file.fileno())

    def put_back(self) -> tuple[list[Moved], list[str]]:
        """Put files back where they were; return the versions that are listed, and what stays set aside.

        Raises:
            ArtifactError: nothing was set aside then.
        """
        if self.name not in (known := [each.name for each in all_set_aside(self.home)]):
            raise ArtifactError(
                f"expected the time of a repair that set something aside, got {quote(self.name)};"
                f" there are: {', '.join(known) or 'none'}"
            )
        moved, left = self._read()
        for each in reversed([each for each in moved if each.to]):
            place, to = Path(each.place), Path(each.to)
            if os.path.lexists(place):
                left += [f"{place}: something is there again, so {to} stays"] if os.path.lexists(to) else []
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # it was never moved
                to.rename(place)
        if not left:
            self.free()
        return [each for each in moved if each.version], left

    def free(self) -> None:
        """Remove what is still there."""
        for folder in self._folders():
            discard(self.home, folder)
            remove_empty(folder.parent, folder.parent.parent)
        self._list.unlink(missing_ok=True)

    def _read(self) -> tuple[list[Moved], list[str]]:
        """Read the list, and say what of it is damaged or leads elsewhere."""
        found, flaws = [], []
        for number, line in enumerate(_lines(self._list), start=1):
            try:
                each = Moved(**fields(line, *Moved._fields))
                if not is_sealed(line) or {type(value) for value in each} != {str}:
                    raise ValueError("written by somebody else")
                moved = Moved(here(self.home, each.place), here(self.home, each.to), each.version)
                if moved.to:
                    self._folder_of(moved.to)
                    _check_kept(self.home, moved.place)
                found.append(moved)
            except (ValueError, RecursionError):
                flaws.append(f"line {number} of {self._list.name} is damaged, or leads out of this home")
        return found, flaws

    def _folder_of(self, place: str) -> Path:
        """Find the folder of this repair in which something is kept.

        Raises:
            ValueError: it is kept in none, or elsewhere than in this home.
        """
        path = Path(os.path.normpath(place))
        for folder in path.parents:
            is_own = folder.name == self.name and folder.parent.name in (ASIDE, f".{ASIDE}")
            if is_own and folder.is_relative_to(self.home.root):
                return folder
        raise ValueError("not set aside here")

    def _folders(self) -> list[Path]:
        """List the folders in which something of this repair is kept."""
        listed = [self._folder_of(each.to) for each in self.moved() if each.to]
        return [*dict.fromkeys([*(root / self.name for root in _roots(self.home)), *listed])]

    def _room_for(self, path: Path) -> Path:
        """Find a place for something on the disk where it lies."""
        device = path.lstat().st_dev
        there = (root for root in _roots(self.home) if root.parent.exists())
        near = (root for root in there if root.parent.stat().st_dev == device)
        root = next(near, path.parent / f".{ASIDE}")
        inside = path.is_relative_to(self.home.root)
        to = root / self.name / (path.relative_to(self.home.root) if inside else path.name)
        count = 0
        while os.path.lexists(free := to.with_name(f"{to.name}.{count}") if count else to):
            count += 1
        return free


def all_set_aside(home: Home) -> list[SetAside]:
    """List what repairs set aside, the oldest first."""
    lists = sorted(path for path in home.aside.glob("*.jsonl") if path.is_file())
    return [SetAside(home, path.stem) for path in lists if _time_of(path.stem)]


def _check_kept(home: Home, place: str) -> None:
    """See that a place is one where a home keeps something: a list may come from elsewhere, in an archive.

    Raises:
        ValueError: it is none.
    """
    path = Path(os.path.normpath(place))
    real = Path(os.path.realpath(path.parent), path.name)
    folders = map(os.path.realpath, home.folders)
    prefect = Path(os.environ.get("PREFECT_HOME", home.histories.parent)).expanduser().absolute()
    databases = (home.database, home.histories, prefect / home.histories.name)
    is_inside = is_kept(home, path) and any(map(real.is_relative_to, folders))
    if not is_inside and not any(path in database_files(database) for database in databases):
        raise ValueError("nothing is kept there")


def _time_of(name: str) -> float:
    """Tell when a repair began, in seconds since 1970; 0 for what is called otherwise."""
    with suppress(ValueError):
        return datetime.strptime(name, _FORM).replace(tzinfo=UTC).timestamp()
    return 0


def _lines(path: Path) -> list[bytes]:
    with suppress(FileNotFoundError):
        return list(filter(None, read_regular(path).splitlines()))
    return []


def _roots(home: Home) -> tuple[Path, Path]:
    """Tell where things are set aside, on the disk of the home or on that of its artifacts."""
    return home.aside, home.artifacts / f".{ASIDE}"
