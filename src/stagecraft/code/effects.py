"""What modules do when they are imported, besides defining what stands in them.

Only what is known to define is followed by name. All else counts whole, for whoever imports the module.
"""

import ast
from collections.abc import Iterable

from stagecraft.code.classes import Classes
from stagecraft.code.known import Level
from stagecraft.code.names import defaults, loaded
from stagecraft.code.nodes import Function, called, is_function, is_special, parameters
from stagecraft.code.pure import At, Pure
from stagecraft.code.targets import Target, Unit, definitions
from stagecraft.code.unseen import LEADING

# Decorators that keep nothing of what they are put on, and call it only when it is called itself.
_HARMLESS = frozenset(
    {
        *(f"builtins.{name}" for name in ("classmethod", "property", "staticmethod")),
        *("abc.abstractmethod", "contextlib.asynccontextmanager", "contextlib.contextmanager"),
        *("dataclasses.dataclass", "enum.unique"),
        *(f"functools.{name}" for name in ("cache", "cached_property", "lru_cache", "singledispatch")),
        *("functools.total_ordering", "functools.wraps"),
        *(f"pydantic.{name}" for name in ("computed_field", "field_serializer", "field_validator")),
        *(f"pydantic.{name}" for name in ("model_serializer", "model_validator", "validate_call")),
        *("pydantic.dataclasses.dataclass", "triton.jit"),
        *("torch.autograd.function.once_differentiable", "torch.inference_mode", "torch.no_grad"),
        *(f"typing.{name}" for name in ("final", "overload", "override", "runtime_checkable")),
        *(f"typing_extensions.{name}" for name in ("final", "overload", "override", "runtime_checkable")),
    }
)
_ACCESSORS = {("deleter",), ("getter",), ("setter",)}
# Bases from outside that do nothing with the classes that inherit from them.
_BASES = frozenset(
    {
        *("json.JSONDecoder", "json.JSONEncoder", "logging.Filter", "logging.Formatter", "logging.Handler"),
        *("pydantic.Secret", "string.Formatter", "threading.Thread", "torch.autograd.Function"),
        "torch.nn.Module",
        *(
            f"builtins.{name}"
            for name in ("dict", "float", "frozenset", "int", "list", "set", "str", "tuple")
        ),
    }
)
# Methods by which a class is told where it is used as a base or a type, or its objects where they are kept.
_TOLD = {
    *("__class_getitem__", "__get_pydantic_core_schema__", "__get_pydantic_json_schema__"),
    *("__init_subclass__", "__pydantic_init_subclass__", "__set_name__"),
}
# Methods that make the members of an Enum.
_MAKING = frozenset({"__init__", "__new__", "_generate_next_value_"})
# Module-level functions that Python calls when a name is not found.
_FALLBACKS = {"__dir__", "__getattr__"}


