"""Which files a setting names: one, all of a folder, those of a pattern, or a list of these.

The files of a folder, and of those below it, come in the order of their paths, name by name, as Unicode
numbers characters; so do those of a pattern. A list is in the order in which it is written. Names that begin
with a dot are passed over where the pattern does not say that dot, and so are links to folders.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from secrecy import quote
from seqstep.errors import ConfigError
from seqstep.settings.local_files import STANDARD_INPUT, called, local_file

_MAGIC = frozenset("*?[")
_DEEP = "**"


class TextFiles(NamedTuple):
    """The files that a setting names.

    Attributes:
        files: in their order; one that is named alone need not be there.
        folders: that were listed to find them.
        passed_over: what was found in these, and is hidden or can't be read as a file.
        is_several: they come from a folder, a pattern or a list, be it one file alone.
    """

    files: list[Path]
    folders: list[Path]
    passed_over: list[Path]
    is_several: bool


def text_files(path: str | Sequence[str]) -> TextFiles:
    """Find the files that a setting names; none where it names nothing.

    Raises:
        ConfigError: it names no file, or one twice; see `local_file` too.
    """
    names = _names(path)
    if path and not all(names):
        raise ConfigError(
            f"expected paths in corpus.path, got {quote(str(path))}, where one is empty; name a file"
        )
    search, files = _Search(), list[Path]()
    for name in names:
        files += search.files(name) if _is_several(name) else _single(name)
    if len(set(files)) < len(files):
        twice = next(file for file in files if files.count(file) > 1)
        raise ConfigError(f"expected each file once in corpus.path, got {quote(str(twice))} twice")
    is_several = len(names) > 1 or any(map(_is_several, names))
    return TextFiles(files, sorted(search.folders), sorted(search.passed_over), is_several)


def named(path: str | Sequence[str]) -> str:
    """Name the text that a setting names: one file by its name, wherever it lies; several by their number."""
    found = text_files(path)
    if not found.is_several:
        return called("".join(_names(path)))
    first, last = shown(found.files[0]), shown(found.files[-1])
    return first if len(found.files) == 1 else f"{len(found.files)} files, {first} to {last}"


def shown(path: Path) -> str:
    """Write a file's name; bytes in it that are no text as their numbers."""
    return path.name.encode(errors="backslashreplace").decode()


def _names(path: str | Sequence[str]) -> list[str]:
    return [path] if isinstance(path, str) and path else list(path)


def _is_several(name: str) -> bool:
    """Tell whether a name stands for a folder or a pattern; what is there as it is written is no pattern."""
    place = _place(name)
    if "\0" in name:
        return False
    return _is_folder(place) or not (_MAGIC.isdisjoint(name) or os.path.lexists(place))


def _is_folder(path: Path) -> bool:
    with suppress(OSError):  # such as a name that is too long, which is said by whoever opens it
        return path.is_dir()
    return False


def _place(name: str) -> Path:
    try:
        return Path(name).expanduser().absolute()
    except RuntimeError:  # there is no such user, which is said by whoever opens it
        return Path(name)


def _single(name: str) -> list[Path]:
    if name == STANDARD_INPUT:
        raise ConfigError(
            "standard input is read where a command line says --set corpus.path=-; say it there"
        )
    file = local_file(name)
    return [file] if file else []


class _Search:
    """Looks for files, and keeps what it lists for that and what it passes over."""

    def __init__(self) -> None:
        self.folders: set[Path] = set()
        self.passed_over: set[Path] = set()

    def files(self, name: str) -> list[Path]:
        """Find the files of a folder or a pattern.

        Raises:
            ConfigError: there are none, or a folder can't be listed.
        """
        place = _place(name)
        parts = place.parts
        end = next((number for number, part in enumerate(parts) if not _MAGIC.isdisjoint(part)), len(parts))
        end = len(parts) if _is_folder(place) else end
        found = set(self._matching(Path(os.path.realpath(Path(*parts[:end]))), parts[end:] or (_DEEP,)))
        if not found:
            raise ConfigError(f"expected a file in corpus.path={quote(name)}, got none; name others")
        return [Path(os.path.realpath(path)) for path in sorted(found, key=lambda path: path.parts)]

    def _matching(self, folder: Path, parts: Sequence[str]) -> Iterator[Path]:
        """Find the files below a folder whose paths match the parts of a pattern."""
        part, *rest = parts
        if part == _DEEP and rest:
            yield from self._matching(folder, rest)
        for path in self._listed(folder):
            is_folder = _is_folder(path) and not (part == _DEEP and path.is_symlink())
            if path.name.startswith(".") and not part.startswith("."):
                self.passed_over.add(path)
            elif part == _DEEP and is_folder:
                yield from self._matching(path, parts)
            elif fnmatchcase(path.name, part) and is_folder:
                yield from self._matching(path, rest) if rest else ()
            elif fnmatchcase(path.name, part) and not rest and path.is_file():
                yield path
            elif fnmatchcase(path.name, part) and not rest:
                self.passed_over.add(path)

    def _listed(self, folder: Path) -> list[Path]:
        """List a folder; what is no folder holds nothing."""
        self.folders.add(folder)
        try:
            return sorted(folder.iterdir()) if _is_folder(folder) else []
        except OSError as error:
            raise ConfigError(f"the folder {folder} can't be listed: {error.strerror}") from None
