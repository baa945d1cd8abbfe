"""Whether decorators leave a function what its `def` says: what it takes, and that a call of it runs it."""

import ast
from collections import Counter
from collections.abc import Iterator

from stagecraft.code.known import are_among
from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref
from stagecraft.code.nodes import Function, dotted, is_function, is_lazy, own_nodes
from stagecraft.code.targets import Unit

# What may stand above a stage, as it is and called. Not what keeps or checks arguments, such as
# `functools.cache` and `pydantic.validate_call`: a stage is handed a record, and settings that can't be read
# as a whole.
_BARE = {
    "torch": "enable_grad inference_mode no_grad",
    "typing": "final no_type_check override",
    "typing_extensions": "final override",
}
_CALLED = {
    "numpy": "errstate",
    "torch": "enable_grad inference_mode no_grad",
    "typing_extensions": "deprecated",
    "warnings": "deprecated",
}
_WRAPS = {"functools": "wraps"}


class Decorators:
    """Finds decorators that may make something else of a function."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules

    def changing(self, function: Function, home: str) -> ast.expr | None:
        """Find a decorator of a function that is not known to leave it what it is.

        Args:
            home: the module that it stands in.
        """
        return next((mark for mark in function.decorator_list if not self._is_keeping(mark, home)), None)

    def _is_keeping(self, mark: ast.expr, home: str) -> bool:
        is_called = isinstance(mark, ast.Call)
        path = dotted(mark.func if isinstance(mark, ast.Call) else mark)
        found = self._modules.find(Ref("", path), home) if path else ()
        if are_among(_CALLED if is_called else _BARE, found):
            return True
        if len(found) != 1 or found[0].kind != "definition" or self._modules.after(path, home):
            return False
        unit = Unit(found[0].module, found[0].name)
        match self._modules.bound(unit):
            case [ast.FunctionDef() as decorator]:
                return self._keeps(decorator, unit.module, is_called)
        return False

    def _keeps(self, decorator: ast.FunctionDef, home: str, is_made: bool) -> bool:
        """Tell whether a decorator returns the function that it is given, or one that stands in for it.

        Args:
            is_made: it is not the decorator itself, but makes it.
        """
        returned = [node.value for node in own_nodes(decorator) if isinstance(node, ast.Return)]
        is_other = bool(decorator.decorator_list) or is_lazy(decorator)
        if is_other or not isinstance(decorator.body[-1], ast.Return):
            return False
        times = Counter(_bound_in(decorator))
        inner = {node.name: node for node in own_nodes(decorator) if isinstance(node, ast.FunctionDef)}
        given = [arg.arg for arg in (*decorator.args.posonlyargs, *decorator.args.args)][:1]

        def is_right(value: ast.expr | None) -> bool:
            if not isinstance(value, ast.Name):
                return False
            if value.id in inner and times[value.id] == 1:
                function = inner[value.id]
                return self._keeps(function, home, False) if is_made else self._stands_in(function, home)
            return not is_made and value.id in given and not times[value.id]

        return all(map(is_right, returned))

    def _stands_in(self, function: ast.FunctionDef, home: str) -> bool:
        """Tell whether a function takes whatever another one does, and is made with `wraps`."""
        args = function.args
        first = [*args.posonlyargs, *args.args]
        takes_all = args.kwarg and not args.kwonlyargs and len(first) <= 1 and (first or args.vararg)
        match function.decorator_list:
            case [ast.Call(func=name)] if takes_all and not is_lazy(function):
                return are_among(_WRAPS, self._modules.find(Ref("", dotted(name)), home))
        return False


def _bound_in(function: Function) -> Iterator[str]:
    """List the names that a function's body binds, as often as it does."""
    for node in own_nodes(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name
            case _ if is_function(node):
                yield node.name
