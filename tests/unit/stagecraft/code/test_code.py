"""What the result of a function can depend on, told from throwaway packages that are never imported."""

import ast
import inspect
import itertools
import re
import symtable
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stagecraft.code import Codebase, CodeError
from stagecraft.code.nodes import is_function
from stagecraft.code.syntax import Recording, to_plain
from stagecraft.code.uses import uses
from stagecraft.errors import StagecraftError, explain
from tests.unit.stagecraft.code.conftest import NAMES, Changed, Project

RECORDING = {"recording": ("log", "log_figure", "notice")}

# Rule 1: what syntax counts

DOCUMENTED = '''
"""About the module."""
import math
LIMIT: int = 3  # the limit

def target(text: str, size: "int" = 2) -> "list[int]":
    """About the function."""
    total: float = 0.0
    unset: str
    def inner(x: int) -> int:
        """About the inner one."""
        return x * LIMIT
    return [inner(ord(part)) for part in text + 'text'] + [Box(size)]

class Box:
    """About the class."""
    size: int
    """About the field."""
    def __init__(self, size: int) -> None:
        """About the method."""
        self.size: int = size
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # the limit", "  # what it is for"),
        ("About the module", "Other words"),
        ("About the function", "Other words"),
        ('    """About the inner one."""\n', ""),
        ('        """About the inner one."""', '        """Other."""'),
        ("About the class", "Other words"),
        ("About the field", "Other words"),
        ("About the method", "Other words"),
        ("x * LIMIT", "(x  *  LIMIT)"),
        ("'text'", 'u"text"'),
        ("[inner(ord(part)) for", "[\n        inner(ord(part))  # why\n        for"),
        ("import math\n", "import math\nimport json\nUNUSED = json.dumps(1)\ndef unused(): return UNUSED\n"),
    ],
)
def test_comments_docstrings_and_layout_change_nothing(changed: Changed, old: str, new: str) -> None:
    assert changed(DOCUMENTED, old, new) == set()


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("total: float = 0.0", "total: float = 1.0", {"main.target"}),
        ("LIMIT: int = 3", "LIMIT: int = 4", {"main.LIMIT"}),
        ("    size: int\n", "    size: float\n", {"main.Box"}),
        ("self.size: int = size", "self.size: int = size + 1", {"main.Box.__init__"}),
        ('"int" = 2', '"int" = 3', {"main.target"}),
        ("x * LIMIT", "x * 2", {"main.LIMIT", "main.target"}),
        ("text: str", "text: bytes", {"main.target"}),
        ('-> "list[int]"', "", {"main.target"}),
        ("    unset: str\n", "", {"main.target"}),
        ("LIMIT: int = 3", "LIMIT = 3", {"main.LIMIT"}),
        ("self.size: int = size", "self.size = size", {"main.Box.__init__"}),
    ],
)
def test_what_code_does_its_hints_and_the_fields_of_classes_count(
    changed: Changed, old: str, new: str, names: set[str]
) -> None:
    assert changed(DOCUMENTED, old, new) == names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(places=st.lists(st.integers(0, 12), max_size=6), text=st.text("ab#' é", max_size=8))
@pytest.mark.thorough
def test_comments_and_blank_lines_anywhere_change_nothing(
    project: Project, places: list[int], text: str
) -> None:
    lines = "def target(a):\n  if a:\n    return HELP + [\n      1,\n    ]\n  return a\nHELP = [0]"
    project.write(lines)
    before = project.definitions()
    edited = lines.split("\n")
    for place in places:
        edited.insert(min(place, len(edited)), f"# {text}" if place % 2 else "")
    project.write("\n".join(edited))
    assert project.definitions() == before
    assert set(before) == {"main.target", "main.HELP"}


@pytest.mark.parametrize(
    ("mark", "counts"),
    [("show.register", True), ("validate_call", True), ("property", False), ("cache", False)],
)
def test_what_hints_name_counts_where_a_decorator_may_read_them(
    changed: Changed, mark: str, counts: bool
) -> None:
    start = "from functools import cache, singledispatch\nfrom pydantic import validate_call\nKind = 3"
    first = "@singledispatch\n" if mark == "show.register" else ""
    source = f"{start}\n{first}def show(x): ...\n@{mark}\ndef f(x: int): ...\ndef target(): show(f)"
    assert (changed(source.replace("x: int", "x: Kind"), "Kind = 3", "Kind = 4") != set()) == counts


# Rule 2: what is followed. In each case `1` becomes `2` in what is used, and `7` in what is not.

FOLLOWED = {
    "a helper": ("def target(): return helper()\ndef helper(): return 1\ndef other(): return 7", "helper"),
    "a constant": ("def target(): return SIZE\nSIZE = 1\nOTHER = 7", "SIZE"),
    "a constant of a constant": ("def target(): return B\nA = 1\nB = A + 3\nC = 7", "A"),
    "an annotated constant": ("def target(): return SIZE\nSIZE: int = 1\nOTHER: int = 7", "SIZE"),
    "a constant among several": ("def target(): return B\nA, B = 0, 1\nC, D = 7, 8", "B"),
    "a decorator": ("def mark(f): return f, 1\n@mark\ndef target(): ...\ndef other(f): return 7", "mark"),
    "a decorator's argument": (
        "def mark(n): return n\n@mark(SIZE)\ndef target(): ...\nSIZE = 1\nB = 7",
        "SIZE",
    ),
    "a default": ("SIZE = 1\ndef target(size=SIZE, *, more=None): ...\nOTHER = 7", "SIZE"),
    "a default of a lambda": ("SIZE = 1\ndef target(): return lambda x=SIZE: x\nOTHER = 7", "SIZE"),
    "a lambda's body": ("target = lambda x: helper(x)\ndef helper(x): return x + 1\nB = 7", "helper"),
    "a function within": (
        "def target():\n  def f(): return helper()\n  return f\nhelper = 1\nB = 7",
        "helper",
    ),
    "a base": ("class Base:\n  x = 1\nclass Sub(Base): ...\ndef target(): return Sub()\nB = 7", "Base"),
    "a mixin": (
        "class A: ...\nclass Mixin:\n  x = 1\nclass Sub(A, Mixin): ...\ndef target(): return Sub\nB = 7",
        "Mixin",
    ),
    "a class's field": (
        "class Box:\n  size: int = SIZE\ndef target(): return Box()\nSIZE = 1\nB = 7",
        "SIZE",
    ),
    "a field's type": (
        "class Part:\n  x = 1\nclass Box:\n  part: Part\ndef target(): return Box\nB = 7",
        "Part",
    ),
    "a field's quoted type": (
        "class Part:\n  x = 1\nclass Box:\n  part: 'list[Part]'\ndef target(): return Box\nB = 7",
        "Part",
    ),
    "an exception": (
        "class Wrong(Exception):\n  x = 1\ndef target():\n  try: ...\n  except Wrong: ...\nB = 7",
        "Wrong",
    ),
    "a caller of its caller": ("def target(): return a()\ndef a(): return target() + 1\nB = 7", "a"),
    "a global that is set": ("N = 1\ndef target():\n  global N\n  N += 3\nB = 7", "N"),
    "an overload": (
        "import typing as t\n@t.overload\ndef f(x=1): ...\ndef f(x): ...\ndef target(): return f\nB = 7",
        "f",
    ),
    "an async function": ("async def target(): return await f()\nasync def f(): return 1\nB = 7", "f"),
    "a pattern": ("class P:\n  x = 1\ndef target(p):\n  match p:\n    case P(): return 3\nB = 7", "P"),
    "beside type checking": (
        "import typing\nif typing.TYPE_CHECKING:\n  N = 7\nelse:\n  N = 1\ndef target(): return N",
        "N",
    ),
    "unless type checking": (
        "import typing as t\nif not t.TYPE_CHECKING:\n  N = 1\ndef target(): return N\nB = 7",
        "N",
    ),
}


@pytest.mark.parametrize(("source", "name"), FOLLOWED.values(), ids=FOLLOWED)
def test_what_a_function_uses_counts_and_its_neighbours_do_not(
    changed: Changed, source: str, name: str
) -> None:
    assert changed(source, "1", "2") == {f"main.{name}"}
    assert changed(source, "7", "8") == set()


# What is not known to define alone counts by name and with its module's statements.
WHOLE = {
    "a metaclass": (
        "class Meta(type):\n  x = 1\nclass Sub(metaclass=Meta): ...\ndef target(): return Sub\nB = 7",
        "Meta",
    ),
    "either branch": ("def target(): return f()\nif sys:\n  def f(): return 1\nelse:\n  f = 3\nB = 7", "f"),
    "a fallback": (
        "try:\n  import fast\nexcept E:\n  fast = 1\ndef target(): return fast.f()\nB = 7",
        "fast",
    ),
    "a name of a with": ("with open('') as f:\n  N = 1\ndef target(): return N\nB = 7", "N"),
    "a name of a loop": ("for N in range(1): ...\ndef target(): return N\nB = 7", "N"),
    "a walrus": ("def target(): return N\nif (N := 1): ...\nB = 7", "N"),
    "a module's __getattr__": (
        "from PKG import main as m\ndef target(): return m.lost\ndef __getattr__(name): return 1\nB = 7",
        "__getattr__",
    ),
}


@pytest.mark.parametrize(("source", "name"), WHOLE.values(), ids=WHOLE)
def test_what_does_more_than_define_counts_whole(changed: Changed, source: str, name: str) -> None:
    assert changed(source, "1", "2") >= {f"main.{name}"}
    assert changed(source, "7", "8") == set()


HELPER = {"deep/__init__.py": "", "deep/leaf.py": "def leaf(): return 1\ndef other(): return 7\n"}
IMPORTS = {
    "from a module": "from PKG.deep.leaf import leaf\ndef target(): return leaf()",
    "under another name": "from PKG.deep.leaf import leaf as l\ndef target(): return l()",
    "a module": "from PKG.deep import leaf\ndef target(): return leaf.leaf()",
    "by its whole name": "import PKG.deep.leaf\ndef target(): return PKG.deep.leaf.leaf()",
    "by an alias": "import PKG.deep.leaf as x\ndef target(): return x.leaf()",
    "relative": "from .deep.leaf import leaf\ndef target(): return leaf()",
    "a relative module": "from .deep import leaf as x\ndef target(): return x.leaf()",
    "with a star": "from PKG.deep.leaf import *\ndef target(): return leaf()",
    "inside the function": "def target():\n  from PKG.deep.leaf import leaf\n  return leaf()",
    "a module inside the function": "def target():\n  import PKG.deep.leaf as x\n  return x.leaf()",
    "around a nested function": "def target():\n  from .deep import leaf as x\n  return lambda: x.leaf()",
    "inside a class": "class A:\n  from PKG.deep.leaf import leaf\ndef target(): return A()",
    "by a literal getattr": "from PKG.deep import leaf\ndef target(): return getattr(leaf, 'leaf')()",
    "through a helper": "from PKG.deep.leaf import leaf\ndef target(): return h()\ndef h(): return leaf()",
    "in a try": "try:\n  from PKG.deep.leaf import leaf\nexcept E: leaf = 3\ndef target(): return leaf()",
}


@pytest.mark.parametrize("source", IMPORTS.values(), ids=IMPORTS)
def test_an_import_leads_to_the_definition(changed: Changed, source: str) -> None:
    assert changed({**HELPER, "main.py": source}, "1", "2") == {"deep.leaf.leaf"}
    assert changed({**HELPER, "main.py": source}, "7", "8") == set()


def test_a_name_is_followed_through_other_modules_to_where_it_is_defined(changed: Changed) -> None:
    files = {
        **HELPER,
        "deep/__init__.py": "from .leaf import leaf as twig\nfrom . import leaf",
        "api.py": "from PKG.deep import *\nfrom PKG.deep import leaf as module",
        "main.py": "from PKG import api\ndef target(): return api.twig() + api.module.leaf()",
    }
    assert changed(files, "1", "2") == {"deep.leaf.leaf"}
    assert changed(files, "7", "8") == set()


def test_a_function_may_have_the_name_of_its_module(changed: Changed) -> None:
    files = {
        "deep/__init__.py": "from PKG.deep.leaf import leaf",
        "deep/leaf.py": "def leaf(): return 1\ndef other(): return 7",
        "main.py": "from PKG.deep import leaf\ndef target(): return leaf()",
    }
    assert changed(files, "7", "8") == set()
    assert changed(files, "1", "2") == {"deep.leaf.leaf"}


def test_a_class_and_a_module_of_one_name_both_count(changed: Changed) -> None:
    files = {
        "shapes/__init__.py": "from .box import area\nclass box:\n  def area(self): return 1",
        "shapes/box.py": "def area(): return 3",
        "main.py": "from PKG.shapes import box, area\ndef target(): return box().area() + area()",
    }
    assert changed(files, "1", "2") == {"shapes.box.area"}
    assert changed(files, "3", "4") == {"shapes.box.area"}


def test_circles_of_imports_come_to_an_end(project: Project) -> None:
    project.write(
        {
            "a.py": "from PKG.b import *\nfrom PKG.b import lost\ndef f(): return g() + lost",
            "b.py": "from PKG.a import *\nfrom PKG.a import lost\ndef g(): return f()",
            "main.py": "from PKG.a import f\nfrom PKG.main import target\ndef target(): return f()",
        }
    )
    stars = {"a.<statements>", "b.<statements>", "main.<statements>", "the order of imports"}
    assert set(project.definitions()) == {"a.f", "b.g", "main.target"} | stars


TWO = {"a.py": "def f(): return 3\nX = 3", "b.py": "def f(): return 4\nX = 4\n__all__ = ['X', 'f']"}


@pytest.mark.parametrize(
    ("imports", "old", "new"),
    [
        ("from math import floor as f", "floor", "ceil"),
        ("from numpy import sum as f", "sum", "mean"),
        ("import os.path as f", "os.path", "ntpath"),
        ("from PKG.a import f; from PKG.b import f as g", "a import f; from PKG.b", "b import f; from PKG.a"),
        ("from PKG.a import X as f, f as g", "X as f, f as g", "f as f, X as g"),
        ("from PKG.a import *; from PKG.b import *", "a import *; from PKG.b", "b import *; from PKG.a"),
        ("from PKG.a import *; from PKG.b import *", "['X', 'f']", "['X']"),
        ("def f(): ...\nfrom PKG.b import *", "['X', 'f']", "['X']"),
        ("from PKG.main import h as f, f as h", "h as f, f as h", "f as f, h as h"),
    ],
)
def test_where_an_import_leads_counts(changed: Changed, imports: str, old: str, new: str) -> None:
    source = f"{imports}\ndef target(): return f(), g"
    assert changed({**TWO, "main.py": source}, old, new) != set()


@pytest.mark.parametrize("kind", ["first", "between"])
def test_the_order_of_imports_and_those_that_nothing_uses_do_not_count(changed: Changed, kind: str) -> None:
    imports = ["from PKG.a import f", "from PKG.b import X", "import math, json"]
    files = {**TWO, "main.py": "\n".join([*imports, "def target(): return f(X), math.pi"])}
    edits = {"first": ("import math, json", "import json, os, math"), "between": ("f\n", "f, X as unused\n")}
    assert changed(files, *edits[kind]) == set()


@pytest.mark.parametrize("how", ["print(leaf)", "list(map(str, [leaf]))", "x = leaf"])
def test_a_module_as_a_value_counts_whole(changed: Changed, how: str) -> None:
    source = f"from PKG.deep import leaf\ndef target(): {how}"
    assert changed({**HELPER, "main.py": source}, "7", "8") == {"deep.leaf.other"}


# Rule 3: scopes. `N` is the module's, unless something of the same name hides it.


@pytest.mark.parametrize(
    "body",
    [
        "def target(N): return N",
        "def target(*N, **M): return N",
        "def target():\n  N = 3\n  return N",
        "def target():\n  for N in (): print(N)",
        "def target():\n  with a as N: print(N)",
        "def target():\n  try: ...\n  except E as N: print(N)",
        "def target():\n  import N\n  return N.x",
        "def target():\n  def N(): ...\n  return N",
        "def target():\n  N = 3\n  def f(): return N\n  return f",
        "def target():\n  N = 3\n  def f():\n    nonlocal N\n    N += 4\n  return f",
        "def target(): return [N for N in ()]",
        "def target(): return {N: N for a in () for N in a if N}",
        "def target(): return lambda N: N",
        "def target(x):\n  match x:\n    case [N, *M]: return N",
        "def target(): return [N := 3, N]",
        "def target(): return [(N := a) for a in ()], N",
        "def target(N):\n  class A:\n    x = N\n  return A",
        "def target(x): return x.N",
        "def target(x): return x(N=3)",
        "def target(x: N) -> N: ...",
    ],
)
def test_a_name_of_its_own_is_not_the_modules(changed: Changed, body: str) -> None:
    assert changed(f"N = 1\n{body}", "N = 1", "N = 2") == set()


@pytest.mark.parametrize(
    "body",
    [
        "def target(): return [N for a in ()] + [N for N in ()]",
        "def target(): return [N for N in N]",
        "def target(x=N):\n  N = 3\n  return N",
        "@N\ndef target(N): ...",
        "def target():\n  N = 3\n  def f():\n    global N\n    return N\n  return f",
        "def target():\n  class A:\n    N = 3\n    def f(self): return N\n  return A",
        "def target():\n  def f(N): return N\n  return N",
        "def target(): return (lambda N: N)(N)",
        "def target(): return f'{N}'",
    ],
)
def test_a_name_that_is_hidden_elsewhere_still_counts(changed: Changed, body: str) -> None:
    assert changed(f"N = 1\n{body}", "N = 1", "N = 2") == {"main.N"}


def global_names(table: symtable.SymbolTable) -> set[str]:
    symbols = (symbol for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced())
    found = {symbol.get_name() for symbol in symbols}
    return found.union(*(global_names(child) for child in table.get_children()))


@pytest.mark.parametrize("module", ["argparse", "ast", "inspect", "typing"])
def test_scopes_are_told_apart_as_python_does(module: str) -> None:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    for function in filter(is_function, itertools.chain(*bodies)):
        statements = to_plain([function], Recording("", frozenset()), lambda _path: False).statements
        used = [use.ref for use in uses(statements, "", are_run=True).names]
        ours = {ref.path[0] for ref in used if ref.path and not ref.module}
        text = ast.unparse(ast.fix_missing_locations(ast.Module(statements, [])))
        table = symtable.symtable(text, module, "exec")
        top = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
        theirs = top.union(*map(global_names, table.get_children()))
        # A literal getattr is read as the attribute, the last name stands in every `super()`, and those in
        # texts may be hints or queries.
        texts = [part.value for part in ast.walk(function) if isinstance(part, ast.Constant)]
        in_texts = re.findall(r"\w+", " ".join(filter(lambda text: isinstance(text, str), texts)))
        special = {"getattr", "hasattr", "__class__", *in_texts}
        assert ours - special == theirs - special, function.name


# Rule 4: classes


def test_a_method_counts_once_its_name_is_read_anywhere(changed: Changed) -> None:
    source = """
        class Box:
            def used(self): return 'zero'
            def unused(self): return 'two'
            @property
            def size(self): return 'three'
            @classmethod
            def make(cls): return 'four'
            def __len__(self): return 'five'
            def chained(self): return self.deeper()
            def deeper(self): return 'six'
        def target(): return helper(Box())
        def helper(box): return box.used() + box.size + box.make() + box.chained()
    """
    assert changed(source, "zero", "1") == {"main.Box.used"}
    assert changed(source, "two", "2") == set()
    assert changed(source, "three", "3") == {"main.Box.size"}
    assert changed(source, "four", "4") == {"main.Box.make"}
    assert changed(source, "five", "5") == {"main.Box.__len__"}
    assert changed(source, "six", "6") == {"main.Box.deeper"}
    assert changed(source, "helper(Box())", "helper(Box()).unused()") == {"main.target", "main.Box.unused"}


@pytest.mark.parametrize(
    "base",
    [
        *("object", "NamedTuple", "t.Protocol", "Generic[T]", "ABC", "TypedDict", "IntEnum", "ValueError"),
        "BaseModel",
    ],
)
def test_a_harmless_base_calls_no_methods(project: Project, base: str) -> None:
    start = "import typing as t\nfrom typing import NamedTuple, Generic, TypedDict\nfrom abc import ABC\n"
    start += "from enum import IntEnum\nfrom pydantic import BaseModel\ndef other(): return BaseModel"
    project.write(f"{start}\nclass A({base}):\n  def f(self): ...\ndef target(): return A()")
    assert set(project.definitions()) == {"main.A", "main.target"}


def test_a_model_calls_what_is_to_be_done_once_it_is_made(project: Project) -> None:
    project.write(
        """
        from pydantic import BaseModel
        class A(BaseModel):
            def model_post_init(self, context): return self.kept()
            def kept(self): ...
            def left(self): ...
        def target(): return A()
        """
    )
    methods = {"main.A.model_post_init", "main.A.kept"}
    assert set(project.definitions()) == {"main.A", "main.target"} | methods


def test_so_does_one_that_is_handed_in_whose_base_is_left_out(project: Project) -> None:
    project.write(
        {
            "left.py": "from pydantic import BaseModel\nclass Base(BaseModel): ...",
            "main.py": """
                from PKG.left import Base
                class A(Base):
                    def model_post_init(self, context): ...
                def target(a: A): return a
                """,
        }
    )
    assert "main.A.model_post_init" in project.definitions(leave_out=["PKG.left"])


def test_an_enum_calls_what_has_one_underscore_around(project: Project) -> None:
    project.write(
        "import enum\nclass A(enum.Enum):\n  def _missing_(cls, x): ...\n  def _f(self): ...\ntarget = A"
    )
    assert set(project.definitions()) == {"main.A", "main.A._missing_", "main.target"}


@pytest.mark.parametrize(
    ("base", "method"),
    [
        *(("ExceptionGroup", "derive"), ("ABCMeta", "mro"), ("BaseModel", "model_parametrized_name")),
        *(("enum.EnumMeta", "mro"), ("ValueError", "with_traceback"), ("Plain", "filter")),
    ],
)
def test_a_harmless_base_may_call_what_it_has_itself(project: Project, base: str, method: str) -> None:
    start = "import enum\nfrom abc import ABCMeta\nfrom pydantic import BaseModel\nclass Plain: ..."
    mixin = f"class Mixin:\n  def {method}(self): ...\n  def other(self): ..."
    project.write(f"{start}\n{mixin}\nclass A(Mixin, {base}): ...\ndef target(): return A")
    methods = {name for name in project.definitions() if name.startswith("main.Mixin.")}
    assert methods == {f"main.Mixin.{method}"}


@pytest.mark.parametrize("base", ["nn.Module", "dict", "Lost", "make()", "namedtuple('A', 'x')", "kinds[0]"])
def test_a_base_from_outside_may_call_every_method(project: Project, base: str) -> None:
    project.write(
        f"""
        from torch import nn
        class Mixin:
            def mixed(self): ...
        class Net(Mixin, {base}):
            def forward(self): ...
        class Deep(Net):
            def deep(self): ...
        class Beside(Mixin):
            def beside(self): ...
        def target(): return Deep(), Beside()
        def make(): ...
        """
    )
    methods = {"main.Mixin.mixed", "main.Net.forward", "main.Deep.deep"}
    found = set(project.definitions()) - {"main.make", "main.<statements>"}
    assert found == {"main.Mixin", "main.Net", "main.Deep", "main.Beside", "main.target"} | methods


def test_a_class_inside_a_function_may_hand_its_bases_methods_to_a_library(project: Project) -> None:
    source = "class Mixin:\n  def f(self): ...\ndef target():\n  class A(Mixin, nn.Module): ...\n  return A"
    project.write(source)
    assert "main.Mixin.f" in project.definitions()


@pytest.mark.parametrize(
    ("mark", "counts"),
    [
        ("property", False),
        ("functools.cache", False),
        ("size.setter", False),
        ("field_validator('a')", True),
        ("registry.add", True),
        ("register", True),
        ("field.validator", True),
        ("kinds[0]", True),
    ],
)
def test_a_method_that_a_decorator_may_keep_counts(project: Project, mark: str, counts: bool) -> None:
    start = "import functools\nfrom pydantic import field_validator\nregistry = []\ndef register(f): ..."
    project.write(f"{start}\nclass A:\n  @{mark}\n  def f(self): ...\ndef target(): return A()")
    assert ("main.A.f" in project.definitions()) == counts


# Two neighbours in the body of a class, which the edit swaps.
PLACED = {
    "decorated methods": ("@field_validator('x')\n  def a(cls, x): ...", "@mark\n  def b(self): ..."),
    "a default": ("def a(self, k=K): ...", "K = 2"),
    "a hint": ("def a(self, k: K): ...", "K = 2"),
    "a decorator of its own": ("@K\n  def a(self): ...", "K = 2"),
    "a method and an attribute": ("def a(self): ...", "a = 5"),
    "a method and an import": ("def a(self): ...", "from os import getpid as a"),
    "a method and a class": ("def a(self): ...", "class a: ..."),
    "a method in a block": ("def a(self): ...", "if K:\n    def a(self): ..."),
    "a built-in name": ("def len(self): ...", "size = len"),
    "a name of a default": ("def len(self): ...", "def b(self, k=len): ..."),
}


@pytest.mark.parametrize(("one", "other"), PLACED.values(), ids=PLACED)
def test_the_order_in_the_body_of_a_class_counts_where_it_may_tell(
    changed: Changed, one: str, other: str
) -> None:
    start = "from pydantic import BaseModel, field_validator\nmark = K = 1\nclass A(BaseModel):\n  K = 1\n  "
    source = f"{start}{one}\n  {other}\ndef target(): return A()"
    assert "main.A" in changed(source, f"{one}\n  {other}", f"{other}\n  {one}")


@pytest.mark.parametrize(
    "one", ["def a(self): ...", "@property\n  def a(self): ...", "@staticmethod\n  def a(x: int): ..."]
)
def test_the_order_of_plain_methods_does_not_count(changed: Changed, one: str) -> None:
    other = "def b(self): ..."
    source = f"class A:\n  K = 1\n  {one}\n  {other}\ndef target(): return A().a() + A().b()"
    assert changed(source, f"{one}\n  {other}", f"{other}\n  {one}") == set()


def test_setting_an_attribute_calls_its_setter(project: Project) -> None:
    setter = "  @property\n  def f(self): ...\n  @f.setter\n  def f(self, x): ..."
    project.write(f"class A:\n{setter}\ndef target():\n  a = A()\n  a.f = 3")
    assert "main.A.f" in project.definitions()


def test_a_function_that_a_class_body_calls_counts(project: Project) -> None:
    project.write("class A:\n  def f(): ...\n  def g(): ...\n  x = f()\ndef target(): return A()")
    assert set(project.definitions()) == {"main.A", "main.A.f", "main.target", "main.<statements>"}


def test_a_class_may_have_the_name_of_its_base(project: Project) -> None:
    base = "class A:\n  def f(self): ..."
    project.write({"base.py": base, "main.py": "from PKG.base import A\nclass A(A): ...\ntarget = A().f"})
    assert set(project.definitions()) >= {"base.A", "base.A.f", "main.A", "main.target"}


def test_what_is_registered_with_an_object_counts_with_its_module(changed: Changed) -> None:
    source = "@f.register\ndef _(x): return 1\ndef f(x): ...\ndef target(): return f\n@m.f\ndef g(): return 7"
    assert changed(source, "1", "2") == changed(source, "7", "8") == {"main.<statements>"}


@pytest.mark.parametrize("mark", ["add", "add('a')", "table.add", "reg.add", "reg.add('a')"])
@pytest.mark.parametrize("thing", ["def a(): return 1", "class a:\n  def go(self): return 1"])
def test_what_a_decorator_of_the_project_may_keep_counts(changed: Changed, mark: str, thing: str) -> None:
    source = f"from PKG import reg\nfrom PKG.reg import add, table\n@{mark}\n{thing}\n"
    source += "def target(): return table['a']().go()"
    files = {"reg.py": "table = {}\ndef add(f): return f", "main.py": source}
    assert changed(files, "return 1", "return 2") != set()


# Rule 5: objects that come from outside


@pytest.mark.parametrize(
    "hint",
    [
        *("Config", "'Config'", "Config | None", "Optional['Config']", "tuple[int, Config]", "Alias"),
        *("Annotated[Config, 'a b']", "Literal['x'] | Config", "main.Config", "Outer", "Sub", "Hinted"),
    ],
)
def test_of_a_parameters_class_only_the_methods_that_are_used_count(changed: Changed, hint: str) -> None:
    source = f"""
        from pydantic import BaseModel
        from PKG import main
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from PKG.main import Config as Hinted
        class Base(BaseModel):
            def based(self): return 3
        class Config(Base):
            field: int = 7
            def used(self): return 1
            def unused(self): return 9
        class Outer(BaseModel):
            inner: Config | None
        class Sub(Config): ...
        Alias = Config | int
        def target(config: {hint}): return config.used() + config.based()
    """
    assert changed(source, "7", "8") == set()
    assert changed(source, "9", "0") == set()
    assert changed(source, "1", "2") == {"main.Config.used"}
    assert changed(source, "3", "4") == {"main.Base.based"}
    assert changed(source, "config.used() + ", "") == {"main.Config.used", "main.target"}


@pytest.mark.parametrize(
    ("top", "body", "read"),
    [
        ("", "F: ClassVar[int] = 1", "F"),
        ("", "_k: int = PrivateAttr(1)", "_k"),
        ("def _y(self): return 1", "y: ClassVar = property(_y)", "y"),
        ("", "k = 1", "k"),
    ],
)
def test_what_settings_hold_besides_fields_counts_once_it_is_read(
    changed: Changed, top: str, body: str, read: str
) -> None:
    source = f"""
        from pydantic import BaseModel, PrivateAttr
        {top}
        class Base(BaseModel):
            {body}
            unread = 7
        class Config(Base):
            x: int = 5
        def target(config: Config): return config.x * config.{read}
    """
    assert changed(source, "1", "2") != set()
    assert changed(source, "7", "8") == changed(source, "5", "6") == set()


def test_hints_of_other_functions_and_of_returns_are_not_followed(project: Project) -> None:
    project.write("class A:\n  def f(self): ...\ndef target(x) -> A: help(x.f)\ndef help(x: A) -> A: ...")
    assert set(project.definitions()) == {"main.target", "main.help"}


# Rule 6: loose statements

LOOSE = [
    *("print(1)", "TABLE['a'] = 1", "import a\na.b = 1", "N += 1", "del TABLE[1]", "assert f(1)"),
    *("if N:\n  print(1)", "for i in N:\n  TABLE[i] = 1", "with a:\n  f(1)", "a.b: int = 1"),
    *(
        "try:\n  import x\nexcept E:\n  print(1)",
        "A = N.b = 1",
        "__all__.append('f1')",
        "__all__ = ['f1']\n__all__ += []",
    ),
    *("try:\n  import x\nexcept E:\n  x = 1", "A = lost(1)", "@lost\ndef g(): return 1"),
    *("class A(Lost):\n  x = 1", "def g(x=lost(1)): ...", "def g(x: lost(1)): ...", "A = (lambda: 1)()"),
]
NOT_LOOSE = [
    *("'text 1'", "UNUSED = 1", "__all__ = ['f1']"),
    *("if __name__ == '__main__':\n  f(1)", "if '__main__' == __name__:\n  f(1)"),
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  f(1)",
    *("import logging\nlog = logging.getLogger('1')", "from threading import Lock\nUNUSED = [Lock(), 1]"),
]


@pytest.mark.parametrize("statement", LOOSE + NOT_LOOSE)
def test_what_a_module_does_on_import_counts_and_names_alone_do_not(changed: Changed, statement: str) -> None:
    files = {"a.py": f"{statement}\ndef f(): ...", "main.py": "from PKG.a import f\ndef target(): f()"}
    assert ("a.<statements>" in changed(files, "1", "2")) == (statement in LOOSE)
    assert changed(files, "1", "2") == set() or statement in LOOSE


def test_loose_statements_are_followed_and_those_of_the_packages_around_count(project: Project) -> None:
    project.write(
        {
            "__init__.py": "from PKG.b import g\ng(1)",
            "b.py": "def g(x): ...",
            "c.py": "print(1)\ndef unused(): ...",
            "main.py": "from PKG import c\ndef target(): ...",
        }
    )
    order = f"{project.name} {project.name}.c"
    assert project.definitions()["the order of imports"] == order
    assert set(project.definitions()) == {
        *("<statements>", "b.g", "c.<statements>", "main.target", "the order of imports")
    }


PUT = "H = {}\ndef put(n, v):\n  H[n] = v\n  return v\n"
KIND = "class Kind:\n  known = {}\n  def __init__(self, n):\n    Kind.known[n] = self\n"
EFFECTS = {
    "a method": "H = {}\ndef a(): return 1\n_ = H.setdefault('a', a)\ndef target(): return H['a']()",
    "a function": f"{PUT}RATE = put('rate', 1)\ndef target(): return H['rate']",
    "a function's default": f"{PUT}def f(x=put('rate', 1)): ...\ndef target(): return H['rate']",
    "an unknown function": "import random\n_r = random.seed(1)\ndef target(): return random.random()",
    "setattr": "import decimal as d\n_ = setattr(d.getcontext(), 'prec', 1)\ndef target(): return d.D()",
    "an object that registers itself": f"{KIND}BIG = Kind(1)\ndef target(): return Kind.known",
    "a lambda": f"{PUT}RATE = (lambda: put('rate', 1))()\ndef target(): return H['rate']",
    "in a tuple": f"{KIND}BIG = (3, [Kind(1)])\ndef target(): return Kind.known",
    "a partial": f"import functools\n{KIND}make = functools.partial(Kind)\nB = make(1)\ntarget = Kind",
    "a table's function": f"{PUT}T = {{'a': put}}\nRATE = T['a']('x', 1)\ndef target(): return H",
    "a subclass": "class B:\n  k = {}\n  def __init_subclass__(cls): B.k[3] = cls\n"
    "class A(B):\n  def go(self): return 1\ndef target(): return B.k[3]().go()",
    "a metaclass": "class M(type):\n  k = {}\n  def __new__(m, n, b, d): M.k[n] = 3\n"
    "class A(metaclass=M):\n  def go(self): return 1\ndef target(): return M.k['A']().go()",
    "a class body": f"{PUT}class A:\n  rate = put('rate', 1)\ndef target(): return H['rate']",
    "a metaclass of a known one": "import abc\nK = []\nclass M(abc.ABCMeta):\n"
    "  def __init__(c, *a): K.append(c.w)\nclass A(metaclass=M):\n  w = 1\ndef target(): return K",
    "a model that is told": "from pydantic import BaseModel\nK = []\nclass B(BaseModel):\n"
    "  @classmethod\n  def __pydantic_init_subclass__(c): K.append(c.w)\nclass A(B):\n  w = 1\n"
    "def target(): return K",
    "an enum that makes its members": "import enum\nK = []\nclass B(enum.Enum):\n"
    "  def __init__(s, v): K.append(v)\nclass A(B):\n  P = 1\ndef target(): return K",
    "a generic class": "K = []\nclass B:\n  def __class_getitem__(c, n): K.append(n)\nX = B[1]\n"
    "def target(): return K",
    "a generic class in a hint": "K = []\nclass B:\n  def __class_getitem__(c, n): K.append(n)\n"
    "def f(x: B[1]): ...\ndef target(): return K",
    "a dict that grows": "import collections as c\nL = c.defaultdict(list)\nX = L['1']\n"
    "def target(): return L",
    "the target of a loop": "X = {}\nZ = [0 for X['k'] in (1,)]\ndef target(): return X",
    "names of another list": "L = []\n__all__ = L\n__all__ += ['x1']\ndef target(): return L",
    "type checking of its own": "TYPE_CHECKING = True\nX = 0\nif TYPE_CHECKING:\n  X = 1\n"
    "def target(): return X",
    "a name given twice": "S = 1\nF = S * 3\nS = 4\ndef target(): return F",
}
HARMLESS = [
    *(
        "_ = TypeVar('T1')",
        "_ = re.compile('1')",
        "_ = np.array([ord(x) for x in '1'])",
        "_ = lambda: put(1)",
    ),
    *("_ = Box(1)", "_ = make(1)", "_ = 'a'.join(['1'])", "_ = H.get(1)", "_ = {3: Field(1)}"),
    *(
        "class A(BaseModel):\n  x: int = Field(1)",
        "@dataclass\nclass A:\n  x: Annotated[int, Field(1)]",
        "_ = lost(1)",
        "_ = sorted([ord(x) for x in '1'])",
    ),
]


@pytest.mark.parametrize("source", EFFECTS.values(), ids=EFFECTS)
def test_what_is_called_on_import_to_give_a_name_counts(changed: Changed, source: str) -> None:
    assert changed(source, "1", "2") != set()


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_only_makes_a_value_does_not_count(changed: Changed, statement: str) -> None:
    source = f"""
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NamedTuple, TypeVar
import re, numpy as np
from pydantic import BaseModel, Field
from PKG.left import lost
class Box(NamedTuple):
    size: int
make = partial(Box)
H = {{}}
def put(x): H[x] = x
{statement}
def target(): return H
"""
    assert changed({"left.py": "", "main.py": source}, "1", "2", leave_out=["PKG.left"]) == set()


def test_the_order_of_statements_that_change_a_value_counts(changed: Changed) -> None:
    given = "S = 1\nF = S * 2\nS = 3\ndef target(): return F + S"
    assert changed(given, "F = S * 2\nS = 3\n", "S = 3\nF = S * 2\n") != set()
    grown = "S = []\nF = len(S)\nS.append(3)\ndef target(): return F"
    assert changed(grown, "F = len(S)\nS.append(3)\n", "S.append(3)\nF = len(S)\n") != set()


@pytest.mark.parametrize(
    "plug",
    [
        *("from sklearn.experimental import enable_b", "import sklearn.enable_b", "import a.b, numpy as np"),
        *("from a import b  # b first", "from a import (\n  np,\n  b,\n)", "from a import b as np, c as d"),
    ],
)
@pytest.mark.parametrize("where", ["main", "helper"])
def test_an_import_of_a_library_that_nothing_names_counts(changed: Changed, plug: str, where: str) -> None:
    files = {"helper.py": "from lib import np\ndef help(): 'b' 'd'\nN = np.pi, a.c, 'b'\n"}
    files["main.py"] = "import sklearn\nfrom PKG.helper import help\ndef target(): return sklearn.x, help()\n"
    files[f"{where}.py"] += plug
    assert f"{where}.<statements>" in changed(files, plug, "")


@pytest.mark.parametrize(
    "used",
    [
        "import sklearn.b",
        "from a import b, np",
        "import a.b as b",
        "import json, os.path",
        "from PKG import x",
    ],
)
def test_one_whose_names_stand_elsewhere_does_not(changed: Changed, used: str) -> None:
    files = {
        "x.py": "",
        "helper.py": f"{used}\ndef other(): return sklearn.b, b(np)\ndef help(): ...",
        "main.py": "from PKG.helper import help\ndef target(): return help()",
    }
    assert changed(files, used, "") == set()


@pytest.mark.parametrize("how", ["import PKG.plug", "from PKG import plug", "from PKG.plug import x as x"])
@pytest.mark.parametrize("where", ["main", "helper", "function"])
@pytest.mark.parametrize(
    "plug", ["@table.add\ndef a(): return 1", "import PKG.reg\nPKG.reg.X = 1", "import d\nd.get().prec = 1"]
)
def test_what_a_module_that_is_imported_for_its_effect_does_counts(
    changed: Changed, how: str, where: str, plug: str
) -> None:
    files = {
        "reg.py": "class Table: ...\ntable = Table()\nX = 3",
        "plug.py": f"from PKG.reg import table\n{plug}\ndef unused(): return 7",
        "helper.py": f"{how if where == 'helper' else ''}\ndef help(): ...",
        "main.py": f"{how if where == 'main' else ''}\nfrom PKG.reg import table\n"
        "from PKG.helper import help\n"
        f"def target():\n  {how if where == 'function' else 'help()'}\n  return table['a'](), help",
    }
    assert changed(files, "1", "2") != set()
    assert changed(files, "7", "8") == set()


# Rule 7: recording

RECORDED = """
    from stagecraft.mlflow import Record
    import stagecraft
    def target(record: Record, x, *, other: "stagecraft.mlflow.Record | None" = None):
        record.log(first('zero'))
        if x:
            record.on(x).log_figure("a", draw(x, 'two'))
        other.notice('three')
        helper(record)
        later = lambda y: record.log(y, 'four')
        def inner(z):
            record.log(z, 'five')
            return z
        return Result(plot=record.log_figure("b", draw('six')), more=inner, kept=record.open(kept(later)))
    def unused(record: stagecraft.Record): ...
    def helper(r: "Record"):
        r.log([first(n) for n in 'seven'])
    def first(n): ...
    def draw(*n): ...
    def kept(n): ...
    def Result(**parts): ...
"""
RESULT = {"main.target", "main.helper", "main.kept", "main.Result"}


@pytest.mark.parametrize("text", ["zero", "two", "three", "four", "five", "six", "seven"])
def test_how_a_result_is_recorded_is_no_part_of_it(changed: Changed, text: str) -> None:
    assert changed(RECORDED, text, "other", **RECORDING) == set()


def test_what_only_recording_uses_is_not_followed(project: Project) -> None:
    project.write(RECORDED)
    assert set(project.definitions(**RECORDING)) == RESULT
    assert set(project.definitions(**RECORDING, recorded=True)) == RESULT | {"main.first", "main.draw"}
    assert set(project.definitions()) == RESULT | {"main.first", "main.draw"}


@pytest.mark.parametrize("recorded", [False, True])
def test_what_is_recorded_counts_or_not_whatever_was_followed_before(
    project: Project, recorded: bool
) -> None:
    project.write(RECORDED)
    code, target = project.code(**RECORDING), f"{project.name}.main.target"
    code.follow(target, not recorded)
    assert code.follow(target, recorded) == project.follow(recorded=recorded, **RECORDING)


@pytest.mark.parametrize("line", ["        record.log(first('zero'))\n", "        other.notice('three')\n"])
def test_taking_recording_away_changes_nothing(changed: Changed, line: str) -> None:
    assert changed(dedent(RECORDED), line.removeprefix("    "), "", **RECORDING) == set()


_TYPED = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"


@pytest.mark.parametrize(
    ("imports", "hint"),
    [
        ("from stagecraft.mlflow import Record as R", "R"),
        ("import stagecraft.mlflow as m", "m.Record"),
        ("from stagecraft.mlflow import Record", "'Record'"),
        ("import stagecraft.mlflow", "stagecraft.mlflow.Record"),
        (f"{_TYPED}    from stagecraft.mlflow import Record as R", "'R'"),
    ],
)
@pytest.mark.parametrize("leave_out", [(), ("stagecraft",)])
def test_a_recorder_is_one_by_whatever_name_it_is_imported(
    changed: Changed, project: Project, imports: str, hint: str, leave_out: Sequence[str]
) -> None:
    source = f"{imports}\ndef target(record: {hint}): record.log(1)"
    assert changed(source, "1", "2", leave_out=leave_out, **RECORDING) == set()
    target = f"{project.name}.main.target"
    assert project.code(leave_out=leave_out, **RECORDING).is_recorder(target, hint)


@pytest.mark.parametrize(
    "source",
    [
        "from stagecraft.mlflow import Tracker as Record\ndef target(record: Record): record.log(1)",
        "def target(record): record.log(1)",
        "class Record: ...\ndef target(record: Record): record.log(1)",
        "from tracking import Record\ndef target(record: Record): record.log(1)",
        "def target(record: Recorder): record.log(1)",
        "def target(record: Record, other): other.log(1)",
        "def target(record: Record): record.open(1)",
        "def target(record: Record): log(1)",
        "def target(record: Record):\n  def f(record): record.log(1)\n  return f",
        "def target(record: Record): return lambda record: record.log(1)",
        "def target(record: Record):\n  record = 3\n  record.log(1)",
        "def target(record: Record):\n  record.log(x := 1)\n  return x",
        "def target(record: Record):\n  record.log((yield 1))",
        "@mark(lambda record: record.log(1))\ndef target(record: Record): ...",
    ],
)
def test_what_is_no_recording_counts(changed: Changed, source: str) -> None:
    start = "" if "Record:" in source or "import" in source else "from stagecraft.mlflow import Record\n"
    assert changed(start + source, "1", "2", **RECORDING) >= {"main.target"}


# Rule 8: what is left out


def test_what_is_left_out_is_not_followed_and_contributes_nothing(project: Project) -> None:
    project.write(
        {
            **HELPER,
            "plots.py": "import numpy\nprint(1)\ndef plot(): return numpy",
            "main.py": """
                import torch, matplotlib.pyplot as plt
                from PKG import plots
                from PKG.plots import plot
                from PKG.deep.leaf import leaf
                def target(): return plot(), plots.plot, plots, leaf(), plt.plot(), torch.x
            """,
        }
    )
    found = project.follow(leave_out=["PKG.plots", "PKG.deep", "matplotlib.pyplot"])
    assert set(found.definitions) == {f"{project.name}.main.target"}
    assert found.modules == {"torch"}
    with pytest.raises(CodeError, match=r"there is no .*plots\.plot"):
        project.follow("plots.plot", leave_out=["PKG.plots"])


@pytest.mark.parametrize(
    ("use", "name"),
    [
        *(
            ("left.FACTOR", "PKG.left.FACTOR"),
            ("left.TABLE.get(1)", "PKG.left.TABLE"),
            ("FACTOR", "PKG.left.FACTOR"),
        ),
        *(("PKG.left.FACTOR", "PKG.left.FACTOR"), ("vars(left)", "PKG.left"), ("left.K()", "PKG.left.K")),
        *(("left.f()", ""), ("f()", ""), ("PKG.main", ""), ("x.FACTOR", "")),
    ],
)
def test_what_of_a_module_that_is_left_out_is_more_than_called_is_refused(
    project: Project, use: str, name: str
) -> None:
    left = "FACTOR, TABLE = 1, {}\nclass K: ...\ndef f(): ..."
    start = "import PKG\nfrom PKG import left\nfrom PKG.left import FACTOR, f"
    project.write({"left.py": left, "main.py": f"{start}\ndef target(x: left.K): return {use}"})
    unseen = project.follow(leave_out=["PKG.left"]).unseen
    assert [one.name for one in unseen if one.kind == "left out"] == [
        part.replace("PKG", project.name) for part in filter(None, [name])
    ]


# Rule 9: what can't be followed is told

ANYWHERE = {"far.py": "def far(): return 7\nclass Far:\n  def method(self): ...", **HELPER}
LEAF = {"deep.leaf.leaf", "deep.leaf.other"}
START = """
import ctypes, importlib, importlib.util, multiprocessing, os, pandas, pickle, pydoc, subprocess, sys
from importlib import import_module as load
from pathlib import Path
from pydantic import ImportString, TypeAdapter
PLACE = Path("extra.parquet")
NAME = "B"
class A: ...
"""


@pytest.mark.parametrize(
    ("body", "kind", "name"),
    [
        *(
            (body, "code", body.partition("(")[0])
            for body in ("eval(x)", "exec(x)", "compile(x, '', 'exec')")
        ),
        *(("globals()[x]()", "code", "globals"), ("__import__(x)", "code", "__import__")),
        *(("map(eval, x)", "code", "eval"), ("load(x)", "code", "importlib.import_module")),
        ("load('.' + x, __package__)", "code", "importlib.import_module"),
        ("load('....far', __package__)", "code", "importlib.import_module"),
        *(("sys.modules[x].f()", "code", "sys.modules"), ("pydoc.locate(x)", "code", "pydoc.locate")),
        ("TypeAdapter(ImportString)", "code", "pydantic.ImportString"),
        *(("frame.f_globals[x]", "code", "f_globals"), ("A.__subclasses__()", "code", "__subclasses__")),
        ("importlib.util.spec_from_file_location(x)", "code", "importlib.util.spec_from_file_location"),
        *(("pickle.loads(x)", "code", "pickle.loads"), ("(lambda: eval(x))()", "code", "eval")),
        *(("A.__doc__", "code", "__doc__"), ("ctypes.CDLL(x)", "compiled", "ctypes.CDLL")),
        *(("subprocess.run(x)", "process", "subprocess.run"), ("os.system(x)", "process", "os.system")),
        ("multiprocessing.Pool()", "process", "multiprocessing.Pool"),
        *(("os.environ['A']", "environment", "A"), ("os.environ.get('A', x)", "environment", "A")),
        *(("os.getenv('A')", "environment", "A"), ("os.environ[x]", "environment", "")),
        *(("Path.home()", "environment", "HOME"), ("Path(x).name", None, "")),
        *(("os.environ[NAME]", "environment", "B"), ("pandas.io.os.environ['A']", "environment", "A")),
        *(("getattr(os, x)('A')", "code", "os"), ("x(os)", "code", "os"), ("{'a': os}", "code", "os")),
        *(
            ("lambda y=os: y", "code", "os"),
            ("os.path.join(x)", None, ""),
        ),
        ("pandas.read_parquet('a.parquet')", "file", "a.parquet"),
        ("pandas.read_parquet(PLACE)", "file", "extra.parquet"),
        ("pandas.read_parquet(Path('a') / 'b.parquet')", "file", "b.parquet"),
        ("pandas.read_parquet('a.parquet', x)", "file", "a.parquet"),
        ("pandas.read_parquet(columns=x, path='a.parquet')", "file", "a.parquet"),
        ("pandas.read_parquet(Path(A))", "file", ""),
        ("(y := 'a.parquet') and pandas.read_parquet(y)", "file", "a.parquet"),
        ("[pandas.read_parquet(y) for y in ['a.parquet']]", "file", "a.parquet"),
        ("lambda *, y='a.parquet': pandas.read_parquet(y)", "file", "a.parquet"),
        ("lambda z, y='a.parquet': pandas.read_parquet(y)", "file", "a.parquet"),
        ("(lambda y: pandas.read_parquet(y))(x)", None, ""),
        ("pandas.read_parquet(x / 'a.parquet')", None, ""),
        ("pandas.read_parquet(x)", None, ""),
        *(("A().environ['B']", None, ""), ("os.environ.update(A=x) or x", "environment", "")),
        *(
            ("isinstance(x, subprocess.CalledProcessError)", None, ""),
            ("A(use_attribute_docstrings=True)", "code", "use_attribute_docstrings"),
        ),
    ],
)
def test_what_can_not_be_followed_is_told_with_its_line(
    project: Project, body: str, kind: str | None, name: str
) -> None:
    project.write({**ANYWHERE, "main.py": f"{START}def target(x, frame): return {body}"})
    expected = () if kind is None else ((kind, name, f"{project.name}.main", len(START.splitlines()) + 1),)
    assert project.follow().unseen == expected


def test_a_module_without_source_is_told_with_the_import(project: Project) -> None:
    project.write(
        {"fast.cpython-311-x86_64-linux-gnu.so": "", "main.py": "\nimport PKG.fast\ndef target(): ..."}
    )
    told = (("compiled", f"{project.name}.fast", f"{project.name}.main", 2),)
    assert project.follow().unseen == told
    project.write({"fast.py": "", "main.py": "\nimport PKG.fast\ndef target(): ..."})  # comes after the other
    assert project.follow().unseen == told


@pytest.mark.parametrize("body", ["re.compile(x)", "model.eval()", "(lambda eval: eval(x))(1)", "x.globals"])
def test_another_thing_of_the_same_name_reaches_nothing(project: Project, body: str) -> None:
    project.write({**ANYWHERE, "main.py": f"import re\ndef target(x, model): return {body}"})
    assert set(project.definitions()) == {"main.target"}


@pytest.mark.parametrize("statement", ["N = vars()['x']", "class N: x = locals()['y']"])
def test_the_names_at_hand_outside_of_functions_are_the_modules(project: Project, statement: str) -> None:
    project.write({**ANYWHERE, "main.py": f"{statement}\ndef target(): return N"})
    assert [unseen.name for unseen in project.follow().unseen] == ["globals"]


@pytest.mark.parametrize(
    "body", ["load('PKG.deep.leaf')", "load('.leaf', 'PKG.deep')", "load('.deep.leaf', __package__)"]
)
def test_a_literal_import_reaches_that_module(project: Project, body: str) -> None:
    start = "from importlib import import_module as load"
    project.write({**ANYWHERE, "main.py": f"{start}\ndef target(): return {body}"})
    assert set(project.definitions()) == LEAF | {"main.target"}


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        *(("getattr(x, y)", LEAF), ("setattr(x, y, 3)", LEAF), ("x.__dict__[y]", LEAF), ("vars(x)", LEAF)),
        *(("attrgetter(y)(x)", LEAF), ("attrgetter('a', y)(x)", LEAF), ("map(getattr, x, y)", LEAF)),
        *(("inspect.getmembers(x)", LEAF), ("getattr(leaf, y)", LEAF), ("leaf.__dict__[y]", LEAF)),
        *(("getattr(A, y)", set()), ("getattr(torch, y)", set()), ("locals()[y]", set())),
    ],
)
def test_a_computed_attribute_may_be_any(project: Project, body: str, reached: set[str]) -> None:
    start = "import inspect, torch\nfrom operator import attrgetter\nfrom PKG.deep import leaf\n"
    start += "class A:\n  def method(self): ...\ndef other(): return torch"
    project.write({**ANYWHERE, "main.py": f"{start}\ndef target(x, y): return A(), {body}"})
    told = {"deep.leaf.<names>"} if reached else set()
    assert set(project.definitions()) == {"main.A", "main.A.method", "main.target"} | reached | told


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("getattr(x, 'a')", {"a"}),
        ("getattr(x, 'a', x.b).c", {"a", "b", "c"}),
        ("hasattr(x, 'a')", {"a"}),
        ("attrgetter('a', 'b.c')(x)", {"a", "b", "c"}),
        ("methodcaller('a', x.b)(x)", {"a", "b"}),
        ("x.a[x.b].c(x.d)", {"a", "b", "c", "d"}),
        ("'{x.a} {x}'.format(x=x)", {"a", "format"}),
        ("f'{x.a}'", {"a"}),
        ("setattr(x, 'a', 3)", set()),
        ("x.a(b=3)", {"a"}),
    ],
)
def test_attributes_that_are_read_are_told_by_name(project: Project, body: str, names: set[str]) -> None:
    project.write(f"from operator import attrgetter, methodcaller\ndef target(x): return {body}")
    assert project.follow().attributes == names


def test_setting_an_attribute_reads_none_but_adding_to_it_does(project: Project) -> None:
    project.write("def target(x):\n  x.a = 1\n  x.b += 1\n  del x.c")
    assert project.follow().attributes == {"b"}


def test_a_pattern_reads_attributes(project: Project) -> None:
    project.write("def target(x):\n  match x:\n    case P(a=3): ...\n    case str(y): ...")
    assert project.follow().attributes == {"a"}


FIELDS = """
from typing import Any, NamedTuple, Protocol
import copy, dataclasses
class Part(NamedTuple):
    size: int
class Base(NamedTuple):
    part: "Part | None"
    any: Any
class Config(Base):
    def own(self): return self.part.size
class Sized(Protocol):
    size: int
"""


@pytest.mark.parametrize(
    ("hint", "body", "fields", "unknown"),
    [
        ("Config", "x.size", {("Config", "size")}, set()),
        ("'Config | None'", "x.size", {("Config", "size")}, set()),
        ("Config", "x.part.size", {("Config", "part"), ("Part", "size")}, set()),
        ("Config", "x.any.size", {("Config", "any")}, {"size"}),
        ("Config", "x.own()", {("Config", "own"), ("Config", "part"), ("Part", "size")}, set()),
        ("Config", "[x for x in x][0].size", set(), {"size"}),
        ("Config", "getattr(x, 'size')", {("Config", "size")}, set()),
        *(("Config", body, {("Config", "*")}, set()) for body in ("dict(x)", "repr(x)", "copy.copy(x)")),
        ("Config", "dataclasses.asdict(x)", {("Config", "*")}, set()),
        ("Config", "x._asdict()", {("Config", "_asdict"), ("Config", "*")}, set()),
        ("Config", "(lambda x: x.size)(3)", set(), {"size"}),
        *((hint, "x.size", set(), {"size"}) for hint in ("Any", "object", "Sized", "T", "", "'list[Any]'")),
        ("int", "x.real", set(), set()),
    ],
)
def test_a_field_is_read_on_the_class_that_a_hint_tells(
    project: Project, hint: str, body: str, fields: set[tuple[str, str]], unknown: set[str]
) -> None:
    head = f"T = 3\ndef target(x{': ' if hint else ''}{hint}): return {body}"
    project.write(FIELDS + head)
    found = project.follow()
    assert {(kind.rpartition(".")[2], name) for kind, name in found.fields} == fields
    assert found.attributes == unknown


# Rule 10: data files

DATA = {
    "a.txt": "1",
    "parts/b.html": "2",
    "parts/deep/c.bin": "3",
    "inner/__init__.py": "",
    "inner/d.txt": "4",
    "inner/templates/e.html": "{{ row.name }}",
}
PARTS = {"parts/b.html", "parts/deep/c.bin"}
OUTER, INNER = {"a.txt", *PARTS}, {"inner/d.txt", "inner/templates/e.html"}


@pytest.mark.parametrize(
    ("body", "files"),
    [
        ("files('PKG') / 'a.txt'", OUTER | INNER),
        ("resources.files('PKG.inner')", INNER),
        ("importlib.resources.files('PKG.parts')", PARTS),
        ("pkgutil.get_data('PKG', 'a.txt')", OUTER | INNER),
        ("PackageLoader('PKG', 'parts')", PARTS),
        ("PackageLoader('PKG', package_path='parts/deep')", {"parts/deep/c.bin"}),
        ("PackageLoader('PKG.inner', '../parts')", PARTS),
        ("PackageLoader('PKG.inner')", {"inner/templates/e.html"}),
        ("PackageLoader('PKG', x)", OUTER | INNER),
        ("files(x)", OUTER | INNER),
        ("files()", OUTER | INNER),
        ("list(map(files, x))", OUTER | INNER),
        ("Path(__file__).parent", OUTER | INNER),
        ("inner.__file__", INNER | OUTER),
        ("files('json')", set()),
    ],
)
def test_data_files_count_with_the_code_that_reads_them(project: Project, body: str, files: set[str]) -> None:
    start = """
import importlib.resources, pkgutil
from importlib import resources
from importlib.resources import files
from jinja2 import PackageLoader
from PKG import inner
def unused(): return PackageLoader
"""
    project.write({**DATA, "main.py": f"{start}def target(x=3): return {body}\ndef other(): ..."})
    assert set(project.definitions()) == {"main.target"} | files
    assert set(project.follow("main.other").definitions) == {f"{project.name}.main.other"}


def test_a_data_files_content_counts(changed: Changed) -> None:
    source = "import pkgutil\ndef target(): return pkgutil.get_data(__package__, 'a.txt')"
    assert changed({"a.txt": "one", "main.py": source}, "one", "two") == {"a.txt"}


def test_a_template_reads_attributes(project: Project) -> None:
    template = "<p style='{color: red}'>{% for x in page.rows %}{{ x.cell | map(attribute='kind') }}"
    source = """
        from jinja2 import PackageLoader
        class Page:
            def rows(self): ...
            def color(self): ...
        def target(): return PackageLoader("PKG"), Page()
    """
    project.write({"templates/page.html": template, "main.py": source})
    assert project.follow().attributes == {"rows", "cell", "kind"}
    assert set(project.definitions()) == {"main.Page", "main.Page.rows", "main.target", "templates/page.html"}


# What it tells besides


def test_modules_from_outside_that_are_used_are_told_by_their_top_level_name(project: Project) -> None:
    source = """
        import json, unused, numpy as np, torch.nn.functional as F
        from pandas import DataFrame
        def target():
            import regex.sub
            return json, np.x, F.y, DataFrame, regex.sub(), helper()
        def helper():
            from scipy import stats
            return stats.norm
        def other(): return unused.x
    """
    project.write(source)
    assert project.follow().modules == {"numpy", "pandas", "regex", "scipy", "torch"}


def test_a_name_may_come_by_a_star_from_outside(project: Project) -> None:
    project.write("from scipy import *\ndef target(): return norm")
    assert project.follow().modules == {"scipy"}


def test_what_it_finds_is_sorted_and_the_same_again(project: Project) -> None:
    project.write({**ANYWHERE, "main.py": "from PKG import far\ndef target(x): return [far, eval(x)]"})
    first = project.follow()
    assert list(first.definitions) == sorted(first.definitions)
    assert all(re.fullmatch("[0-9a-f]{16}", digest) for digest in first.definitions.values())
    code, target = project.code(), f"{project.name}.main.target"
    assert code.follow(target) == code.follow(target) == first


def test_nothing_is_imported(project: Project) -> None:
    project.write("raise SystemExit\ndef target(): ...")
    assert set(project.definitions()) == {"main.<statements>", "main.target"}
    assert not [name for name in sys.modules if name.startswith(project.name)]


def test_a_module_that_is_no_part_of_a_package_is_followed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(NAMES)
    (tmp_path / "deep").mkdir()
    (tmp_path / f"{name}.py").write_text("from pathlib import Path\ndef f(): return Path(__file__)")
    for path in ("data.txt", "deep/far.txt"):
        (tmp_path / path).write_text("1")
    monkeypatch.syspath_prepend(tmp_path)
    assert set(Codebase([name]).follow(f"{name}.f").definitions) == {f"{name}.f", "data.txt"}


def test_a_target_may_be_a_class_a_constant_or_a_name_that_leads_to_one(project: Project) -> None:
    project.write({**HELPER, "deep/__init__.py": "from .leaf import leaf", "main.py": "class A: ...\nB = 3"})
    for target, name in {"deep.leaf": "deep.leaf.leaf", "main.A": "main.A", "main.B": "main.B"}.items():
        assert set(project.follow(target).definitions) == {f"{project.name}.{name}"}


SIGNED = '''
from x import Record, mark
@mark
async def target(a, /, record: Record, config: "Config" = None, *rest: int,
                 deep: tuple[int, ...] = (1, {"b": -2}), odd=mark(3), **more) -> "Out":
    """Do it.

    And more.
    """
