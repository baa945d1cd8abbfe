"""Imports of what is not there are found without importing anything."""

import pytest

from tests.unit.stagecraft.code.conftest import Project

_FILES = {
    "core/__init__.py": "from PKG.core import deep\n",
    "core/deep.py": "import json\nNAME = 3\ndef function(): ...\n",
    "bare/inner/deep.py": "",
    "starred.py": "from json import *\n",
    "asked.py": "def __getattr__(name): ...\n",
    "made.py": "globals()['NAME'] = 3\n",
    "hidden.py": "import json\n",
}


def lacking(project: Project, imports: str) -> tuple[str, str] | None:
    project.write(_FILES | {"main.py": f"{imports}\ndef target(): ...\n"})
    code = project.code(leave_out=["PKG.hidden"])
    within = {f"{project.name}.over", f"{project.name}.below.a"}
    return code.lacking(f"{project.name}.main", within)


@pytest.mark.parametrize(
    "imports",
    [
        *(
            "import json, os.path",
            "import PKG.core.deep",
            "from . import core",
            "from .core.deep import NAME",
        ),
        *("from PKG import hidden", "from PKG.bare.inner import deep", "import PKG.bare.inner.deep as deep"),
        *("from PKG.starred import anything", "from PKG.asked import anything", "from PKG.made import NAME"),
        *("from PKG.core.deep import __name__", "from PKG.core.deep import *", "import numpy.nosuch"),
        "try:\n    import nosuch\nexcept ImportError:\n    nosuch = None",
        "def later():\n    import nosuch",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nosuch",
    ],
)
def test_what_is_there_or_can_not_be_told_passes(project: Project, imports: str) -> None:
    assert lacking(project, imports) is None


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        *(
            ("import nosuch", "nosuch"),
            ("import nosuch.deep as deep", "nosuch"),
            ("from nosuch import a", "nosuch"),
        ),
        *(("import PKG.nosuch", "PKG.nosuch"), ("from PKG.nosuch import a", "PKG.nosuch")),
        *(("from PKG import nosuch", "PKG.nosuch"), ("from .core.nosuch import a", "PKG.core.nosuch")),
        *(("from PKG.core.deep import NAEM", "PKG.core.deep.NAEM"), ("import json, nosuch", "nosuch")),
    ],
)
def test_what_is_not_there_is_found_with_the_place_of_its_import(
    project: Project, imports: str, name: str
) -> None:
    expected = (name.replace("PKG", project.name), f"{project.folder / project.name}/main.py:2")
    assert lacking(project, f"import json\n{imports}") == expected


@pytest.mark.parametrize("function", ["def later():\n    {}", "class Box:\n    def later(self):\n        {}"])
def test_what_a_function_imports_of_the_project_must_be_there(project: Project, function: str) -> None:
    found = lacking(project, function.format("from .core.deep import NAEM"))
    assert found and found[0] == f"{project.name}.core.deep.NAEM"
    assert lacking(project, function.format("from .core.deep import NAME")) is None


@pytest.mark.parametrize("way", ["import PKG.over", "from . import over", "from PKG.below import a"])
def test_what_a_module_on_the_way_lacks_is_found_there(project: Project, way: str) -> None:
    project.write(_FILES | {"over.py": "import nosuch", "below/a.py": "from PKG import over"})
    found = lacking(project, way)
    assert found and found[0] == "nosuch" and found[1].endswith("/over.py:1")
    assert lacking(project, f"def later():\n    {way}") is None
