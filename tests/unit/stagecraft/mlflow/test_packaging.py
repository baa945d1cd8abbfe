"""Which modules a model is packaged with."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

import seqstep
from stagecraft.mlflow.packaging import lay_out, modules_behind

SERVING = Path(__file__).parents[4] / "tasks" / "serving"


@pytest.fixture
def behind(tmp_path: Path) -> "Behind":
    return Behind(tmp_path)


class Behind:
    """A package of a test's own."""

    def __init__(self, root: Path) -> None:
        self.root, self.package = root, ModuleType("own")
        self.package.__file__ = str(root / "own" / "__init__.py")
        self.write("own/__init__.py", "")

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def of(self, code: str) -> list[str]:
        return list(modules_behind(self.write("code.py", code), [self.package]))


@pytest.mark.parametrize(
    "code",
    [
        "import own.a.b",
        "import own.a.b as other",
        "from own.a import b",
        "from own.a.b import X",
        "from own.a.b import *",
        "def late():\n    from own.a.b import X",
        "try:\n    import own.a.b\nexcept ImportError:\n    pass",
    ],
)
def test_an_imported_module_is_taken_with_the_packages_around_it_and_no_other(
    behind: Behind, code: str
) -> None:
    for path in ("own/a/__init__.py", "own/a/b.py", "own/a/c.py", "own/d.py"):
        behind.write(path, "X = 1")
    assert behind.of(code) == ["own/__init__.py", "own/a/__init__.py", "own/a/b.py"]


@pytest.mark.parametrize(
    "text", ["from own.a.c import X", "from .c import X", "from . import c", "from ..a import c"]
)
def test_what_a_module_imports_is_taken_too_also_by_relative_names(behind: Behind, text: str) -> None:
    behind.write("own/a/__init__.py", "")
    behind.write("own/a/b.py", text)
    behind.write("own/a/c.py", "from own.a import b")
    assert behind.of("import json, own.a.b") == [
        "own/__init__.py",
        "own/a/__init__.py",
        "own/a/b.py",
        "own/a/c.py",
    ]


def test_what_a_package_imports_for_its_users_is_taken_too(behind: Behind) -> None:
    behind.write("own/a/__init__.py", "from .b import X")
    behind.write("own/a/b.py", "from ..d import X")
    behind.write("own/d.py", "X = 1")
    assert behind.of("from own.a import X") == [
        "own/__init__.py",
        "own/a/__init__.py",
        "own/a/b.py",
        "own/d.py",
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["text", "forecast"])
def test_what_serves_a_model_imports_with_these_modules_alone(name: str, tmp_path: Path) -> None:
    modules = modules_behind(SERVING / f"{name}.py", [seqstep])
    lay_out(modules, tmp_path)
    assert "seqstep/generation/answers.py" in modules and "seqstep/report/page.py" not in modules
    names = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in modules]
    if not find_spec("triton"):  # it is imported where there is a GPU alone
        names.remove("seqstep.models.recurrence_on_gpu")
    found = (
        f"import {', '.join(names)}; import sys; print(sys.modules['seqstep.generation.answers'].__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", found], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(tmp_path / "seqstep" / "generation" / "answers.py")
