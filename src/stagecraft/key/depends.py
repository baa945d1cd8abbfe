"""What a stage declares that its result depends on, besides its code, its settings and its inputs."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import Distribution, PackageNotFoundError, packages_distributions
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import ClassVar

from stagecraft.errors import WiringError
from stagecraft.files.artifact import digest
from stagecraft.key.libraries import is_from_a_folder

#: from a file to the SHA-256 of its content
DigestOf = Callable[[Path], str]

#: what stands before a value that is a digest, and so is not shown
SEALED = "sha256:"
_MAGIC, _ALL = frozenset("*?["), {"*", "**"}


@dataclass(frozen=True)
class Dependency:
    """Something that a stage's result depends on.

    Attributes:
        kind: what kind of thing that is, in words.
    """

    name: str
    kind: ClassVar[str] = ""

    def paths(self, folder: Path) -> list[Path]:
        """List the files that it stands for.

        Args:
            folder: the project's.

        Raises:
            WiringError: it stands for nothing.
        """
        del folder
        return []

    def found(self, folder: Path, digest_of: DigestOf) -> Mapping[str, str]:
        """Find what enters the key, `kind: name` -> a version or a digest.

        Raises:
            WiringError: it stands for nothing.
        """
        del folder, digest_of
        return {}


@dataclass(frozen=True)
class Env(Dependency):
    """A variable of the environment, of which a digest enters the key: it may be a secret.

    Args:
        shown: its value is none, and may be read by all.
    """

    shown: bool = False
    kind = "environment"

    def found(self, folder: Path, digest_of: DigestOf) -> Mapping[str, str]:
        """Look the variable up."""
        del folder, digest_of
        value = os.environ.get(self.name)
        if value is not None and not self.shown:
            value = f"{SEALED}{digest(value)}"
        return {f"{self.kind}: {self.name}": "not set" if value is None else value}


@dataclass(frozen=True)
class Files(Dependency):
    """Files that match a pattern such as `data/*.txt`, relative to the project's folder or absolute."""

    kind = "file"

    def paths(self, folder: Path) -> list[Path]:
        """List the files that match, also behind links to folders."""
        found, _ = self._look_up(folder)
        if files := sorted(path for path in found if path.is_file()):
            return files
        raise WiringError(
            f"expected files that match {self.name}, got none in {folder};"
            " correct the stage's `depends`, or put them there"
        )

    def folders(self, folder: Path) -> list[Path]:
        """List the folders of which all names are taken."""
        _, looked = self._look_up(folder)
        return looked if self._takes_all else []

    @property
    def _takes_all(self) -> bool:
        return PurePath(self.name).name in _ALL

    def _look_up(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """Find what matches, part by part of the pattern, and where the last part is looked for."""
        start = self.start(folder)
        parts = Path(self.whole(folder)).parts[len(start.parts) :]
        found, looked = [start], list[Path]()
        for part in (*parts, "*") if parts[-1:] == ("**",) else parts:
            if part == "**":
                found = list(dict.fromkeys(below for place in found for below in folders_below(place)))
            else:
                looked = [place for place in found if place.is_dir()]
                found = [path for place in found for path in sorted(place.glob(part))]
        return found, looked

    def start(self, folder: Path) -> Path:
        """Tell the folder, or the file, up to which the pattern has no part that varies."""
        return fixed_start(self.whole(folder))

    def may_hold(self, path: str) -> bool:
        """Tell whether a file, or a folder, with such a name may be meant; one without a name may be."""
        return not path or any(fnmatch(PurePath(path).name, part) for part in PurePath(self.name).parts)

    def found(self, folder: Path, digest_of: DigestOf) -> Mapping[str, str]:
        """Digest each file that matches; what is no text in a name is written as its escape."""
        found = {path: SEALED + digest_of(path) for path in self.paths(folder)}
        if self._takes_all:
            matched, _ = self._look_up(folder)
            found |= {path: "a folder" for path in matched if path.is_dir()}
        names = {path: os.path.relpath(path, folder) for path in found}
        return {
            f"{self.kind}: {name.encode(errors='backslashreplace').decode()}": found[path]
            for path, name in names.items()
        }

    def whole(self, folder: Path) -> str:
        """Tell the pattern as an absolute path."""
        return os.path.normpath(folder / self.name)


@dataclass(frozen=True)
class Code(Dependency):
    """A package or module from outside the code that is followed; its files count, by name and content."""

    kind = "code"

    def paths(self, folder: Path) -> list[Path]:
        """List its files, also behind links, but for Python's caches."""
        if files := sorted(_files_of(self.name)):
            return files
        raise WiringError(
            f"expected a module {self.name}, got none that can be found from {folder};"
            " correct the stage's `depends`, or put it on the path"
        )

    def found(self, folder: Path, digest_of: DigestOf) -> Mapping[str, str]:
        """Digest it as a whole."""
        return {f"{self.kind}: {self.name}": _digest_of_all(self.paths(folder), digest_of)}


@dataclass(frozen=True)
class Package(Dependency):
    """An installed distribution, by its version; one from a folder has none, and counts by its files."""

    kind = "package"

    def paths(self, folder: Path) -> list[Path]:
        """List its files if it was installed from a folder."""
        del folder
        if not is_from_a_folder(self._distribution()):
            return []
        modules = [module for module, names in packages_distributions().items() if self.name in names]
        wanted = modules or [self.name.replace("-", "_")]
        if files := sorted({path for module in wanted for path in _files_of(module)}):
            return files
        raise WiringError(
            f"expected the modules of {self.name}, which was installed from a folder, got none;"
            ' declare them as Code("MODULE")'
        )

    def found(self, folder: Path, digest_of: DigestOf) -> Mapping[str, str]:
        """Look its version up, or digest its files."""
        value = self._distribution().version
        if files := self.paths(folder):
            value = _digest_of_all(files, digest_of)
        return {f"{self.kind}: {self.name}": value}

    def _distribution(self) -> Distribution:
        try:
            return Distribution.from_name(self.name)
        except PackageNotFoundError:
            raise WiringError(
                f"expected an installed distribution {self.name}, got none;"
                " install it, or correct the stage's `depends`"
            ) from None


@dataclass(frozen=True)
class Program(Dependency):
    """A program that the stage starts, by the content of its file."""

    kind = "program"

    def paths(self, folder: Path) -> list[Path]:
        """Find its file, as the system would."""
        del folder
        found = shutil.which(self.name)
        return [Path(found).resolve()] if found else []

    def found(self, folder: Path, digest_of: DigestOf) -> Mapping[str, str]:
        """Digest its file."""
        files = self.paths(folder)
        return {f"{self.kind}: {self.name}": SEALED + digest_of(files[0]) if files else "missing"}


@dataclass(frozen=True, kw_only=True)
class _Versioned(Dependency):
    version: str


@dataclass(frozen=True)
class Opaque(_Versioned):
    """What nothing can look into, such as code that is made while it runs or a child process.

    Args:
        version: is raised by hand whenever what comes of it may be another.
    """

    kind = "declared version"

    def found(self, folder: Path, digest_of: DigestOf) -> Mapping[str, str]:
        """Take the version that is declared."""
        del folder, digest_of
        return {f"{self.kind}: {self.name}": self.version}


@dataclass(frozen=True)
class Network(Dependency):
    """The network: the stage sees to it that what it gets from there is always the same."""

    name: str = "the network"
    kind = "network"


def fixed_start(pattern: str) -> Path:
    """Tell the folder, or the file, up to which a pattern has no part that varies."""
    parts = Path(pattern).parts
    fixed = next((place for place, part in enumerate(parts) if _MAGIC & set(part)), len(parts))
    return Path(*parts[:fixed])


def locate(module: str) -> list[Path]:
    """Find what a module is, without importing it: a file, or the folders of a package; none without one."""
    top, *rest = module.split(".")
    try:
        spec = find_spec(top)
    except ValueError:
        spec = None
    if spec is None:
        return []
    if spec.submodule_search_locations is None:
        return [Path(spec.origin)] if spec.has_location and spec.origin and not rest else []
    return [place for root in spec.submodule_search_locations for place in _places(Path(root), rest)]


def _places(root: Path, parts: list[str]) -> Iterator[Path]:
    """List what a module inside of a package may be, the package itself first."""
    whole = root.joinpath(*parts)
    if whole.is_dir():
        yield whole
    elif parts:
        files = (whole.with_name(whole.name + suffix) for suffix in (".py", ".pyc", *EXTENSION_SUFFIXES))
        yield from (file for file in files if file.is_file())


def _files_of(module: str) -> Iterator[Path]:
    for place in locate(module):
        folders = folders_below(place) if place.is_dir() else ()
        found = (path for folder in folders for path in folder.iterdir()) if folders else [place]
        yield from (path for path in found if path.is_file() and not _is_cached(path))


def _is_cached(path: Path) -> bool:
    """Tell whether Python made a file from another one; where that one is missing, it is code itself."""
    return path.suffix == ".pyc" and path.parent.name == "__pycache__"


def folders_below(folder: Path, *above: str) -> Iterator[Path]:
    """List a folder and all below it, through links too, but in no circle.

    Args:
        above: the real paths of the folders around it.
    """
    real = os.path.realpath(folder)
    if folder.is_dir() and real not in above:
        yield folder
        for path in sorted(folder.iterdir()):
            yield from folders_below(path, *above, real)


def _digest_of_all(files: list[Path], digest_of: DigestOf) -> str:
    """Digest files as a whole, by their names and contents."""
    top = os.path.commonpath([path.parent for path in files])
    return SEALED + digest([(os.path.relpath(path, top), digest_of(path)) for path in files])
