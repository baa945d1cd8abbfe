"""The data files of a project's packages, by digest."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from stagecraft.code.source import Module
from stagecraft.code.uses import words_in_braces


class DataFiles:
    """Finds data files, and reads each once."""

    def __init__(self) -> None:
        self._digests: dict[Path, str] = {}

    def digests(self, module: Module, part: str = "") -> dict[str, str]:
        """Digest the data files beside a module and below it.

        Args:
            part: only this folder, relative to the module's own.

        Returns:
            by path, relative to where the top-level package lies.
        """
        root = module.folder.joinpath(*(".." for _ in filter(None, module.package.split("."))))
        files = _below(module.folder / part, is_deep=bool(module.package))
        return {PurePath(os.path.relpath(file, root)).as_posix(): self._digest(file) for file in files}

    def words(self, module: Module, part: str) -> set[str]:
        """List the attributes that templates there may read."""
        texts = (file.read_text("utf-8", "ignore") for file in _below(module.folder / part, is_deep=True))
        return {word for text in texts for word in words_in_braces(text)}

    def _digest(self, file: Path) -> str:
        if file not in self._digests:
            self._digests[file] = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        return self._digests[file]


def _below(folder: Path, is_deep: bool) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            yield path
        # A module that is no part of a package has all kinds of neighbours, and none below it.
        elif is_deep and path.is_dir() and path.name != "__pycache__":
            yield from _below(path, is_deep)
