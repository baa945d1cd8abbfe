"""What other code than a stage's changes that the stage may read, such as a project's flows."""

from pathlib import Path

import pytest

from tests.unit.stagecraft.code.conftest import Project

CORE = """
TABLE = {"a": 1}
class K:
    v = 1
class Base:
    def __init_subclass__(cls):
        TABLE[cls.__name__] = cls
def add(name):
    def put(it):
        TABLE[name] = it
        return it
    return put
def target():
    return math.floor(1.5), np.sin(1.0), TABLE, K.v, Base
import math
import numpy as np
"""
START = """import contextlib, functools, math
import numpy as np
from unittest import mock
from PKG import core
"""
CHANGES = [
    *("np.sin = np.cos", "setattr(np, 'sin', np.cos)", "vars(np)['sin'] = np.cos", "del math.floor"),
    *("np.__dict__.update(sin=np.cos)", "n = np\nn.sin = np.cos", "for np.sin in [np.cos]: pass"),
    *("for m in (np, math):\n    m.sin = np.cos", "import sys\nsys.modules['math'].floor = math.ceil"),
    *("core.K.v = 2", "core.TABLE['b'] = 2", "core.TABLE.update(b=2)", "core.add('b')(len)"),
    *("@core.add('b')\ndef f(): ...", "class P(core.Base): ...", "def f(m):\n    m.sin = 1\nf(np)"),
    *("def f():\n    np.sin = np.cos", "class P:\n    def f(self):\n        np.sin, self.x = 1, 2"),
    *(
        "mock.patch('numpy.sin').start()",
        "object.__setattr__(np, 'sin', 1)",
        "from PKG.core import *\nK.v = 2",
    ),
    *("functools.partial(setattr, np, 'sin')(1)", "with contextlib.nullcontext(np) as m:\n    m.sin = 1"),
]
FINE = [
    *("x = np.sin(1.0)", "class P:\n    x = 1\nP.x = 2", "from PKG import texts\ntext = texts.clean('a')"),
    *(
        "def f(np):\n    np.sin = 1",
        "def f():\n    math = {}\n    math['a'] = 1",
        "import os\nos.environ['A'] = '1'",
    ),
    *("import mlflow\nmlflow.x()", "def f():\n    x = np.zeros(2)\n    x[0] = 1", "getattr(np, 'sin')"),
]


def changed_by(
    project: Project, folder: Path, files: dict[str, str], target: str = "core.target", *others: str
) -> list[str]:
    project.write({"core.py": CORE, "texts.py": "ENDS = []\ndef clean(text): return text", **files})
    code, reach = project.code(), project.follow(target)
    changes = [change for one in (target, *others) for change in project.follow(one).changes]
    return [code.where(one) for one in code.meddled(reach, changes, folder)]


@pytest.fixture
def flows(project: Project, tmp_path: Path) -> str:
    name = f"beside_{project.name}"
    (tmp_path / "pyproject.toml").write_text(f'[tool.x]\nproject = "{name}:PROJECT"\n')
    return name


@pytest.mark.parametrize("text", CHANGES)
def test_what_flows_change_is_told_with_its_place(
    project: Project, tmp_path: Path, flows: str, text: str
) -> None:
    file = tmp_path / f"{flows}.py"
    file.write_text((START + text).replace("PKG", project.name))
    assert changed_by(project, tmp_path, {})[0].startswith(f"{file}:")


@pytest.mark.parametrize("text", FINE)
def test_what_is_their_own_they_may_change(project: Project, tmp_path: Path, flows: str, text: str) -> None:
    (tmp_path / f"{flows}.py").write_text((START + text).replace("PKG", project.name))
    assert changed_by(project, tmp_path, {}) == []


def test_so_is_what_they_import_from_beside_them(project: Project, tmp_path: Path, flows: str) -> None:
    (tmp_path / f"{flows}.py").write_text(f"def f():\n    import more_{flows}\n")
    (tmp_path / f"more_{flows}.py").write_text("import numpy as np\nnp.sin = np.cos\n")
    assert changed_by(project, tmp_path, {}) == [f"{tmp_path}/more_{flows}.py:2"]


@pytest.mark.parametrize("text", ["from PKG import other", ""])
def test_what_a_module_does_on_import_counts_for_those_that_import_it(
    project: Project, tmp_path: Path, text: str
) -> None:
    files = {
        "other.py": "import numpy as np\nSIN = np.sin\nnp.sin = np.cos",
        "main.py": f"{text}\ndef target(): ...",
    }
    where = f"{tmp_path}/{project.name}/other.py:3"
    found = changed_by(project, tmp_path, files, "main.target", "other.SIN")
    assert found == ([] if text else [where])


def test_what_a_function_does_is_found_by_all(project: Project, tmp_path: Path) -> None:
    files = {"other.py": "import numpy as np\ndef f():\n    np.sin = np.cos"}
    for target, other in (("core.target", "other.f"), ("other.f", "core.target")):
        where = [f"{tmp_path}/{project.name}/other.py:3"]
        assert changed_by(project, tmp_path, files, target, other) == where


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    global np\n    import numpy as np\n    return np.sin",
        "[core.TABLE.update(b=x) for x in 'b']\ndef f(): return core.TABLE",
        "TABLE = {}\ndef f(x):\n    TABLE[x] = 1\n    f.x = 1\n    x.update(y=np.zeros(2))",
        "from matplotlib import rcParams\ndef f(x):\n    rcParams['a'] = 1\n    rcParams.update(a=1)",
    ],
)
def test_what_is_its_own_or_is_done_on_import_a_stage_may_change(
    project: Project, tmp_path: Path, text: str
) -> None:
    files = {"other.py": START.replace("PKG", project.name) + text}
    assert changed_by(project, tmp_path, files, "other.f") == []


KEEPING = """
import functools
TABLE, FIXED, WORDS = {}, {"a": 1}, []
LAST = None
class K:
    def f(self): self.x = 1
class L:
    @classmethod
    def f(cls): cls.x = 1
class M:
    box = []
BOX = {}
IT = K()
LINES = iter(())
SHORT = functools.partial(len, "")
@functools.lru_cache(maxsize=None)
def cached(): ...
def filled(box=[]): ...
def fill(x):
    global LAST
    LAST = TABLE[x] = WORDS.append(x)
def free(): return FIXED
def target(): return BOX, L.f(), M.box, rest()
def rest(): return TABLE, FIXED, WORDS, LAST, IT, LINES, SHORT, cached(), filled(), free(), fill(1)
"""


def test_what_may_keep_something_is_told(project: Project, tmp_path: Path) -> None:
    project.write(KEEPING)
    kept = {name.rpartition(".")[2] for name in project.code().states(project.follow())}
    assert kept == {"BOX", "L", "M", "TABLE", "WORDS", "LAST", "IT", "LINES", "cached", "filled"}
