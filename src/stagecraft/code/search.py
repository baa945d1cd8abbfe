"""The search from one definition to everything that it can depend on."""

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from stagecraft.code.changes import Change
from stagecraft.code.data import DataFiles
from stagecraft.code.definitions import Definitions, Facts
from stagecraft.code.heads import docstring
from stagecraft.code.messages import HANDLERS, words_count
from stagecraft.code.methods import Methods
from stagecraft.code.names import Ref
from stagecraft.code.nodes import is_function, is_special, parameters
from stagecraft.code.source import Module
from stagecraft.code.syntax import digest_statements
from stagecraft.code.targets import Target, Unit, definitions
from stagecraft.code.unseen import INSIDES, Unseen, is_read


class Reach(NamedTuple):
    """What the result of a function can depend on.

    Attributes:
        definitions: digests of the syntax of functions, classes, methods, constants and loose statements,
            and of the content of data files, by name.
        modules: top-level names of the modules, neither the project's nor Python's, that this code uses.
        imports: those of all modules that are imported with it.
        attributes: those that this code reads on objects of whatever class.
        fields: those that it reads on objects of a class of the project, with that class's dotted name; `*`
            is all of them.
        given: dotted names of the classes that its objects from outside may be of, as its hints tell.
        unseen: what it does that can't be followed.
        changes: what it changes for others.
    """

    definitions: dict[str, str]
    modules: frozenset[str]
    imports: frozenset[str]
    attributes: frozenset[str]
    fields: frozenset[tuple[str, str]]
    given: frozenset[str]
    unseen: tuple[Unseen, ...]
    changes: frozenset[Change]


# By these code may read the hints of anything.
_READERS_OF_HINTS = frozenset(
    {
        *("functools.singledispatch", "functools.singledispatchmethod", "pydantic.validate_call"),
        *("inspect.Signature.from_callable", "inspect.get_annotations"),
        *("inspect.getfullargspec", "inspect.signature"),
        *("typing.get_type_hints", "typing_extensions.get_type_hints"),
    }
)
# So may all in these.
_MODULES_OF_READERS = ("torch.jit.", "torch.library.")
_READERS_OF_COMMENTS = "torch.jit."


