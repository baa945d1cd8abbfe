"""Which methods of the classes that count may be called."""

import ast
from collections.abc import Iterable, Iterator

from stagecraft.code.classes import Classes
from stagecraft.code.names import Ref
from stagecraft.code.nodes import called, is_special, named
from stagecraft.code.owners import CLASS
from stagecraft.code.targets import Unit

# What libraries call on objects of any class: on files, on filters of logs, on mappings, on work to be done,
# on models, whose base may be left out of keys.
_EXPECTED = {
    *("close", "filter", "flush", "keys", "model_post_init", "read", "readinto", "readline", "readlines"),
    *("run", "seek", "tell", "write", "writelines"),
}
# What makes an object; for one from outside that has happened before.
_MAKING = {"__init__", "__init_subclass__", "__new__", "__post_init__", "__set_name__"}


# Where what models inherit from stands; what is left out of keys has no name.
_MODELS = {"", "pydantic"}


class Methods:
    """A method may be called once its name is read anywhere in the code that counts.

    Attributes:
        called: names that methods may be called by.
        any: they may be called without their names being read.
        unknown: attributes that are read on objects of whatever class.
        fields: those that are read on objects of a class of the project, with its name.
        given: classes of objects that come from outside the code.
    """

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self.called: set[str] = set()
        self.any = False
        self.unknown: set[str] = set()
        self.fields: set[tuple[str, str]] = set()
        self._used: set[Unit] = set()
        self._overriding: set[Unit] = set()
        self.given: set[Unit] = set()
        self._open: set[Unit] = set()

    def use(self, unit: Unit) -> None:
        """Count a class that is used."""
        self._used.add(unit)
        self._overriding |= self._classes.overriding(unit)
        if self._classes.family(unit).open or self._classes.is_marked(unit, "runtime_checkable"):
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
        for unit in relatives - self.given:
            self.given.add(unit)
            self._overriding |= self._classes.overriding(unit)
            self.give(_held(self._classes.modules.bound(unit)), unit.module)

    def due(self) -> Iterator[Unit]:
        """List the methods that may be called, and what is read of classes that nothing names."""
        for unit in self._used | self.given:
            for name in self._classes.methods(unit):
                if self._may_be_called(unit, name):
                    yield unit._replace(method=name)
        for unit in self.given - self._used:
            if self._classes.named(unit) and self._is_told(unit):
                yield unit
            for name in self._classes.attributes(unit):
                if self.any or name in self.called:
                    yield unit._replace(method=name)

    def _is_told(self, unit: Unit) -> bool:
        """Tell whether more of a class may be read, by its objects, than their fields."""
        family = self._classes.family(unit)
        is_model = any(base.name.partition(".")[0] in _MODELS for base in family.outside)
        whole = {(str(one), "*") for one in family.classes} | {(base.name, "*") for base in family.outside}
        is_read = self.any or CLASS in self.unknown or not whole.isdisjoint(self.fields)
        return not is_model or is_read or any(map(self._hands_on_class, family.classes))

    def _hands_on_class(self, unit: Unit) -> bool:
        """Tell whether a method that is called is handed the class."""
        methods = (nodes for name, nodes in self._classes.methods(unit).items() if name in self.called)
        marks = (mark for nodes in methods for node in nodes for mark in node.decorator_list)
        return any(called(mark)[-1:] == ("classmethod",) for mark in marks)

    def _may_be_called(self, unit: Unit, name: str) -> bool:
        is_expected = name in self.called or name in _EXPECTED
        if self.any or is_expected or unit._replace(method=name) in self._overriding:
            return True
        # Python itself calls `__len__`, and an Enum `_missing_`.
        if unit not in self._used:
            return is_special(name) and name not in _MAKING
        return is_special(name) or unit in self._open or self._classes.is_called_unseen(unit, name)


def _held(statements: Iterable[ast.stmt]) -> Iterator[ast.expr]:
    """List what says which objects a class holds, or what a name for several classes stands for."""
    for statement in statements:
        if isinstance(statement, ast.ClassDef):
            yield from (part.annotation for part in statement.body if isinstance(part, ast.AnnAssign))
        elif isinstance(value := getattr(statement, "value", None), ast.expr):
            yield value
