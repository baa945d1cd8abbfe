"""The units that code is followed by, each read once."""

import ast
import re
from functools import partial
from itertools import chain
from typing import NamedTuple

from stagecraft.code.changes import Change, changes
from stagecraft.code.classes import Classes
from stagecraft.code.dynamic import targets_of
from stagecraft.code.effects import Effects
from stagecraft.code.fields import Fields
from stagecraft.code.names import Ref
from stagecraft.code.nodes import is_function, named
from stagecraft.code.source import Module
from stagecraft.code.syntax import Recording, digest_statements, to_plain
from stagecraft.code.targets import Target, Unit
from stagecraft.code.unseen import FOLDERS, INSIDES, Unseen
from stagecraft.code.uses import Uses, uses

# As torch.jit tells one.
_TYPE_COMMENT = re.compile(rb"#[\t ]*type\b(?!: ignore(\[[a-zA-Z-]+\])?\s*$)")
_WORD = re.compile(r"[^\W\d]\w*")


class Facts(NamedTuple):
    """What there is to know of a unit.

    Attributes:
        targets: what its names lead to.
        hints: names in its type hints that nothing at hand reads.
        bare: names that it says without a module or an object before them.
        reads: attributes that it reads.
        unknown: those of them that are read on objects of whatever class.
        fields: the others, with the classes of the project that they are read on.
        stores: attributes that it sets or deletes.
        changes: what it changes for others.
        bases: what the classes inside it inherit from.
        handed: of what it hands objects to calls outside the project.
        loads: modules, and names that may be modules, that it imports.
        records: calls that record were left out of it.
        unseen: what it does that can't be followed.
        told: what it would do so, if texts in it are templates, or somebody reads what it says.
        raises: types of the errors that it raises with words of their own, for each of these; none are any.
        catches: types of the errors that it catches.
        silent: the digest without these words.
    """

    digest: str
    targets: frozenset[Target]
    hints: frozenset[Ref]
    bare: frozenset[str]
    reads: frozenset[str]
    unknown: frozenset[str]
    fields: frozenset[tuple[str, str]]
    stores: frozenset[str]
    changes: frozenset[Change]
    bases: frozenset[Target]
    handed: frozenset[Target]
    loads: frozenset[str]
    records: bool
    unseen: frozenset[Unseen]
    told: frozenset[Unseen]
    raises: frozenset[frozenset[Target]]
    catches: frozenset[Target]
    silent: str


