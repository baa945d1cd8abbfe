"""What looks like a definition and does more when it is imported counts, for whoever imports the module."""

from textwrap import dedent

import pytest

from tests.unit.stagecraft.code.conftest import Changed, Project

LOG = "LOG = []\nSHARED = []\n"
MAIN = "import PKG.a\nfrom PKG.log import LOG, SHARED\ndef target(): return LOG, SHARED"
START = """
import dataclasses, enum, functools, json, operator, pydantic, typing
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Annotated, NamedTuple
from PKG.log import LOG
from PKG import log
def act(*_, **__):
    LOG.append(1)
    return 3
def unused(): return pydantic
class Plain:
    def get(self, *_): return act()
    @classmethod
    def split(cls, *_): return act()
    @staticmethod
    def copy(): return act()
    @property
    def p(self): return act()
    @functools.cached_property
    def q(self): return act()
    def keys(self): return [act()][:0]
class Kind(Enum):
    A = 1
    def _act(self, *_): return LOG.append(1)
    def __add__(self, _): self._act()
    def __format__(self, _): return str(self._act())
    def __hash__(self): return self._act() or 1
    def __len__(self): return self._act() or 1
    def __iter__(self): return iter([self._act(), 2])
    def __lt__(self, _): return self._act()
    def __or__(self, _): return self._act()
    @classmethod
    def _missing_(cls, _): return cls.A._act() or cls.A
class Hooked:
    def __subclasshook__(cls, _): return act()
class Row(NamedTuple):
    x: int
    def get(self): return act()
OBJ, ALIAS, TABLE, BASES = Plain(), act, {"a": act}, [Plain]
MODULE = json
"""
EFFECTS = [
    *("OBJ.get('x')", "Plain().get('x')", "Plain.split('x')", "Plain.copy()", "Row(1).get()", "log.get('x')"),
    *(
        "OBJ.p",
        "Plain().q",
        "f'{OBJ.p}'",
        "'{0.p}'.format(OBJ)",
        "[o.p for o in [OBJ]]",
        "operator.attrgetter('p')(OBJ)",
    ),
    *("sorted([1], key=ALIAS)", "max([1, 2], key=TABLE['a'])", "sorted([1], key=lambda x: act())"),
    *("{**OBJ}", "dict(OBJ)", "isinstance(1, Hooked)", "json.dumps(Row, default=ALIAS)"),
    *(
        "Kind.A + 1",
        "f'{Kind.A}'",
        "{Kind.A: 1}",
        "{Kind.A}",
        "len(Kind.A)",
        "Kind('q')",
        "[*Kind.A]",
        "Kind.A | None",
    ),
    *(
        "Kind.A < Kind.A",
        "min(Kind.A, Kind.A)",
        "list(Kind.A)",
        "1 in Kind.A",
        "Kind.A and 1",
        "1 if Kind.A else 2",
    ),
    *("sorted([1], key=LOG.append)", "[1].copy() or act()", "(lambda: act())()", "MODULE.get(1)"),
]


@pytest.mark.parametrize("expression", EFFECTS)
def test_an_expression_that_may_run_code_counts(project: Project, expression: str) -> None:
    project.write({"log.py": LOG, "a.py": f"{START}\nN = {expression}", "main.py": MAIN})
    assert "a.<statements>" in project.definitions()


@pytest.mark.parametrize("expression", EFFECTS)
def test_it_counts_through_a_name_too(project: Project, expression: str) -> None:
    source = f"{START}\nMEMBER = Kind.A\nN = {expression.replace('Kind.A', 'MEMBER')}"
    project.write({"log.py": LOG, "a.py": source, "main.py": MAIN})
    assert "a.<statements>" in project.definitions()


HARMLESS = [
    *(
        "act",
        "Plain",
        "[act, Plain]",
        "{'a': act}",
        "Row(1)",
        "Row",
        "Kind.A",
        "(Kind.A, 1)",
        "lambda x: act()",
    ),
    *("1 + 2", "f'{1}'", "{'a': 1}.get('a')", "tuple({'a': act})", "', '.join({'a': act})", "Plain | None"),
    *("{n: act for n in ('a', 'b')}", "dict(a=1)", "functools.partial(act, 1)", "list[Plain]"),
    *("pydantic.Field(default_factory=act)", "pydantic.TypeAdapter(dict[str, int])", "sorted((2, 1))"),
]


