"""Which classes' objects code makes once for all that runs in a process, as constants of modules are."""

import ast
from collections.abc import Iterable, Iterator

from stagecraft.code.classes import Classes
from stagecraft.code.names import Ref, at_once
from stagecraft.code.nodes import called, is_function
from stagecraft.code.targets import Unit, definitions


class Sharing:
    """Finds such classes, and reads each definition once."""

    def __init__(self, classes: Classes) -> None:
        self._classes, self._modules = classes, classes.modules
        self._made: dict[tuple[Unit, bool], set[Unit]] = {}

    def shared(self, names: Iterable[str]) -> set[str]:
        """Name the classes whose objects definitions hold, and those that these inherit from."""
        units = (Unit(*name.rpartition(".")[::2]) for name in names)
        made = {found for unit in units for found in self._made_by(unit, is_called=False)}
        return {str(one) for unit in made for one in self._classes.family(unit).classes}

    def _made_by(self, unit: Unit, is_called: bool) -> set[Unit]:
        """Find the classes that are called where a definition is made, or, if it is a function, called."""
        if (unit, is_called) not in self._made:
            made = self._made[unit, is_called] = set()  # what calls itself makes no more by that
            nodes = [node for part in self._modules.bound(unit) for node in _run(part, is_called)]
            names = {called(node) for node in nodes if isinstance(node, ast.Call)} - {()}
            refs = (Ref("", name) for name in names)
            for other in {one for ref in refs for one in definitions(self._modules.find(ref, unit.module))}:
                is_class = bool(self._classes.named(other))
                made |= {other} if is_class else self._made_by(other, is_called=True)
        return self._made[unit, is_called]


def _run(statement: ast.stmt, is_called: bool) -> Iterator[ast.AST]:
    """List what runs with a statement, once and for all."""
    # A decorator may keep what a function returns.
    is_whole = is_function(statement) and (is_called or bool(statement.decorator_list))
    return ast.walk(statement) if is_whole else at_once(statement)
