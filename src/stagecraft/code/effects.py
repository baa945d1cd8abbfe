"""What modules do when they are imported, besides giving names."""

import ast
import builtins

from stagecraft.code.classes import Classes
from stagecraft.code.names import Ref, at_once, bound
from stagecraft.code.nodes import called, dotted, is_function
from stagecraft.code.source import Module, inside
from stagecraft.code.targets import Target, Unit

_NAMING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What from outside only makes a value; of all else it can't be told.
_MAKERS = tuple(
    f"{name}."
    for name in (
        *("collections", "dataclasses", "datetime", "enum", "fractions", "functools", "itertools", "json"),
        *("math", "operator", "pathlib", "pydantic", "re", "regex", "string", "threading", "types"),
        *("typing", "decimal.Decimal", "logging.getLogger", "numpy.array", "numpy.arange"),
        *("numpy.linspace", "torch.tensor"),
    )
)
_DOERS = {"__import__", "compile", "delattr", "eval", "exec", "globals", "input", "print", "setattr", "vars"}
# Methods that leave their object as it is.
_READERS = {"copy", "format", "get", "items", "join", "keys", "split", "values"}
# What runs when an object of a class is made.
_MAKING = {"__init__", "__new__", "__post_init__", "model_post_init"}


class Effects:
    """Finds what modules do on import, and reads each once."""

    def __init__(self, classes: Classes) -> None:
        self._classes, self._modules = classes, classes.modules
        self._loose: dict[str, list[ast.stmt]] = {}
        self._registered: dict[str, list[Unit]] = {}

    def loose(self, name: str) -> list[ast.stmt]:
        """List the statements of a module that do something besides giving names, or give one anew."""
        if name not in self._loose:
            module = self._modules.load(name)
            found = [part for part in module.statements if self._is_loose(part, module)] if module else []
            self._loose[name] = found
        return self._loose[name]

    def registered(self, name: str) -> list[Unit]:
        """List what a module hands to the project's code, which may keep it: `@register`, `@table.add`."""
        if name not in self._registered:
            module = self._modules.load(name)
            units = [Unit(name, part) for part in (module.bound if module else ())]
            self._registered[name] = [unit for unit in units if self._is_registered(unit)]
        return self._registered[name]

    def _is_loose(self, statement: ast.stmt, module: Module) -> bool:
        if isinstance(statement, _NAMING):
            return False
        again = any(module.times[name] > 1 for name in bound([statement], "") if name != "__all__")
        return again or _does(statement) or self._acts(statement, module.name)

    def _is_registered(self, unit: Unit) -> bool:
        classes = self._classes.named(unit)
        nodes = [*classes, *filter(is_function, self._modules.bound(unit))]
        marks = [called(mark) for node in nodes for mark in node.decorator_list]
        targets = [target for mark in marks for target in self._find(mark, unit.module)]
        is_kept = any(target.kind == "definition" for target in targets)
        return is_kept or any(self._acts(node, unit.module) for node in nodes) or self._is_told(unit)

    def _is_told(self, unit: Unit) -> bool:
        """Whether what a class is made from is told of it."""
        relatives = self._classes.family(unit).classes if self._classes.named(unit) else ()
        methods = [self._classes.methods(relative) for relative in relatives if relative != unit]
        return any("__init_subclass__" in names for names in methods) or any(
            map(self._has_metaclass, relatives)
        )

    def _has_metaclass(self, unit: Unit) -> bool:
        """Whether a class is made by one of the project."""
        words = [word for node in self._classes.named(unit) for word in node.keywords]
        makers = [dotted(word.value) for word in words if word.arg == "metaclass"]
        return any(
            target.kind == "definition" for maker in makers for target in self._find(maker, unit.module)
        )

    def _acts(self, node: ast.AST, home: str) -> bool:
        """Whether something that is called here at once may do more than make a value."""
        calls = (part for part in at_once(node) if isinstance(part, ast.Call))
        return any(self._may_act(call.func, home) for call in calls)

    def _may_act(self, function: ast.expr, home: str) -> bool:
        if isinstance(function, ast.Lambda):
            return self._acts(function.body, home)
        path = called(function)
        if not path:
            # A method of a value that was made right here leaves others alone.
            return not isinstance(function, ast.Attribute)
        if len(path) > 1 and path[-1] in _READERS:
            return False
        owners = self._find(path[:-1], home)
        is_method = any(owner.kind == "definition" for owner in owners)
        return is_method or any(self._target_acts(target) for target in self._find(path, home))

    def _target_acts(self, target: Target) -> bool:
        if target.kind == "outside":
            top, _, rest = target.name.partition(".")
            first = rest.partition(".")[0]
            is_builtin = top == "builtins" and hasattr(builtins, first) and first not in _DOERS
            return not is_builtin and not f"{target.name}.".startswith(_MAKERS)
        unit = Unit(target.module, target.name)
        if self._classes.named(unit):
            relatives = self._classes.family(unit).classes
            return any(not _MAKING.isdisjoint(self._classes.methods(relative)) for relative in relatives)
        return any(self._constant_acts(part, target.module) for part in self._modules.bound(unit))

    def _constant_acts(self, statement: ast.stmt, home: str) -> bool:
        """Whether calling what is defined here may do something; `partial(f, …)` does what `f` does."""
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.Call) or not value.args:
            return True
        makers = {target.name for target in self._find(called(value.func), home)}
        return makers != {"functools.partial"} or self._may_act(value.args[0], home)

    def _find(self, path: tuple[str, ...], home: str) -> tuple[Target, ...]:
        return self._modules.find(Ref("", path), home) if path else ()


def _does(statement: ast.stmt) -> bool:
    """Whether a statement by its kind does something besides giving names."""
    match statement:
        case ast.Assign(targets=targets):
            parts = (part for target in targets for part in ast.walk(target))
            return any(isinstance(part, ast.Attribute | ast.Subscript) for part in parts)
        case ast.AnnAssign(target=target):
            return not isinstance(target, ast.Name)
        case ast.AugAssign(target=target):
            return dotted(target) != ("__all__",)
        case ast.Expr(value=value):
            return not isinstance(value, ast.Constant)
        case ast.Delete() | ast.Assert() | ast.Raise():
            return True
    inner = [] if isinstance(statement, _NAMING) else inside(statement)
    return any(map(_does, inner)) or (bool(inner) and not bound([statement], ""))
