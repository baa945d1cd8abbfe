"""Names that nothing gives are found without importing anything."""

import pytest

from tests.unit.stagecraft.code.conftest import Project

_MADE = "from json import loads\nimport os.path as path\nLIMIT = 3\nclass Box: ...\n"


def undefined(project: Project, text: str, **files: str) -> tuple[str, str, tuple[str, ...]] | None:
    files = {f"{name}.py": more for name, more in files.items()}
    project.write({**files, "main.py": f"{_MADE}{text}\ndef target(): ...\n"})
    return project.code().undefined(f"{project.name}.main.target")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def f(a: Recrod): ...", "Recrod"),
        ("def f() -> 'Box': return lods('3')", "lods"),
        ("def f(limit=LIMT): ...", "LIMT"),
        ("def f(a: 'Bux'): ...", "Bux"),
        ("def f(*a: int, **b: 'list[Bux] | None') -> None: ...", "Bux"),
        ("class Small:\n    part: 'Bux'", "Bux"),
        ("@cached\ndef f(): ...", "cached"),
        ("class Small(Bocks): ...", "Bocks"),
        ("class Small:\n    def f(self): return [pd for _ in (1,)]", "pd"),
        ("def f():\n    def g(): return np\n    return g", "np"),
        ("if LIMIT > LOW: ...", "LOW"),
        ("def f(words): return [words for words in ()]\ndef g(): return words", "return words"),
        ("def f(metrics): ...\ng = lambda: metrics", "lambda: metrics"),
    ],
)
def test_a_name_that_nothing_gives_is_found_with_its_line(project: Project, text: str, name: str) -> None:
    found = undefined(project, text)
    lines = enumerate(f"{_MADE}{text}".splitlines(), 1)
    line = max(number for number, each in lines if name in each)
    assert found and found[:2] == (name.rpartition(" ")[2], f"{project.folder / project.name}/main.py:{line}")
    assert {"loads", "path", "LIMIT", "Box", "target"} <= set(found[2])


@pytest.mark.parametrize(
    "text",
    [
        "def f(a: Box, *b, **c): return [a, b, c, path.sep, loads, LIMIT, __file__, __name__, print]",
        "def f():\n    global made\n    made = 3\ndef g(): return made",
        "def f():\n    n = 1\n    def g():\n        nonlocal n\n        n += 1\n        return lambda: n",
        "class Small:\n    a = 1\n    b = a\n    def f(self): return __class__, self.__b",
        "for each in (1, 2): last = each\nprint(last, each)",
        "with open('x') as file: text = file.read()\ntry: ...\nexcept OSError as error: print(error)",
        "print(found) if (found := LIMIT) else None\n[y for x in ((1,),) for y in x]",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import B\ndef f(b: B): ...",
        "def f(a: 'Box | Small', b: 'not a hint') -> 'Box.part': ...\nclass Small: ...",
        "class Outer:\n    class Inner: ...\n    def f(self) -> 'Inner': ...",
        "from __future__ import annotations\ndef f(a: Box) -> Late: ...\nclass Late: ...",
        "match LIMIT:\n    case [one, *rest] if one: print(rest)\n    case {'a': a, **more}: print(a, more)",
        "globals()['late'] = 3\nprint(late)",
        "from json import *\nprint(dumps)",
        "try:\n    text = unicode\nexcept NameError:\n    text = str",
        "def f(a: int = 3, /, *, b: 'str' = '') -> None:\n    del a\n    import json\n    return json, b",
        "async def f(a):\n    async with a as b:\n        return [x async for x in b]",
    ],
)
def test_what_is_given_in_any_way_passes(project: Project, text: str) -> None:
    assert undefined(project, text) is None


def test_a_module_of_the_package_that_is_imported_is_looked_at_too(project: Project) -> None:
    found = undefined(project, "from .other import Result", other="class Result(Frozn): ...\n")
    assert found and found[0] == "Frozn" and found[1].endswith("/other.py:1")
