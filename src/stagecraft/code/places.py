"""Where definitions stand."""

from pathlib import Path
from typing import NamedTuple

from stagecraft.code.definitions import Definitions
from stagecraft.code.targets import Unit


class Place(NamedTuple):
    """Where a definition stands.

    Attributes:
        line: the first of it; 0 for a whole file.
        name: what it is called there; nothing for a whole file.
    """

    file: Path
    line: int = 0
    name: str = ""


def find_place(definitions: Definitions, name: str) -> Place | None:
    """Find where a definition stands; None if it is there no more.

    Args:
        name: as a reach has it.
    """
    if "/" in name:
        files = (root.parent / name for root in definitions.modules.roots if name.startswith(f"{root.name}/"))
        return next((Place(file) for file in files if file.is_file()), None)
    if name.endswith(".<names>"):
        whole = definitions.modules.load(name.removesuffix(".<names>"))
        return Place(whole.file) if whole and whole.file else None
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        unit = _unit(".".join(parts[:end]), *parts[end:])
        module = definitions.modules.load(unit.module)
        statements = definitions.statements(unit)
        if module and module.file and statements:
            return Place(module.file, min(part.lineno for part in statements), ".".join(parts[end:]))
    return None


def _unit(module: str, name: str, method: str = "", *_: str) -> Unit:
    return Unit(module, "" if name == "<statements>" else name, method)
