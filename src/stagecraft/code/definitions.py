"""The units that code is followed by, each read once."""

import ast
from itertools import chain
from typing import NamedTuple

from stagecraft.code.classes import Classes
from stagecraft.code.dynamic import targets_of
from stagecraft.code.effects import Effects
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
        loads: modules, and names that may be modules, that it imports.
        records: calls that record were left out of it.
    """

    digest: str
    targets: frozenset[Target]
    bare: frozenset[str]
    reads: frozenset[str]
    stores: frozenset[str]
    bases: frozenset[Target]
    loads: frozenset[str]
    records: bool


class Definitions:
    """Digests units, and finds out what they use."""

    def __init__(self, classes: Classes, recording: Recording) -> None:
        self.classes, self.modules = classes, classes.modules
        self.effects = Effects(classes)
        self._recording = recording
        self._facts: dict[Unit, Facts] = {}
        self._recorded: dict[Unit, Facts] = {}

    def facts(self, unit: Unit, recorded: bool = False) -> Facts:
        """Read a unit.

        Args:
            recorded: what it records counts.
        """
        if unit not in self._facts:
            self._facts[unit] = self._read(unit, self._recording)
        facts = self._facts[unit]
        if not (recorded and facts.records):
            return facts
        if unit not in self._recorded:
            self._recorded[unit] = self._read(unit, self._recording._replace(calls=frozenset()))
        return self._recorded[unit]

    def _read(self, unit: Unit, recording: Recording) -> Facts:
        home = self.modules.load(unit.module)
        assert home
        own = self.statements(unit)
        statements, records = plain(own if unit.method else list(map(_without_methods, own)), recording)
        found = uses(statements, home.package)
        targets = {target for use in found.names for target in targets_of(self.modules, use, home)}
        refs = {use.ref for use in found.names}
        where = sorted(" ".join(chain(ref.path, *self.modules.find(ref, home.name))) for ref in refs)
        bases = {target for base in found.bases for target in self.modules.find(base, home.name)}
        return Facts(
            digest(statements, [*where, *self._before(unit)]),
            frozenset(targets | ({Target("fields")} if found.whole else set())),
            frozenset(use.ref.path[0] for use in found.names if not use.ref.module),
            frozenset(found.reads),
            frozenset(found.stores),
            frozenset(bases),
            frozenset(found.loads),
            records,
        )

    def _before(self, unit: Unit) -> list[str]:
        """Tell how many loose statements, which may change its value, stand before each of a unit's own."""
        places = [statement.lineno for statement in self.effects.loose(unit.module)]
        own = self.modules.bound(unit) if unit.name and not unit.method else []
        return [str(sum(place < part.lineno for place in places)) for part in own if places]

    def statements(self, unit: Unit) -> list[ast.stmt]:
        """List the statements that a unit is made of, a class with its methods."""
        if unit.method:
            owner = unit._replace(method="")
            return [
                *self.classes.methods(owner).get(unit.method, ()),
                *self.classes.attributes(owner).get(unit.method, ()),
            ]
        return self.modules.bound(unit) if unit.name else self.effects.loose(unit.module)


def _without_methods(node: ast.stmt) -> ast.stmt:
    if not isinstance(node, ast.ClassDef):
        return node
    return changed(node, body=[part for part in node.body if not is_function(part)])
