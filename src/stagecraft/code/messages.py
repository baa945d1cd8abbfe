"""Messages of errors: words for people, unless the code that is followed may catch what holds them."""

import ast
import builtins
from collections.abc import Collection, Iterable
from itertools import product

from stagecraft.code.classes import Classes
from stagecraft.code.nodes import changed, is_special
from stagecraft.code.targets import Target, Unit

# By these code may come by an error without naming its type.
HANDLERS = frozenset(
    {
        *("__aexit__", "__cause__", "__context__", "__exit__", "_exception", "error_callback", "exc_info"),
        *("excepthook", "exception", "format_exc", "gather", "push", "push_async_exit", "redirect_stderr"),
        *("set_exception_handler", "unraisablehook", "TestCase", "TestResult"),
    }
)
# What stands in these is handed on as a value.
_VALUES = {"StopAsyncIteration", "StopIteration", "SystemExit"}
# These hold others.
_GROUPS = {"BaseExceptionGroup", "ExceptionGroup"}


def silenced(node: ast.Raise) -> ast.Raise:
    """Take the words out of what is raised; the values in them stay."""
    if not isinstance(node.exc, ast.Call):
        return node
    parts = [value for argument in node.exc.args for value in _values(argument)]
    return changed(node, exc=changed(node.exc, args=parts))


def _values(argument: ast.expr) -> Iterable[ast.expr]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return []
    if isinstance(argument, ast.JoinedStr):
        return [part for part in argument.values if not isinstance(part, ast.Constant)]
    return [argument]


def words_count(raised: Collection[Target], caught: Collection[Target], classes: Classes) -> bool:
    """Tell whether the words of an error may be a value, as they are where it may be caught.

    Args:
        raised: what it may be; none may be anything.
        caught: the errors that the code at hand catches.
    """
    above, handlers = ([_names(target, classes) for target in found] for found in (raised, caught))
    if not (above and all(above) and all(handlers) and _VALUES.isdisjoint(*above)):
        return True
    if not all(_is_plain(Unit(target.module, target.name), classes) for target in raised):
        return True
    return any(_may_be(names, caught) for names, caught in product(above, handlers))


def _may_be(raised: dict[str, None], caught: dict[str, None]) -> bool:
    """Tell whether an error is of a class that is caught; what each inherits from is named after it."""
    # What makes an OSError chooses one of its subclasses.
    is_chosen = next(iter(raised)) == "OSError" and "OSError" in caught
    return is_chosen or next(iter(caught)) in raised


def _is_plain(unit: Unit, classes: Classes) -> bool:
    """Tell whether an error does nothing with its words, nor anybody else who does not catch it."""
    family = classes.family(unit).classes
    marks = (mark for one in family for node in classes.named(one) for mark in node.decorator_list)
    special = (name for one in family for name in classes.attributes(one) if is_special(name))
    return not any((*marks, *special, *map(classes.methods, family)))


def _names(target: Target, classes: Classes) -> dict[str, None]:
    """List the names of a class and of all that it inherits from; nothing where that can't be told."""
    if target.kind == "outside":
        kind = getattr(builtins, target.name.removeprefix("builtins."), None)
        names = {base.__name__: None for base in kind.__mro__} if isinstance(kind, type) else {}
        return names if _GROUPS.isdisjoint(names) else {}
    unit = Unit(target.module, target.name)
    if target.kind != "definition" or not classes.named(unit):
        return {}
    family = classes.family(unit)
    found = {str(unit): None} | {str(one): None for one in family.classes}
    for base in family.outside:
        names = _names(base, classes)
        if not names:
            return {}
        found |= names
    return found