@pytest.mark.parametrize("expression", HARMLESS)
def test_what_only_makes_a_value_does_not_count_for_others(project: Project, expression: str) -> None:
    project.write({"log.py": LOG, "a.py": f"{START}\nN = {expression}", "main.py": MAIN})
    assert "a.<statements>" not in project.definitions()


STATEMENTS = {
    "the first of a tuple": "x, y = Kind.A",
    "a base that is told": "class R:\n  def __init_subclass__(cls): act()\nclass N(R): ...",
    "a base that is told by a nested name": "class O:\n  class R: __init_subclass__ = act\nclass N(O.R): ...",
    "a base from a table": "class N(BASES[0]): ...",
    "a base that is made": "class R:\n  def __init_subclass__(cls): act()\nN = type('N', (R,), {})",
    **{
        f"{name} by assignment": f"class R:\n  {name} = {given}\n{use}"
        for name, given, use in (
            ("__init_subclass__", "classmethod(act)", "class N(R): ..."),
            ("__class_getitem__", "classmethod(act)", "N = R[int]"),
            ("__set_name__", "act", "class K:\n  v = R()"),
            ("__add__", "act", "OTHER = R()\nN = OTHER + 1"),
            ("__init__", "act", "N = R()"),
        )
    },
    "the value of a member": "class E(Enum):\n  _generate_next_value_ = staticmethod(act)\n  A = auto()",
    "the making of a member": "class E(Enum):\n  __init__ = act\n  A = 1",
    "a factory by a name": "F = field(default_factory=act)\n@dataclass\nclass K:\n  x: int = F\nN = K()",
    "a factory in a mapping": "@dataclass\nclass K:\n  x: int = field(**{'default_factory': act})\nN = K()",
    "a validator": "@pydantic.dataclasses.dataclass\nclass K:\n  x: Annotated[int, 'q']\nN = K(1)",
    "a schema": "class M(pydantic.BaseModel):\n  @classmethod\n  def __get_pydantic_core_schema__(cls, s, h):"
    "\n    act()\n    return h(s)",
    "a walrus in a hint": "def f(a: (X := act())): ...",
    "a walrus in a default": "def f(a=(X := act())): ...",
    "names of a shared list": "from PKG.log import SHARED as __all__\n__all__ += ['q']",
    "names of an own list": "ALSO = __all__ = ['q']\n__all__ += ['r']",
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_a_statement_that_may_run_code_counts(project: Project, statement: str) -> None:
    project.write({"log.py": LOG, "a.py": f"{START}\n{statement}", "main.py": MAIN})
    assert "a.<statements>" in project.definitions()


# The order of what modules do

CYCLE = {
    "log.py": LOG,
    "a.py": "import PKG.b\nfrom PKG.log import LOG\nLOG.append('a')",
    "b.py": "from PKG.log import LOG\nLOG.append('b')\nimport PKG.a",
    "main.py": MAIN,
}


@pytest.mark.parametrize("back", ["\nimport PKG.a", ""])
def test_the_place_of_an_import_among_statements_counts(project: Project, back: str) -> None:
    files = {**CYCLE, "b.py": CYCLE["b.py"].replace("\nimport PKG.a", back)}
    project.write(files)
    before = project.definitions()
    project.write({**files, "a.py": "from PKG.log import LOG\nLOG.append('a')\nimport PKG.b"})
    assert project.definitions() != before


@pytest.mark.parametrize(
    ("start", "test"),
    [
        ("class T: TYPE_CHECKING = True", "T.TYPE_CHECKING"),
        ("from PKG.log import TYPE_CHECKING", "TYPE_CHECKING"),
        ("from PKG import log", "log.TYPE_CHECKING"),
        ("from typing import TYPE_CHECKING\nTYPE_CHECKING = True", "TYPE_CHECKING"),
    ],
)
def test_only_the_flag_of_typing_is_dead(changed: Changed, start: str, test: str) -> None:
    source = f"{start}\nif {test}:\n  X = 1\nelse:\n  X = 3\ndef target(): return X"
    assert changed({"log.py": "TYPE_CHECKING = True", "main.py": source}, "X = 1", "X = 2") != set()


def test_a_module_and_a_name_of_its_package_both_count(changed: Changed) -> None:
    files = {
        "deep/__init__.py": "thing = 5",
        "deep/thing.py": "X = 1",
        "main.py": "import PKG.deep.thing\ndef target(): return PKG.deep.thing.X",
    }
    assert changed(files, "X = 1", "X = 2") != set()


# What is read by other ways than by name; `1` becomes `2` in what is read so.

READ = {
    "by the place in a pattern": """
        class P:
            __match_args__ = ("scaled",)
            @property
            def scaled(self): return 1
        def target(p):
            match P():
                case P(x): return x
        """,
    "by a library that is given an object": """
        import xml.etree.ElementTree as ET
        class T:
            def data(self, x): return 1
        def target(): return ET.XMLParser(target=T())
        """,
    "by a library that is given an object by a name": """
        import logging
        class F:
            def filter(self, record): return 1
        def target():
            wanted = F()
            logging.getLogger("q").addFilter(wanted)
        """,
    "by a base in a class": """
        import ast
        class H:
            B = ast.NodeVisitor
        class V(H.B):
            def visit_Constant(self, node): return 1
        def target(x): return V().visit(x)
        """,
    "by a class that is made": """
        import ast
        class M:
            def visit_Constant(self, node): return 1
        V = type("V", (M, ast.NodeVisitor), {})
        def target(x): return V().visit(x)
        """,
    "by a class that is made by a library": """
        import ast, dataclasses
        class M:
            def visit_Constant(self, node): return 1
        def target(x): return dataclasses.make_dataclass("V", [], bases=(M, ast.NodeVisitor))().visit(x)
        """,
    "by a text in pieces": """
        class O:
            @property
            def p(self): return 1
        def target(): return ("{0." + "p}").format(O())
        """,
    "by a text in pieces by name": """
        TEXT = "{0." + "p}"
        class O:
            @property
            def p(self): return 1
        def target(): return TEXT.format(O())
        """,
    "by a text in pieces that is handed on": """
        class O:
            @property
            def p(self): return 1
        def target():
            text = "{0." + "p}"
            return list(map(text.format, [O()]))
        """,
    "by a formatter": """
        import string
        class O:
            @property
            def p(self): return 1
        def target(): return string.Formatter().get_field("0.p", (O(),), {})[0]
        """,
    "by a query in pieces": """
        X = 1
        def target(table): return table.query("a == @" + "X")
        """,
    "by a recorder of the project's own": """
        class Record:
            def tag(self, x): return x
        def show(record: Record): return record.tag(1)
        def target(): return show(Record())
        """,
    "by the signature of a class": """
        import inspect
        T = 1
        def show(x: T): ...
        def target(): return inspect.Signature.from_callable(show)
        """,
    "by a compiler": """
        import torch
        T = 1
        def show(x: T): ...
        def target(): return torch.jit.script(show)
        """,
    "by the schema of an operator": """
        from torch import library
        T = 1
        def show(x: T): ...
        def target(): return library.infer_schema(show, mutates_args=())
        """,
    "by a validator of a function": """
        from pydantic import TypeAdapter
        T = 1
        def show(x: T): ...
        def target(): return TypeAdapter(show)
        """,
    **{
        f"by a type in a text: {made}": f"""
        import dataclasses, pydantic, typing
        from typing import List
        Lit = typing.Literal[1]
        {made}
        def target(): return A
        """
        for made in (
            *("A = pydantic.TypeAdapter('list[Lit]')", "A = list['Lit']", "A = typing.Optional['Lit']"),
            *(
                "A = List['Lit']",
                "A = typing.NamedTuple('A', [('x', 'Lit')])",
                "A = typing.ForwardRef('Lit')",
            ),
            *("A = typing.TypeVar('A', bound='Lit')", "A = pydantic.create_model('M', x=('Lit', ...))"),
            *("def A(): return dataclasses.make_dataclass('A', [('x', 'Lit | None')])",),
        )
    },
    "by a method of several kinds": """
        from functools import singledispatchmethod
        T = 1
        def show(self, x: T): ...
        class K:
            @singledispatchmethod
            def f(self, x): ...
            f.register(show)
        def target(): return K().f(3)
        """,
    "by a computed name": """
        def show(): 'about 1'
        def target(): return getattr(show, "__d" + "oc__")
        """,
}


@pytest.mark.parametrize("source", READ.values(), ids=READ)
def test_what_is_read_by_other_ways_than_by_name_counts(project: Project, source: str) -> None:
    text = dedent(source)
    project.write(text)
    before = project.definitions(recording=("tag",))
    project.write("1".join(text.rsplit("1", 1)).replace("1", "2"))
    assert project.definitions(recording=("tag",)) != before


@pytest.mark.parametrize(
    "text", ["show", "leaf", "leaf.X, show", "about Lit", "K + " * 9_000 + "K", "-" * 90_000 + "K"]
)
def test_a_text_that_is_no_type_is_followed_nowhere(project: Project, text: str) -> None:
    main = f"from PKG import leaf\nclass K: ...\ndef show(): ...\ndef target(): return {text!r}"
    project.write({"leaf.py": "X = 1", "main.py": main})
    assert project.definitions().keys() == {"main.target"}


@pytest.mark.parametrize("edit", ["import os\nx: int = 1", "x: str = 1", "def f(): ...\nx: int = 1"])
@pytest.mark.parametrize("read", ["len(dir(a))", "a.__annotations__", "vars(a)"])
def test_what_a_module_tells_of_itself_counts(project: Project, edit: str, read: str) -> None:
    main = f"import PKG.a as a\ndef target(): return {read}"
    project.write({"a.py": "x: int = 1", "main.py": main})
    before = project.definitions()
    project.write({"a.py": edit, "main.py": main})
    assert (project.definitions() != before) is (read != "a.__annotations__" or "import" not in edit)


@pytest.mark.parametrize(
    "handler",
    [
        *("stack.push_async_exit(print)", "loop.set_exception_handler(print)", "sys.unraisablehook = print"),
        *("contextlib.redirect_stderr(x)", "redirect_stderr(x)", "unittest.TestResult()"),
    ],
)
def test_words_of_an_error_count_where_something_else_catches_it(changed: Changed, handler: str) -> None:
    start = "import contextlib, sys, unittest\nfrom contextlib import redirect_stderr"
    source = (
        f"{start}\ndef fail(): raise ValueError('one')\ndef target(stack, loop, x):\n  {handler}\n  fail()"
    )
    assert changed(source, "'one'", "'two'") == {"main.fail"}


def test_an_accessor_of_what_is_no_property_of_the_class_counts(project: Project) -> None:
    project.write(
        {
            "reg.py": """
            FNS = []
            class Registry:
                def setter(self, fn):
                    FNS.append(fn)
                    return fn
            REG = Registry()
            """,
            "k.py": """
            class K:
                from PKG.reg import REG
                @REG.setter
                def go(self): return 1
            """,
            "main.py": "import PKG.k\nfrom PKG.reg import FNS\ndef target(): return FNS[0](0)",
        }
    )
    before = project.definitions()
    project.edit("def go(self): return 1", "def go(self): return 2")
    assert project.definitions() != before


def test_what_stands_at_a_place_of_a_pattern_counts_wherever_the_class_says_so(project: Project) -> None:
    project.write(
        """
        from dataclasses import dataclass
        @dataclass
        class K:
            val: int
        class J(K):
            @property
            def val(self): return 1
            @val.setter
            def val(self, _): ...
        def target(x):
            match x:
                case J(v): return v
        """
    )
    before = project.definitions()
    project.edit("return 1", "return 2")
    assert project.definitions() != before


def test_a_package_that_makes_its_place_of_itself_is_followed_to_an_end(project: Project) -> None:
    project.write(
        {
            "p/__init__.py": "__path__ = [__path__[0] + '/alt']",
            "p/a.py": "X = 1",
            "main.py": "from PKG.p.a import X\ndef target(): return X",
        }
    )
    assert "main.target" in project.definitions()
