"""A throwaway package whose code is followed, and what an edit of it changes."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from stagecraft.code import Codebase, Reach

Changed = Callable[..., set[str]]
# No digits, which the edits look for.
NAMES = ("throwaway_" + "".join(letters) for letters in itertools.product("abcdefgh", repeat=4))


class Project:
    """A package on the disk; `PKG` stands for its name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, next(NAMES)

    def write(self, files: str | dict[str, str]) -> None:
        """Write files; one text alone is the module `main`."""
        files = {"main.py": files} if isinstance(files, str) else files
        for path, text in {"__init__.py": "", **files}.items():
            file = self.folder / self.name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).replace("PKG", self.name), encoding="utf-8")

    def edit(self, old: str, new: str) -> None:
        """Replace a text that occurs once in all files."""
        old, new = old.replace("PKG", self.name), new.replace("PKG", self.name)
        texts = {file: file.read_text() for file in (self.folder / self.name).rglob("*") if file.is_file()}
        assert sum(text.count(old) for text in texts.values()) == 1, f"{old!r} occurs not once"
        for file, text in texts.items():
            file.write_text(text.replace(old, new))

    def code(self, **options: Any) -> Codebase:
        options["leave_out"] = [name.replace("PKG", self.name) for name in options.get("leave_out", ())]
        return Codebase([self.name], **options)

    def follow(self, target: str = "main.target", recorded: bool = False, **options: Any) -> Reach:
        return self.code(**options).follow(f"{self.name}.{target}", recorded)

    def definitions(self, **options: Any) -> dict[str, str]:
        """The definitions, by names without that of the package."""
        found = self.follow(**options).definitions
        return {re.sub(f"^{self.name}[./]", "", name): digest for name, digest in found.items()}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path)
    project.write("")
    monkeypatch.syspath_prepend(tmp_path)
    return project


@pytest.fixture
def changed(project: Project) -> Changed:
    """What an edit changes: write files, replace a text in them, name the definitions that differ."""

    def changed(files: str | dict[str, str], old: str, new: str, **options: Any) -> set[str]:
        project.write(files)
        before = project.definitions(**options)
        project.edit(old, new)
        after = project.definitions(**options)
        return {name for name, _ in before.items() ^ after.items()}

    return changed
