"""The search from one definition to everything that it can depend on."""

import sys
from collections.abc import Iterable
from typing import NamedTuple

from stagecraft.code.data import Data
from stagecraft.code.definitions import Definitions, Facts
from stagecraft.code.methods import Methods
from stagecraft.code.names import Ref
from stagecraft.code.nodes import is_function, parameters
from stagecraft.code.source import Module
from stagecraft.code.targets import Target, Unit

# Attributes that may return anything that the project has.
_ANYTHING = {"__builtins__", "__globals__", "__subclasses__", "f_globals"}


class Reach(NamedTuple):
    """What the result of a function can depend on.

    Attributes:
        definitions: digests of the syntax of functions, classes, methods, constants and loose statements,
            and of the content of data files, by name.
        modules: top-level names of the modules, neither the project's nor Python's, that this code uses.
        attributes: those that this code reads, of whatever object.
        reads_any: this code may read an attribute without naming it.
    """

    definitions: dict[str, str]
    modules: frozenset[str]
    attributes: frozenset[str]
    reads_any: bool


class Search:
    """One walk over code.

    Args:
        recorded: what is recorded counts.
    """

    def __init__(self, definitions: Definitions, data: Data, recorded: bool = False) -> None:
        self._definitions, self._data, self._recorded = definitions, data, recorded
        self._modules, self._classes = definitions.modules, definitions.classes
        self._methods = Methods(self._classes)
        self._waiting: list[Unit] = []
        self._units: set[Unit] = set()
        self._whole: set[str] = set()
        self._touched = {""}
        self._files: dict[str, str] = {}
        self._outside: set[str] = set()
        self._reads: set[str] = set()
        self._reads_any = False

    def run(self, targets: Iterable[Unit]) -> Reach:
        """Follow definitions until nothing new turns up."""
        self._waiting += targets
        for target in self._waiting:
            for node in filter(is_function, self._modules.bound(target)):
                hints = (parameter.annotation for parameter in parameters(node.args))
                self._methods.give(filter(None, hints), target.module)
        while self._waiting:
            while self._waiting:
                self._take(self._waiting.pop())
            self._waiting += set(self._methods.due()) - self._units
        digests: dict[str, str] = {}
        for unit in sorted(self._units):
            # A class of a package and a module in it may share a name, and so may what they hold.
            digests[str(unit)] = digests.get(str(unit), "") + self._facts(unit).digest
        definitions = dict(sorted((digests | self._files).items()))
        reads_any = self._reads_any or self._methods.any
        return Reach(definitions, frozenset(self._outside), frozenset(self._reads), reads_any)

    def _take(self, unit: Unit) -> None:
        """Follow one unit."""
        if unit in self._units:
            return
        self._units.add(unit)
        facts = self._facts(unit)
        self._read(facts.reads)
        # A class body calls its own functions by their bare names.
        own = self._classes.methods(unit._replace(method="")).keys() & facts.bare
        self._methods.called |= facts.stores | own
        for target in facts.targets:
            self._reach(target)
        for base in facts.bases:
            self._methods.open(Unit(base.module, base.name))
        if not unit.method and self._classes.named(unit):
            self._methods.use(unit)
        for name in (unit.module, *facts.loads):
            self._touch(name)

    def _reach(self, target: Target) -> None:
        """Follow what a name leads to."""
        match target.kind:
            case "definition":
                self._waiting.append(Unit(target.module, target.name))
            case "module":
                self._take_module(target.module)
            case "outside":
                self._outside |= {target.name.partition(".")[0]} - sys.stdlib_module_names
            case "place" | "templates":
                self._files |= self._data.digests(self._module(target.module), target.name)
                if target.kind == "templates":
                    self._read(self._data.words(self._module(target.module), target.name))
            case "attribute":
                self._read({target.name})
            case "method":
                self._methods.called.add(target.name)
            case "attributes":
                self._methods.any = True
            case "fields":
                self._reads_any = True
            case "anything":
                self._take_everything()

    def _read(self, names: Iterable[str]) -> None:
        self._reads.update(names)
        self._methods.called.update(names)
        if not _ANYTHING.isdisjoint(names):
            self._take_everything()

    def _touch(self, name: str) -> None:
        """Follow what happens when a module is imported: in it, in all that it imports, in their packages."""
        module = self._modules.load(name) if name not in self._touched else None
        self._touched.add(name)
        if module is None:
            return
        effects = self._definitions.effects
        self._waiting += [Unit(name)] if effects.loose(name) else []
        self._waiting += effects.registered(name)
        for other in (name.rpartition(".")[0], *module.loads):
            self._touch(other)

    def _take_everything(self) -> None:
        self._methods.any = True
        for name in self._modules.everything():
            self._take_module(name)

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
