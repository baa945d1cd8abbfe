"""Whether what modules import is there, as far as that can be told without importing anything."""

import ast
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import NamedTuple

from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref, taken
from stagecraft.code.nodes import is_function
from stagecraft.code.source import Module

#: by these a module may get names that none of its statements shows.
UNSEEN = ("__dict__", "exec", "globals", "locals", "setattr", "sys.modules", "vars")


class Absent(NamedTuple):
    """Something that a module imports and that is not there; `line` is that of the import."""

    name: str
    home: Module
    line: int


class Missing:
    """Finds imports at the top level of modules, and of those that they import, of what is not there.

    Those within `try` and `if` may be meant to fail, or never be asked for; so may those within functions,
    but for what is of the project.
    """

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._is_installed, self._read = cache(_is_installed), cache(self._read_imports)

    def find(self, name: str, within: Collection[str]) -> Absent | None:
        """Find something that a module of the project can't be imported without; None if all is there.

        Args:
            within: the modules that are looked at, of those that it imports.
        """
        seen, left = {name}, [name]
        while left:
            absent, imports = self._read(left.pop())
            if absent:
                return absent
            onward = imports & set(within) - seen
            seen |= onward
            left += sorted(onward)
        return None

    def _read_imports(self, name: str) -> tuple[Absent | None, frozenset[str]]:
        """Find what a module imports that is not there, and name all that may be modules that it imports."""
        home, names = self._modules.read(name), set[str]()
        for statement, ref in _imports(home) if home else ():
            if home and (absent := self._absent(ref)):
                return Absent(absent, home, statement.lineno), frozenset()
            names |= {ref.module, ".".join((ref.module, *ref.path))}
        for statement, ref in _later_imports(home) if home else ():
            if home and not self._modules.is_outside(ref.module) and (absent := self._absent(ref)):
                return Absent(absent, home, statement.lineno), frozenset()
        return None, frozenset(names)

    def _absent(self, ref: Ref) -> str:
        """Name what of an import is not there."""
        top = ref.module.partition(".")[0]
        if self._modules.is_outside(top):
            return "" if self._is_installed(top) else top
        if not self._is_there(ref.module):
            return ref.module
        whole = ".".join((ref.module, *ref.path))
        home = self._modules.read(ref.module)
        is_told = not (home and ref.path) or self._may_have(home, ref.path[0]) or self._is_there(whole)
        return "" if is_told else whole

    def _is_there(self, name: str) -> bool:
        return self._modules.read(name) is not None or name in self._modules.compiled

    @staticmethod
    def _may_have(home: Module, name: str) -> bool:
        is_known = name in home.bound or "__getattr__" in home.bound or name.startswith("__") or name == "*"
        return is_known or bool(home.stars) or any(map(home.names, UNSEEN))


def _imports(module: Module) -> Iterator[tuple[ast.stmt, Ref]]:
    """List what the statements of a module import, but for those within others."""
    return _imports_of(module.statements, module.package)


def _later_imports(module: Module) -> Iterator[tuple[ast.stmt, Ref]]:
    """List what its functions and methods import, but for what stands within other statements of theirs."""
    inner = (part for node in module.statements if isinstance(node, ast.ClassDef) for part in node.body)
    for node in filter(is_function, (*module.statements, *inner)):
        yield from _imports_of(node.body, module.package)


def _imports_of(statements: Sequence[ast.stmt], package: str) -> Iterator[tuple[ast.stmt, Ref]]:
    return ((statement, ref) for statement in statements for ref in taken(statement, package))


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # it was made by hand
        return True