class Search:
    """One walk over code.

    Args:
        recorded: what is recorded counts.
    """

    def __init__(self, definitions: Definitions, data: DataFiles, recorded: bool = False) -> None:
        self._definitions, self._data, self._recorded = definitions, data, recorded
        self._modules, self._classes = definitions.modules, definitions.classes
        self._effects, self._methods = definitions.effects, Methods(self._classes)
        self._waiting: list[Unit] = []
        self._units: set[Unit] = set()
        self._whole: set[str] = set()
        self._touched = {""}
        self._files: dict[str, str] = {}
        self._outside: set[str] = set()
        self._unseen: set[Unseen] = set()
        self._imports: set[str] = set()
        self._acting: list[str] = []
        self._start = ""
        self._reads_hints = self._reads_comments = False
        self._named: set[str] = set()
        self._stored: set[str] = set()

    def run(self, targets: Sequence[Unit]) -> Reach:
        """Follow definitions until nothing new turns up."""
        self._waiting += targets
        for target in self._waiting:
            for node in filter(is_function, self._modules.bound(target)):
                hints = (parameter.annotation for parameter in parameters(node.args))
                self._methods.give(filter(None, hints), target.module)
        self._start = targets[0].module
        return self._settle()

    def run_recorded(self) -> Reach:
        """Go on with what is recorded on the way, which is no part of a result."""
        self._recorded = True
        for unit in [unit for unit in self._units if self._definitions.facts(unit).records]:
            self._enter(unit)
        return self._settle()

    def _settle(self) -> Reach:
        while self._waiting:
            while self._waiting:
                self._take(self._waiting.pop())
            self._waiting += set(self._methods.due()) - self._units
            if self._reads_hints and not self._waiting:
                self._waiting += self._hinted() - self._units
        facts = {unit: self._facts(unit) for unit in sorted(self._units)}
        digests: dict[str, str] = {}
        for unit, own in self._digests(facts).items():
            # A class of a package and a module in it may share a name, and so may what they hold.
            digests[str(unit)] = digests.get(str(unit), "") + own + self._told(unit)
        if self._methods.any:
            names = {name: self._module(name).bound for name in self._whole}
            digests |= {f"{name}.<names>": digest_statements((), bound) for name, bound in names.items()}
        if len(self._acting) > 1:
            digests["the order of imports"] = " ".join(self._order_of_effects())
        told = frozenset().union(*(one.told for one in facts.values()))
        self._unseen |= {one for one in told if is_read(one.name, self._methods.called | self._named)}
        if self._reads_comments:
            self._unseen |= {
                Unseen("comment", "`# type:`", unit.module, line)
                for unit in self._units
                for line in self._definitions.typed_lines(unit)
            }
        return Reach(
            dict(sorted((digests | self._files).items())),
            frozenset(self._outside),
            frozenset(self._imports | self._outside),
            frozenset(self._methods.unknown),
            frozenset(self._methods.fields),
            frozenset(map(str, self._methods.given)),
            tuple(sorted(self._unseen.union(*(one.unseen for one in facts.values())))),
            frozenset().union(*(one.changes for one in facts.values())),
        )

    def _hinted(self) -> set[Unit]:
        """List what the type hints of all that is followed name."""
        read = {(ref, unit.module) for unit in self._units for ref in self._facts(unit).hints}
        return set(definitions(target for ref, home in read for target in self._modules.find(ref, home)))

    def _digests(self, facts: Mapping[Unit, Facts]) -> dict[Unit, str]:
        """Digest each unit, without the words of errors that nothing may catch."""
        caught = frozenset().union(*(one.catches for one in facts.values()))
        names = self._methods.called | self._named | {unit.method for unit in facts}
        stored = self._stored.union(*(one.stores for one in facts.values()))
        handles = not HANDLERS.isdisjoint(names) or any(map(is_special, stored))

        def counts(one: Facts) -> bool:
            return handles or any(words_count(raised, caught, self._classes) for raised in one.raises)

        return {unit: one.digest if counts(one) else one.silent for unit, one in facts.items()}

    def _told(self, unit: Unit) -> str:
        """Digest what a unit tells of itself besides: its docstrings, and the order of its methods."""
        if not self._methods.any:
            return ""
        own = self._definitions.statements(unit)
        texts = [text for node in own for part in ast.walk(node) if (text := docstring(part))]
        return digest_statements((), [*texts, *([] if unit.method else self._classes.methods(unit))])

    def _take(self, unit: Unit) -> None:
        """Follow one unit."""
        if unit in self._units:
            return
        self._units.add(unit)
        self._enter(unit)

    def _enter(self, unit: Unit) -> None:
        """Follow what a unit uses."""
        facts = self._facts(unit)
        self._methods.called |= facts.reads
        self._methods.unknown |= facts.unknown
        self._methods.fields |= facts.fields
        self._reads_hints |= "__annotations__" in facts.reads
        # A class body calls its own functions by their bare names.
        own = self._classes.methods(unit._replace(method="")).keys() & facts.bare
        self._methods.called |= facts.stores | own
        for target in facts.targets:
            self._reach(target)
        for base in facts.bases | facts.handed:
            self._methods.open(Unit(base.module, base.name))
        if not unit.method and self._classes.named(unit):
            self._methods.use(unit)
        for name in {unit.module, *facts.loads} - self._touched:
            self._touch(name, unit.module)

    def _reach(self, target: Target) -> None:
        """Follow what a name leads to."""
        match target.kind:
            case "definition":
                self._waiting.append(Unit(target.module, target.name))
            case "module":
                self._take_module(target.module)
            case "outside":
                self._outside |= {target.name.partition(".")[0]} - sys.stdlib_module_names
                self._reads_hints |= target.name in _READERS_OF_HINTS
                self._reads_hints |= target.name.startswith(_MODULES_OF_READERS)
                self._reads_comments |= target.name.startswith(_READERS_OF_COMMENTS)
                self._named.add(target.name.rpartition(".")[2])
            case "place" | "templates":
                self._files |= self._data.digests(self._module(target.module), target.name)
                if target.kind == "templates":
                    words = self._data.words(self._module(target.module), target.name)
                    self._read(words)
                    self._unseen |= {Unseen("code", word, target.module, 1) for word in words & INSIDES}
            case "attribute":
                self._read({target.name})
            case "method":
                self._methods.called.add(target.name)
                self._stored.add(target.name)
            case "attributes":
                self._methods.any = True
            case "hints":
                self._reads_hints = True

    def _read(self, names: Iterable[str]) -> None:
        self._methods.unknown.update(names)
        self._methods.called.update(names)

    def _touch(self, name: str, importer: str = "") -> None:
        """Follow what happens when a module is imported: in it, in all that it imports, in their packages."""
        module = self._modules.load(name) if name not in self._touched else None
        self._touched.add(name)
        if name in self._modules.compiled and (home := self._modules.load(importer)):
            self._unseen.add(Unseen("compiled", name, importer, home.line_of(name)))
        if module is None:
            self._imports |= {name.partition(".")[0]} if self._modules.is_elsewhere(name) else set()
            return
        if self._effects.loose(name):
            self._waiting.append(Unit(name))
            self._acting.append(name)
        for other in {name.rpartition(".")[0], *module.loads} - self._touched:
            self._touch(other, name)

    def _order_of_effects(self) -> list[str]:
        """List the modules that do something on import, in the order in which they do it."""
        order: list[str] = []
        seen = {""}

        def enter(name: str) -> None:
            module = self._modules.load(name) if name not in seen else None
            seen.add(name)
            if module is None:
                return
            enter(name.rpartition(".")[0])
            loose = set(map(id, self._effects.loose(name)))
            for statement in module.statements:
                for other in module.loads_of(statement):
                    enter(other)
                if id(statement) in loose and order[-1:] != [name]:
                    order.append(name)

        enter(self._start)
        return order

    def _take_module(self, name: str) -> None:
        """Follow every name of a module, and every module of a package."""
        module = self._modules.load(name)
        if module is None or name in self._whole:
            return
        self._whole.add(name)
        self._touch(name)
        refs = [*(Ref(name, (part,)) for part in module.bound), *(Ref(star, ()) for star in module.stars)]
        for target in (target for ref in refs for target in self._modules.find(ref)):
            self._reach(target)
        for below in self._modules.below(name):
            self._take_module(below)

    def _facts(self, unit: Unit) -> Facts:
        return self._definitions.facts(unit, self._recorded)

    def _module(self, name: str) -> Module:
        module = self._modules.load(name)
        assert module
        return module
