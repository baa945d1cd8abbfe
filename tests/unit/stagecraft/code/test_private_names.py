"""Private names are followed as Python reads them: in a class, `__price` means `_Apple__price`."""

import ast
import symtable

import pytest

from stagecraft.code.mangling import with_private_names
from tests.unit.stagecraft.code.conftest import Changed

OWN = """class Apple:
  def __price(self): return 1
  def told(self): return {}
def target(): return {}
"""
HOOK = """class Base:
  def told(self): return self.__hook()
  def __hook(self): return 0
class Apple(Base):
  def _Base__hook(self): return 1
def target(): return Apple().told()
"""
GLOBAL = """def _Apple__price(): return 1
class Apple:
  def told(self): return __price()
def target(): return Apple().told()
"""


@pytest.mark.parametrize(
    "text",
    [
        OWN.format(0, "Apple()._Apple__price()"),
        OWN.format("self._Apple__price()", "Apple().told()"),
        OWN.format("getattr(self, '_Apple__price')()", "Apple().told()"),
        OWN.format("self.__price()", "Apple().told()").replace("Apple", "_Apple"),
        *(HOOK, GLOBAL),
    ],
)
def test_a_private_name_is_followed_by_whatever_it_is_called(changed: Changed, text: str) -> None:
    assert changed(text, "return 1", "return 2")


TEXT = """
class _Apple:
    __price = 1
    def told(self, __given):
        import os as __os, __main__
        from b import __taken
        for __each in ():
            def __inner(): global __here
        try: ...
        except ValueError as __error: ...
        match 1:
            case {**__rest}: ...
            case [__first, *__more]: ...
    class __Pear(list, metaclass=__maker):
        def told(self): return __outer, self.__dict__
class __(_Apple): __price = 2
"""


def names_in(table: symtable.SymbolTable) -> set[str]:
    return {*table.get_identifiers()}.union(*map(names_in, table.get_children()))


def test_they_are_written_out_as_python_does() -> None:
    tree = with_private_names(ast.parse(TEXT), TEXT.encode())
    assert {name for name in names_in(symtable.symtable(TEXT, "", "exec")) if "__" in name} == {
        name for name in names_in(symtable.symtable(ast.unparse(tree), "", "exec")) if "__" in name
    }
    assert "_Pear__outer" in ast.unparse(tree)


def test_where_there_are_none_nothing_is_touched() -> None:
    text = "class A:\n    def __init__(self): self.__dict__, _b = 1, __name__"
    assert ast.dump(with_private_names(ast.parse(text), text.encode())) == ast.dump(ast.parse(text))