class Definitions:
    """Digests units, and finds out what they use."""

    def __init__(self, classes: Classes, recording: Recording) -> None:
        self.classes, self.modules = classes, classes.modules
        self.effects = Effects(classes)
        self._recording, self._fields = recording, Fields(classes)
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
        by_name = unit.name and not unit.method
        statements = [self.classes.without_methods(node, unit.module) for node in own] if by_name else own
        records = False
        if home.names(recording.recorder):
            statements, records = to_plain(statements, recording, partial(self.is_recorder, home))
        owner = Ref("", (unit.name,)) if unit.method else None
        found = uses(statements, home.package, owner, not unit.name, home.readers)
        find = partial(self.modules.find, home=home.name)
        targets, unseen = self._targets(found, home)
        typed = {ref for text in found.texts for ref in self._typed(text, home)}
        targets.update(to for ref in typed for to in find(ref) if to.kind == "definition")
        refs = {use.ref for use in found.names} | typed
        where = sorted(" ".join(chain(ref.path, *find(ref))) for ref in refs)
        known, unknown = self._fields.read(found.fields, home.name)
        more = [*where, *self._before(unit), *home.futures]
        whole = digest_statements(statements, more)
        return Facts(
            digest=whole,
            targets=frozenset(targets),
            hints=frozenset(found.hints),
            bare=frozenset(use.ref.path[0] for use in found.names if use.ref.path and not use.ref.module),
            reads=frozenset(found.reads),
            unknown=frozenset(found.unknown | unknown),
            fields=frozenset(known),
            stores=frozenset(found.stores),
            changes=frozenset(changes(self.modules, found, home, find, str(unit))),
            bases=frozenset(target for base in found.bases for target in find(base)),
            handed=frozenset(
                target
                for to, made in found.handed
                if self._is_outside(to, home)
                for target in find(made)
                if target.kind == "definition"
            ),
            loads=frozenset(found.loads),
            records=records,
            unseen=frozenset(unseen),
            told=frozenset(Unseen("code", name, home.name, line) for name, line in found.told.items()),
            raises=frozenset(
                frozenset(chain(*(self._errors(ref, home) for ref in refs))) for refs in found.raises
            ),
            catches=frozenset(chain(*(self._errors(ref, home) for ref in found.catches))),
            silent=digest_statements(statements, more, is_silent=True) if found.raises else whole,
        )

    def _targets(self, found: Uses, home: Module) -> tuple[set[Target], set[Unseen]]:
        """Find what the names of code lead to, and what of it can't be followed."""
        targets, unseen = set(), set()
        for use, line in found.names.items():
            if name := self.modules.left_out(use.ref, home):
                unseen.add(Unseen("left out", name, home.name, line))
            for target in targets_of(self.modules, use, home):
                if isinstance(target, Target):
                    targets.add(target)
                else:
                    unseen.add(Unseen(*target, home.name, line))
        reads = found.reads.items()
        unseen |= {
            Unseen(*(("file", "") if name in FOLDERS else ("code", name)), home.name, line)
            for name, line in reads
            if name in INSIDES
        }
        return targets, unseen

    def _typed(self, text: str, home: Module) -> list[Ref]:
        """List the names in a text that reads as a type; no functions and no modules are types."""
        if home.bound.keys().isdisjoint(_WORD.findall(text)) and not home.stars:
            return []
        refs = [Ref("", path) for path in named(ast.Constant(text))]
        found = [to for ref in refs for to in self.modules.find(ref, home.name)]
        return refs if all(map(self._may_be_type, found)) else []

    def _may_be_type(self, to: Target) -> bool:
        bound = self.modules.bound(Unit(to.module, to.name))
        return to.kind == "outside" or not all(map(is_function, bound))

    def _errors(self, ref: Ref, home: Module) -> tuple[Target, ...]:
        """Find the class that a name stands for; an attribute of something may be any error."""
        is_attribute = self.modules.after(ref.path, ref.module or home.name)
        return (Target("attribute"),) if is_attribute else self.modules.find(ref, home.name)

    def is_recorder(self, home: Module, path: tuple[str, ...]) -> bool:
        """Tell whether a name leads to the type that is recorded by: this mechanism's own, by any name."""
        is_bound = path[0] in home.bound
        sources = home.bound[path[0]][1] if is_bound else home.hinted.get(path[0], ())
        refs = [ref.on(*path[1:]) for ref in sources] or [Ref("", path)]
        # Nothing, if it is left out.
        found = [to.name for ref in refs for to in self.modules.find(ref, home.name)]
        own = __name__.partition(".")[0]
        is_called_so = all(ref.path[-1:] == (self._recording.recorder,) for ref in refs)
        return is_called_so and all(name.startswith(f"{own}.") for name in found)

    def _is_outside(self, to: tuple[Ref, ...], home: Module) -> bool:
        """Tell whether what is called may be something outside the project that calls methods by name."""
        found = [target for ref in to for target in self.modules.find(ref, home.name)]
        return not to or any(one.kind == "outside" and not one.name.startswith("builtins.") for one in found)

    def _before(self, unit: Unit) -> list[str]:
        """Tell how many loose statements, which may change its value, stand before each of a unit's own."""
        places = [statement.lineno for statement in self.effects.loose(unit.module)]
        own = self.modules.bound(unit) if unit.name and not unit.method else []
        return [str(sum(place < part.lineno for place in places)) for part in own if places]

    def typed_lines(self, unit: Unit) -> list[int]:
        """List the lines of a unit with a comment that says a type."""
        module = self.modules.load(unit.module)
        lines = module.source.splitlines() if module else []
        own = [
            number
            for part in self.statements(unit)
            for number in range(part.lineno, (part.end_lineno or 0) + 1)
        ]
        return [number for number in own if _TYPE_COMMENT.search(lines[number - 1])]

    def statements(self, unit: Unit) -> list[ast.stmt]:
        """List the statements that a unit is made of, a class with its methods."""
        if unit.method:
            owner = unit._replace(method="")
            parts: list[ast.stmt] = [*self.classes.methods(owner).get(unit.method, ())]
            parts += self.classes.attributes(owner).get(unit.method, ())
            return sorted(parts, key=lambda part: part.lineno)
        return self.modules.bound(unit) if unit.name else self.effects.loose(unit.module)
