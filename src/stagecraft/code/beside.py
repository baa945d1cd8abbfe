"""Modules of a project whose code is not followed, such as its flows, though they run beside its stages."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from stagecraft.code.modules import Modules
from stagecraft.code.source import CodeError, Module
from stagecraft.code.uses import Uses, uses
from stagecraft.files.opening import read_toml


def modules_beside(folder: Path, followed: Modules) -> Iterator[tuple[Modules, Module, list[Uses]]]:
    """List the modules of what a project's pyproject.toml names, and of what these import that lies there.

    Args:
        folder: the project's.
        followed: its modules whose code is followed.

    Returns:
        each with all of its package, and with what its statements use.
    """
    folder, named = folder.resolve(), set(_named(folder))
    waiting = sorted(named)
    for top in waiting:  # which grows meanwhile
        is_there = top in named or (folder / top).is_dir() or (folder / f"{top}.py").is_file()
        modules = _modules_of(top) if is_there and followed.is_elsewhere(top) else None
        places = [root.resolve() for root in modules.roots] if modules else []
        if modules and all(folder in (place.parents if top in named else [place.parent]) for place in places):
            for module in filter(None, map(modules.read, dict.fromkeys(modules.everything()))):
                found = [uses([statement], module.package) for statement in module.statements]
                yield modules, module, found
                tops = {name.partition(".")[0] for one in found for name in one.loads}
                waiting += sorted(tops.difference(waiting))


def _named(folder: Path) -> Iterator[str]:
    """Name the packages that the tables of a pyproject.toml have as `project = "package:NAME"`."""
    document: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        document = read_toml(folder / "pyproject.toml")
    for table in document.get("tool", {}).values():
        target = table.get("project") if isinstance(table, dict) else table
        if isinstance(target, str) and ":" in target:
            yield target.partition(":")[0].partition(".")[0]


def _modules_of(top: str) -> Modules | None:
    with suppress(CodeError):
        return Modules([top], ())
    return None
