"""Where a project is found, and what is said where there is none or something else."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stagecraft.errors import ProjectError
from stagecraft.names import Names
from stagecraft.project import Project, find_folder, load_project

NAMES = Names("my-works")
_MODULE = """
from stagecraft.names import Names
from stagecraft.project import Project

PROJECT = Project(Names("my-works"), {}, (), None, None)
SOMETHING_ELSE = 5
"""


def declare(folder: Path, target: str = "flow:PROJECT") -> Path:
    """Write a pyproject.toml that declares a project."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(f'[tool.my-works]\nproject = "{target}"\n')
    return folder


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install the project's distribution, as far as its records go."""

    def write(**origin: object) -> None:
        record = tmp_path / "site-packages" / "my_works-1.0.dist-info"
        record.mkdir(parents=True)
        (record / "METADATA").write_text("Metadata-Version: 2.1\nName: my-works\nVersion: 1.0\n")
        if origin:
            (record / "direct_url.json").write_text(json.dumps(origin))
        monkeypatch.syspath_prepend(record.parent)

    return write


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module `flow` that holds a project; nothing of it stays imported."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "flow", raising=False)
    (tmp_path / "flow.py").write_text(_MODULE)
    return tmp_path


def test_the_project_is_the_nearest_folder_upwards_that_declares_it(tmp_path: Path) -> None:
    outer = declare(tmp_path / "outer")
    inner = declare(outer / "a" / "inner")
    below = inner / "b" / "c"
    below.mkdir(parents=True)
    assert find_folder(NAMES, below) == find_folder(NAMES, inner) == inner
    assert find_folder(NAMES, outer / "a") == outer


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'", "[tool.other]\nproject = 'a:B'", "tool = 5"])
def test_a_pyproject_that_declares_no_such_project_is_passed_over(tmp_path: Path, text: str) -> None:
    folder = declare(tmp_path)
    (folder / "package").mkdir()
    (folder / "package" / "pyproject.toml").write_text(text)
    assert find_folder(NAMES, folder / "package") == folder


def test_outside_of_a_project_it_is_the_checkout_of_an_editable_installation(
    tmp_path: Path, install: Callable[..., None]
) -> None:
    checkout = declare(tmp_path / "my checkout")
    install(url=checkout.as_uri(), dir_info={"editable": True})
    assert find_folder(NAMES, tmp_path) == checkout
    nearer = declare(tmp_path / "nearer")
    assert find_folder(NAMES, nearer) == nearer


@pytest.mark.parametrize(
    "origin",
    [
        {},
        {"url": "{checkout}", "dir_info": {}},
        {"url": "{checkout}", "dir_info": {"editable": False}},
        {"url": "{checkout}-that-is-gone", "dir_info": {"editable": True}},
        {"url": "https://host/my-works.whl", "archive_info": {}},
        {"url": "https://host{path}", "dir_info": {"editable": True}},
    ],
)
def test_an_installation_that_is_no_checkout_of_the_project_is_none(
    tmp_path: Path, install: Callable[..., None], origin: dict[str, object]
) -> None:
    checkout = declare(tmp_path / "checkout")
    if url := str(origin.get("url", "")):
        origin = {**origin, "url": url.format(checkout=checkout.as_uri(), path=checkout)}
    install(**origin)
    assert find_folder(NAMES, tmp_path) is None


def test_what_is_not_installed_and_not_declared_is_no_project(tmp_path: Path) -> None:
    assert find_folder(NAMES, tmp_path) is None


def test_without_a_project_it_is_said_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProjectError) as refused:
        load_project(NAMES, None)
    assert str(refused.value) == (
        f"expected a project, got none in {tmp_path}; go to the folder of a checkout, or one whose"
        ' pyproject.toml says [tool.my-works] project = "package:PROJECT"'
    )
    assert refused.value.exit_status == 2


def test_a_project_is_imported_from_its_folder_wherever_one_is(written: Path) -> None:
    project = load_project(NAMES, declare(written))
    assert isinstance(project, Project) and project.names == NAMES
    assert Path(str(sys.modules["flow"].__file__)).parent == written


@pytest.mark.parametrize(
    "target",
    [
        *("flow:SOMETHING_ELSE", "flow:MISSING", "flow", "flow:", ":PROJECT", "", ".flow:PROJECT"),
        *("no_such_module:PROJECT", "no_such_package.flow:PROJECT", "flow.below:PROJECT", "flow.py:PROJECT"),
    ],
)
def test_a_pyproject_that_names_no_project_is_refused_with_what_is_there(written: Path, target: str) -> None:
    folder = declare(written, target)
    with pytest.raises(ProjectError) as refused:
        load_project(NAMES, folder)
    what = "5" if target == "flow:SOMETHING_ELSE" else f"none in {folder}"
    assert str(refused.value) == (
        f"expected a Project in {target}, which {folder}/pyproject.toml names, got {what};"
        " correct that, or [tool.my-works] there"
    )


def test_a_project_that_lacks_a_library_says_which(written: Path) -> None:
    (written / "flow.py").write_text("import no_such_library")
    with pytest.raises(ProjectError, match=rf"No module named 'no_such_library' at {written}/flow\.py:1;"):
        load_project(NAMES, declare(written))


@pytest.mark.parametrize("content", [b"[tool", b"name = '\xff'"])
def test_a_pyproject_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    with pytest.raises(ProjectError, match=f"expected a TOML file, got {path}, which can't be read: "):
        find_folder(NAMES, tmp_path)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("raise RuntimeError('kaboom')", "got RuntimeError: kaboom at {}/flow.py:1; correct that, or"),
        ("import sys; sys.exit(0)", "got SystemExit: 0 at {}/flow.py:1"),
        ("\n\nx = (", r"got SyntaxError: '(' was never closed (flow.py, line 3) at {}/flow.py:3"),
    ],
)
def test_a_project_that_can_not_be_imported_is_told_with_the_place(
    written: Path, module: str, words: str
) -> None:
    (declare(written) / "flow.py").write_text(module)
    with pytest.raises(ProjectError, match=re.escape(words.format(written))):
        load_project(NAMES, written)


def test_a_module_of_that_name_elsewhere_is_not_the_project(written: Path) -> None:
    other = declare(written / "other")
    sys.path.insert(0, str(written))
    with pytest.raises(ProjectError, match=f"names, got none in {other}"):
        load_project(NAMES, other)


def test_a_checkout_is_not_run_by_the_code_of_another_one(written: Path) -> None:
    (declare(written) / "src" / "stagecraft").mkdir(parents=True)
    with pytest.raises(ProjectError, match=f"expected the code of {written}, got that of .*; run the one of"):
        load_project(NAMES, written)
