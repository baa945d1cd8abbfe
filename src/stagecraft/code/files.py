"""The files that code is read from, and whether a process imported what was read there."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import cache_from_source, source_hash
from pathlib import Path
from struct import error as StructError  # noqa: N812
from struct import pack, unpack

from stagecraft.code.modules import Modules
from stagecraft.code.source import Module
from stagecraft.files.whole import state_of

_WORD = 0xFFFFFFFF
# Cached code that Python takes whatever stands in the file.
_UNCHECKED = 1


class SourceFiles:
    """The files of a project's packages, as they are before a stage's code is read or imported."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._states = {file: state_of(file) for root in modules.roots for file in _below(root)}
        self._sure: set[Path] = set()
        self._old: set[Path] = set()

    def behind(self, definitions: Iterable[str]) -> dict[Path, str]:
        """Find the files that definitions stand in, and those that hand on names to them.

        Returns:
            by path the name of the module, empty for a data file.
        """
        found: dict[Path, str] = {}
        waiting = set(definitions)
        while waiting:
            name = waiting.pop()
            if "/" in name:
                found |= {
                    root.parent / name: "" for root in self._modules.roots if name.startswith(f"{root.name}/")
                }
                continue
            for module in self._around(name):
                if module.file and module.file not in found:
                    found[module.file] = module.name
                    waiting.update(self._handing_on(module))
        return found

    def note_imports(self, files: Mapping[Path, str]) -> None:
        """Note which files are imported as they were at first.

        What a process has imported stays as it is, whatever becomes of its file.
        """
        unsure = {file: module for file, module in files.items() if file not in self._sure}
        imported = [file for file, module in unsure.items() if module in sys.modules]
        self._old.update(file for file in imported if _is_old_code(file))
        self._sure.update(file for file in imported if not self._is_changed(file) and file not in self._old)

    def changed(self, files: Mapping[Path, str]) -> list[Path]:
        """Name the files that are not what they were at first, and were not noted as imported before that.

        So are those that older code was run for, which Python had kept.
        """
        found = (file for file in files if file not in self._sure and self._is_changed(file))
        return sorted({*found, *self._old.intersection(files)})

    def _is_changed(self, file: Path) -> bool:
        return state_of(file) != self._states.get(file)

    def _around(self, name: str) -> Iterator[Module]:
        """Read the module that a definition stands in, and the packages around that."""
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            if module := self._modules.load(".".join(parts[:end])):
                yield module

    def _handing_on(self, module: Module) -> Iterator[str]:
        """Name the modules that a module imports names from which these have from others."""
        yield from module.stars
        for ref in module.imports:
            if any(target.module not in ("", ref.module) for target in self._modules.find(ref)):
                yield ref.module


def _is_old_code(file: Path) -> bool:
    """Tell whether Python took its cached code of a file for the file's, though it is older; and drop that.

    It looks at the second and the size alone, which an edit within a second may leave as they were, or, where
    the code is marked so, at nothing (PEP 552).
    """
    cached = Path(cache_from_source(str(file)))
    try:
        kept, source = cached.stat(), file.stat()
        with cached.open("rb") as opened:
            flags, *words = unpack("<I2I", opened.read(16)[4:])
        is_unchecked = flags == _UNCHECKED and pack("<2I", *words) != source_hash(file.read_bytes())
    except (OSError, StructError):
        return False
    is_taken = flags == 0 and words == [int(source.st_mtime) & _WORD, source.st_size & _WORD]
    if not is_unchecked and (not is_taken or kept.st_mtime_ns > source.st_ctime_ns):
        return False
    cached.unlink(missing_ok=True)
    return True


def _below(root: Path) -> Iterator[Path]:
    """List the files of a package, or the one file that it is."""
    if not root.is_dir():
        yield root.with_name(f"{root.name}.py")
    yield from (path for path in root.rglob("*") if path.suffix != ".pyc" and path.is_file())