class Effects:
    """Finds what modules do on import, and reads each once."""

    def __init__(self, classes: Classes) -> None:
        self._classes, self._modules = classes, classes.modules
        self._pure = Pure(classes, self._is_only_defined)
        self._loose: dict[str, list[ast.stmt]] = {}
        self._defined: dict[Unit, bool] = {}

    def loose(self, name: str) -> list[ast.stmt]:
        """List the statements of a module that may do something besides defining a name once."""
        if name not in self._loose:
            module = self._modules.load(name)
            units = {Unit(name, part) for part in (module.bound if module else ())}
            again = {
                id(part) for unit in units if self._is_bound_again(unit) for part in self._modules.bound(unit)
            }
            statements = module.statements if module else []
            self._loose[name] = [
                part for part in statements if id(part) in again or not self._defines(part, At(name))
            ]
        return self._loose[name]

    def _is_only_defined(self, unit: Unit) -> bool:
        """Tell whether all that binds a name only defines it; what depends on itself does not."""
        if unit not in self._defined:
            self._defined[unit] = False
            parts = self._modules.bound(unit)
            self._defined[unit] = not self._is_bound_again(unit) and all(
                self._defines(part, At(unit.module)) for part in parts
            )
        return self._defined[unit]

    def _is_bound_again(self, unit: Unit) -> bool:
        module = self._modules.load(unit.module)
        if module is None or module.times[unit.name] < 2:
            return False
        before = self._modules.bound(unit)[:-1]
        return not before or not all(
            is_function(part) and self._is_overload(part, unit.module) for part in before
        )

    def _defines(self, statement: ast.stmt, at: At, in_class: bool = False) -> bool:
        """Tell whether a statement only defines."""
        match statement:
            case ast.Import() | ast.ImportFrom():
                return self._only_imports(statement, at)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return (in_class or statement.name not in _FALLBACKS) and self._defines_function(
                    statement, at
                )
            case ast.ClassDef():
                return self._defines_class(statement, at)
            case ast.Assign(targets=targets, value=value):
                level = self._pure.level(value, at)
                return all(_is_name(part, value, level) for part in targets) and level >= Level.VALUE
            case ast.AnnAssign(target=target, annotation=hint, value=value):
                return (
                    _is_name(target, value or hint, Level.ANY)
                    and self._pure.is_type(hint, at)
                    and self._makes_values([value], at)
                )
        is_idle = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        return is_idle or type(statement).__name__ in {"Pass", "TypeAlias"}

    def _only_imports(self, node: ast.Import | ast.ImportFrom, at: At) -> bool:
        """Tell whether an import takes neither all names, nor something of a library that nothing names."""
        module, is_of_library = self._modules.load(at.module), self._modules.is_of_library
        if any(alias.name == "*" for alias in node.names) or module is None:
            return False
        taken = any(map(is_of_library, loaded(node, module.package)))
        return not taken or not any(map(is_of_library, module.unused(node)))

    def _defines_function(self, node: Function, at: At) -> bool:
        hints = [node.returns, *(parameter.annotation for parameter in parameters(node.args))]
        return (
            self._are_harmless(node.decorator_list, at)
            and self._makes_values(defaults(node.args), at)
            and all(self._pure.is_type(hint, at) for hint in hints if hint)
        )

    def _defines_class(self, node: ast.ClassDef, at: At) -> bool:
        words = [word.value for word in node.keywords if word.arg != "metaclass"]
        makers = [word.value for word in node.keywords if word.arg in {"metaclass", None}]
        inner = At(at.module, {**at.own, **self._pure.own(node.body, at)})
        methods = {part.name for part in node.body if is_function(part)}
        is_told = not _TOLD.isdisjoint(methods)
        is_given = any(is_special(name) and level < Level.VALUE for name, level in inner.own.items())
        return (
            not (is_told or is_given)
            and self._are_harmless(node.decorator_list, at)
            and all(self._is_quiet_base(base, at) for base in node.bases)
            and all(self._is_quiet_metaclass(maker, at) for maker in makers)
            and not self._makes_members(node, at)
            and self._makes_values(words, at)
            and all(self._defines(part, inner, in_class=True) for part in node.body)
        )

    def _is_quiet_base(self, base: ast.expr, at: At) -> bool:
        """Tell whether what a class inherits from does nothing with it."""
        path = called(base)
        is_known = bool(path) and path[0] not in at.own and not self._modules.after(path, at.module)
        # What stands in brackets, or is called, is looked at as a value besides.
        is_plain = isinstance(base, ast.Name | ast.Attribute) or self._makes_values([base], at)
        return is_known and is_plain and all(map(self._is_quiet, self._pure.find(path, at)))

    def _is_quiet_metaclass(self, maker: ast.expr, at: At) -> bool:
        """Tell whether what makes a class is from outside, and does nothing else with it."""
        found = self._pure.find(called(maker), at)
        return bool(found) and all(to.kind == "outside" and self._classes.is_quiet(to) for to in found)

    def _makes_members(self, node: ast.ClassDef, at: At) -> bool:
        """Tell whether a class makes its objects as it is made, as an Enum does, by methods of its own."""
        bases = [to for base in node.bases for to in self._pure.find(called(base), at)]
        relatives = list(map(self._classes.family, definitions(bases)))
        outside = {to.name for to in bases}.union(*({to.name for to in one.outside} for one in relatives))
        methods = {part.name for part in node.body if is_function(part)}
        methods |= {name for one in relatives for unit in one.classes for name in self._classes.methods(unit)}
        return any(name.startswith("enum.") for name in outside) and not _MAKING.isdisjoint(methods)

    def _is_quiet(self, to: Target) -> bool:
        if to.kind == "outside":
            return to.name in _BASES or self._classes.is_quiet(to)
        unit = Unit(to.module, to.name)
        return bool(self._classes.named(unit)) and self._is_only_defined(unit)

    def _are_harmless(self, marks: Iterable[ast.expr], at: At) -> bool:
        return all(self._is_harmless(mark, at) for mark in marks)

    def _is_harmless(self, mark: ast.expr, at: At) -> bool:
        path = called(mark)
        if path[1:] in _ACCESSORS and at.own.get(path[0], Level.ANY) >= Level.VALUE:
            return True
        found = self._pure.find(path, at) if path[:1] and path[0] not in at.own else ()
        given = [*mark.args, *(word.value for word in mark.keywords)] if isinstance(mark, ast.Call) else []
        is_known = bool(found) and all(to.kind == "outside" and to.name in _HARMLESS for to in found)
        return is_known and self._makes_values(given, at)

    def _is_overload(self, node: Function, module: str) -> bool:
        found = [to.name for mark in node.decorator_list for to in self._pure.find(called(mark), At(module))]
        return bool(found) and all(name.endswith(".overload") for name in found)

    def _makes_values(self, nodes: Iterable[ast.expr | None], at: At) -> bool:
        return all(self._pure.level(node, at) >= Level.VALUE for node in nodes if node)


def _is_name(target: ast.expr, value: ast.expr, level: Level) -> bool:
    """Tell whether giving a target a value only binds names; what is no data may not be iterated over."""
    if isinstance(target, ast.Tuple | ast.List):
        is_safe = level >= Level.OUTSIDE or isinstance(value, ast.Tuple | ast.List)
        return is_safe and all(_is_name(part, value, level) for part in target.elts)
    return isinstance(target, ast.Name) and target.id not in LEADING
