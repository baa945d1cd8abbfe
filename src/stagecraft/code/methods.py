"""Which methods of the classes that count may be called."""

import ast
from collections.abc import Iterable, Iterator

from stagecraft.code.classes import Classes
from stagecraft.code.names import Ref
from stagecraft.code.nodes import named
from stagecraft.code.targets import Unit

# What libraries call on objects of any class: on files, on mappings, on work to be done, on models.
_EXPECTED = {"close", "flush", "keys", "model_post_init", "read", "readline", "run", "write"}
# What makes an object; for one from outside that has happened before.
_MAKING = {"__init__", "__init_subclass__", "__new__", "__post_init__", "__set_name__"}


class Methods:
    """A method may be called once its name is read anywhere in the code that counts.

    Attributes:
        called: names that methods may be called by.
        any: they may be called without their names being read.
    """

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self.called: set[str] = set()
        self.any = False
        self._used: set[Unit] = set()
        self._given: set[Unit] = set()
        self._open: set[Unit] = set()

    def use(self, unit: Unit) -> None:
        """Count a class that is used."""
        self._used.add(unit)
        if self._classes.family(unit).open:
            self.open(unit)

    def open(self, unit: Unit) -> None:
        """Count a class whose methods something outside the project may call."""
        self._open |= self._classes.family(unit).classes

    def give(self, hints: Iterable[ast.expr], home: str) -> None:
        """Count classes of objects that come from outside the code, and of what these hold."""
        module = self._classes.modules.load(home)
        hinted = module.hinted if module else {}
        paths = [path for hint in hints for path in named(hint)]
        refs = [ref.on(*path[1:]) for path in paths for ref in (Ref("", path[:1]), *hinted.get(path[0], ()))]
        found = [target for ref in refs for target in self._classes.modules.find(ref, home)]
        units = {Unit(target.module, target.name) for target in found if target.kind == "definition"}
        relatives = units.union(*(self._classes.family(unit).classes for unit in units))
        for unit in relatives - self._given:
            self._given.add(unit)
            self.give(_held(self._classes.modules.bound(unit)), unit.module)

    def due(self) -> Iterator[Unit]:
        """List the methods that may be called, and attributes that are read of classes that nothing names."""
        for unit in self._used | self._given:
            for name in self._classes.methods(unit):
                if self._may_be_called(unit, name):
                    yield unit._replace(method=name)
        for unit in self._given - self._used:
            for name in self._classes.attributes(unit):
                if self.any or name in self.called:
                    yield unit._replace(method=name)

    def _may_be_called(self, unit: Unit, name: str) -> bool:
        if self.any or name in self.called or name in _EXPECTED:
            return True
        # Python itself calls `__len__`, and an Enum `_missing_`.
        is_special = name.startswith("_") and name.endswith("_")
        if unit not in self._used:
            return is_special and name not in _MAKING
        return is_special or unit in self._open or self._classes.is_called_unseen(unit, name)


def _held(statements: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    """List what says which objects a class holds, or what a name for several classes stands for."""
    for statement in statements:
        if isinstance(statement, ast.ClassDef):
            yield from (part.annotation for part in statement.body if isinstance(part, ast.AnnAssign))
        elif isinstance(value := getattr(statement, "value", None), ast.expr):
            yield value