class Documented:
    """Hold it."""
def bare(): ...
'''


def test_a_signature_is_read_from_the_syntax(project: Project) -> None:
    project.write(SIGNED)
    found = project.code().signature(f"{project.name}.main.target")
    assert str(found) == (
        "(a, /, record: 'Record', config: 'Config' = None, *rest: 'int',"
        " deep: 'tuple[int, ...]' = (1, {'b': -2}), odd=Ellipsis, **more) -> 'Out'"
    )
    assert found.parameters["deep"].kind is inspect.Parameter.KEYWORD_ONLY
    assert str(project.code().signature(f"{project.name}.main.bare")) == "()"


@pytest.mark.parametrize(("name", "text"), [("target", "Do it."), ("Documented", "Hold it."), ("bare", "")])
def test_a_description_is_the_docstrings_first_line(project: Project, name: str, text: str) -> None:
    project.write(SIGNED)
    assert project.code().description(f"{project.name}.main.{name}") == text


@pytest.mark.parametrize("target", ["main.lost", "lost.target", "main", "main.target.deeper", "main.len"])
def test_a_target_that_is_not_there_is_an_error(project: Project, target: str) -> None:
    project.write("def target(): ...")
    name = f"{project.name}.{target}"
    for ask in (project.code().follow, project.code().signature, project.code().description):
        with pytest.raises(CodeError, match=f"there is no {re.escape(name)}"):
            ask(name)


def test_a_signature_of_what_is_no_function_is_an_error(project: Project) -> None:
    project.write("target = 3")
    with pytest.raises(CodeError, match=r"expected a function at .*main\.target"):
        project.code().signature(f"{project.name}.main.target")


def test_a_syntax_error_is_told_with_file_and_line(project: Project) -> None:
    project.write({"bad.py": "x = 1\ndef f(:\n", "main.py": "from PKG.bad import f\ndef target(): f()"})
    code = project.code()
    for _ in range(2):
        with pytest.raises(CodeError, match=r"bad\.py:2: ") as raised:
            code.follow(f"{project.name}.main.target")
    assert isinstance(raised.value, StagecraftError)
    assert explain(raised.value) == str(raised.value)


def test_a_package_that_is_not_there_is_an_error() -> None:
    with pytest.raises(CodeError, match="there is no package 'stagecraft_lost'"):
        Codebase(["stagecraft_lost"])


@pytest.mark.parametrize(
    "use",
    [
        *("library.call(Kind)", "library.call(1, kind=Kind)", "library.call([Kind])"),
        *("[Kind]", "{'a': Kind}", "(Kind, 1)", "{Kind}", "main.KINDS"),
    ],
)
def test_a_class_that_is_handed_on_is_called_by_whatever_name(changed: Changed, use: str) -> None:
    source = f"""
import library
from PKG import main
class Kind:
    def step(self): return 1
class Other:
    def step(self): return 3
KINDS = [Kind]
def target():
    Other()
    return {use}
"""
    assert changed(source, "return 1", "return 2") == {"main.Kind.step"}
    assert changed(source, "return 3", "return 4") == set()


@pytest.mark.parametrize("base", ["Protocol", "Base, Protocol"])
def test_the_methods_of_a_protocol_that_is_asked_for_count(changed: Changed, base: str) -> None:
    source = f"""
from typing import Protocol, runtime_checkable
class Base(Protocol):
    def one(self): ...
@runtime_checkable
class Both({base}):
    def two(self): ...
class Unasked(Protocol):
    def three(self): ...
def target(x):
    Unasked
    return isinstance(x, Both)
"""
    assert changed(source, "two", "another") == {"main.Both.two", "main.Both.another"}
    assert changed(source, "three", "another") == set()
    inherited = {"main.Base.one", "main.Base.another"} if "Base" in base else set()
    assert changed(source, "one(", "another(") == inherited


# Rule 11: messages of errors

ERRORS = """
class Wrong(ValueError): ...
class Noted(ValueError):
    def __init__(self, text): NOTES.append(text)
NOTES = []
class Given(ValueError):
    __init__ = NOTES.append
@log
class Marked(ValueError): ...
class Quit(SystemExit): ...
class Holder:
    Wrong = ValueError
def make(text): return KeyError(len(text))
def target(x):
    try:
        if x:
            raise KIND(f"expected {len(x)} of them")
    except HANDLER as error:
        return BODY
"""


@pytest.mark.parametrize(
    ("kind", "handler", "body", "counts"),
    [
        *(("Wrong", handler, "3", False) for handler in ("KeyError", "(KeyError, OSError)", "UnicodeError")),
        *(
            ("Wrong", handler, "3", True)
            for handler in ("Wrong", "ValueError", "Exception", "(OSError, Wrong)")
        ),
        *(("ValueError", "Wrong", "3", False), ("lost.Wrong", "KeyError", "3", True)),
        ("Wrong", "lost.Wrong", "3", True),
        *((kind, "KeyError", "3", True) for kind in ("StopIteration", "Noted", "make", "Quit")),
        *((kind, "KeyError", "3", True) for kind in ("Given", "Marked", "Holder.Wrong")),
        *(("Wrong", handler, "3", True) for handler in ("Holder.Wrong", "ExceptionGroup")),
        *(("OSError", "FileNotFoundError", "3", True), ("OSError", "KeyError", "3", False)),
        *(
            ("Wrong", "KeyError", body, True)
            for body in ("error.__context__", "error.__cause__", "log(exc_info=1)", "work(error_callback=f)")
        ),
        *(("Wrong", "KeyError", body, True) for body in ("setattr(Wrong, '__init__', f)", "sys.exc_info()")),
    ],
)
def test_words_of_an_error_count_where_it_may_be_caught(
    changed: Changed, kind: str, handler: str, body: str, counts: bool
) -> None:
    source = ERRORS.replace("KIND", kind).replace("HANDLER", handler).replace("BODY", body)
    for new in ("want {len(x)} of them", "{len(x)} were expected"):
        assert (changed(source, "expected {len(x)} of them", new) != set()) == counts
    assert changed(source, "len(x)", "len(x) + 1") == {"main.target"}


@pytest.mark.parametrize("name", ["__init__", "__bases__", "__str__"])
def test_words_of_an_error_count_where_special_methods_are_given_to_classes(
    changed: Changed, name: str
) -> None:
    source = ERRORS.replace("KIND", "Wrong").replace("HANDLER", "KeyError").replace("BODY", "3")
    assert changed(f"{source}\nWrong.{name} = NOTES", "expected", "wanted") == {"main.target"}


def test_recording_is_followed_after_the_rest_as_it_is_at_once(project: Project) -> None:
    project.write(RECORDED)
    code, target = project.code(**RECORDING), f"{project.name}.main.target"
    assert code.follow_with_recording(target) == (code.follow(target), code.follow(target, recorded=True))
