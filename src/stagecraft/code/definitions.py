"""The units that code is followed by, each read once."""

import ast
from typing import NamedTuple

from stagecraft.code.classes import Classes
from stagecraft.code.dynamic import targets_of
from stagecraft.code.nodes import changed, is_function
from stagecraft.code.syntax import Recording, digest, plain
from stagecraft.code.targets import Target, Unit
from stagecraft.code.uses import uses


class Facts(NamedTuple):
    """What there is to know of a unit.

    Attributes:
        targets: what its names lead to.
        bare: names that it says without a module or an object before them.
        reads: attributes that it reads.
        stores: attributes that it sets or deletes.
        bases: what the classes inside it inherit from.
    """

    digest: str
    targets: frozenset[Target]
    bare: frozenset[str]
    reads: frozenset[str]
    stores: frozenset[str]
    bases: frozenset[Target]


class Definitions:
    """Digests units, and finds out what they use."""

    def __init__(self, classes: Classes, recording: Recording) -> None:
        self.classes, self.modules = classes, classes.modules
        self._recording = recording
        self._facts: dict[Unit, Facts] = {}

    def facts(self, unit: Unit) -> Facts:
        """Read a unit."""
        if unit not in self._facts:
            self._facts[unit] = self._read(unit)
        return self._facts[unit]

    def _read(self, unit: Unit) -> Facts:
        home = self.modules.load(unit.module)
        assert home
        statements = plain(self._statements(unit, home.loose), self._recording)
        found = uses(statements, home.package)
        targets = {target for use in found.names for target in targets_of(self.modules, use, home)}
        where = {f"{use.ref}: {self.modules.find(use.ref, home.name)}" for use in found.names}
        bases = {target for base in found.bases for target in self.modules.find(base, home.name)}
        return Facts(
            digest(statements, sorted(where)),
            frozenset(targets | ({Target("fields")} if found.whole else set())),
            frozenset(use.ref.path[0] for use in found.names if not use.ref.module),
            frozenset(found.reads),
            frozenset(found.stores),
            frozenset(bases),
        )

    def _statements(self, unit: Unit, loose: list[ast.stmt]) -> list[ast.stmt]:
        if unit.method:
            return list(self.classes.methods(unit._replace(method=""))[unit.method])
        return [_without_methods(part) for part in self.modules.bound(unit)] if unit.name else loose


def _without_methods(node: ast.stmt) -> ast.stmt:
    if not isinstance(node, ast.ClassDef):
        return node
    return changed(node, body=[part for part in node.body if not is_function(part)])
