"""Where a project is found, and what is said where there is none or something else."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stagecraft.cli.workplace import Workplace
from stagecraft.errors import ProjectError
from stagecraft.names import Names
from stagecraft.pipeline.selection import Selector
from stagecraft.project import Project, find_folder, load_project

NAMES = Names("my-works")
_MODULE = """
from stagecraft.names import Names
from stagecraft.project import Project

PROJECT = Project(Names("my-works"), {"all": ""}, ("usual",), print, print)
EMPTY = Project(Names("my-works"), {}, (), None, None)
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


_FORM = 'expected [tool.my-works] project = "package:PROJECT" in PATH, got '


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[tool.my-works]\nprojct = 'a:B'",
            "project` in [tool.my-works] of PATH, got projct; did you mean project?",
        ),
        ("[tool.my-works]\nproject = 'a:B'\nhome = 'x'", "expected nothing but `project` in [tool.my-works]"),
        ("[tool.my-works.project]\na = 'B'", f"{_FORM}{{'a': 'B'}}; name the module"),
        ("[tool.my-works]", f"{_FORM}nothing; name the module"),
        ("[tool]\nmy-works = 'flow'", f"{_FORM}'flow'; name the module"),
    ],
)
def test_a_mistyped_declaration_is_refused_and_not_passed_over(tmp_path: Path, text: str, words: str) -> None:
    folder = declare(tmp_path) / "below"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(ProjectError) as refused:
        find_folder(NAMES, folder)
    assert words.replace("PATH", str(folder / "pyproject.toml")) in str(refused.value)


def test_modules_of_the_same_names_earlier_on_the_path_are_not_taken_for_the_projects(
    tmp_path: Path, written: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "flow.py").write_text("raise RuntimeError('somebody else')")
    declare(written, "flow:PROJECT")
    sys.path[:0] = [str(other), str(written)]
    assert load_project(NAMES, written).names == NAMES


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
        *("flow:SOMETHING_ELSE", "flow:MISSING", "flow:", ":PROJECT", ".flow:PROJECT"),
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


def test_what_is_wrong_in_a_project_that_is_asked_is_told_with_the_place(written: Path) -> None:
    module = _MODULE.replace("print, print", "lambda *args: args[0].epochs, print")
    (declare(written) / "flow.py").write_text(module)
    words = rf"the project failed with AttributeError: .* at {written}/flow.py:5; correct that"
    with pytest.raises(ProjectError, match=words):
        load_project(NAMES, written).ask("", "", [], Selector(), False)


def test_a_project_that_lacks_its_parts_is_refused(written: Path) -> None:
    with pytest.raises(ProjectError, match=r"expected a Project with flows, profiles, `ask` and `start` in"):
        load_project(NAMES, declare(written, "flow:EMPTY"))


@pytest.mark.parametrize("name", ["3", "'-x'", "''", "'a b'"])
@pytest.mark.parametrize("place", ["'all'", "'usual'"])
def test_names_of_flows_and_profiles_can_stand_in_a_command_line(
    written: Path, place: str, name: str
) -> None:
    module = _MODULE.replace('"', "'").replace(place, name)
    (declare(written) / "flow.py").write_text(module)
    with pytest.raises(ProjectError, match=rf"expected names that a command line can hold .*, got {name};"):
        load_project(NAMES, written)


@pytest.mark.parametrize("target", ["flow", "", "3"])
def test_a_target_without_a_name_is_refused_with_the_form(written: Path, target: str) -> None:
    with pytest.raises(ProjectError, match=r'expected \[tool.my-works\] project = "package:PROJECT" in'):
        load_project(NAMES, declare(written, target))


def test_a_project_with_other_names_is_not_run_by_this_program(written: Path) -> None:
    folder = declare(written)
    file = written / "flow.py"
    file.write_text(file.read_text().replace("my-works", "your-works"))
    with pytest.raises(ProjectError, match=r"expected a Project of my-works in .*, got one of your-works"):
        load_project(NAMES, folder)


def test_a_module_of_that_name_elsewhere_is_not_the_project(written: Path) -> None:
    other = declare(written / "other")
    sys.path.insert(0, str(written))
    with pytest.raises(ProjectError, match=f"names, got none in {other}"):
        load_project(NAMES, other)


def test_a_checkout_is_not_run_by_the_code_of_another_one(written: Path) -> None:
    (declare(written) / "src" / "stagecraft").mkdir(parents=True)
    with pytest.raises(ProjectError, match=f"expected the code of {written}, got that of .*; run the one of"):
        load_project(NAMES, written)


def test_the_home_of_a_checkout_is_not_used_by_the_code_of_another_one(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (declare(written) / "src" / "stagecraft").mkdir(parents=True)
    monkeypatch.chdir(written)
    monkeypatch.delenv("MY_WORKS_HOME", raising=False)
    with pytest.raises(ProjectError, match="expected the code of"):
        _ = Workplace(NAMES).home
    monkeypatch.setenv("MY_WORKS_HOME", str(written / "home"))
    assert Workplace(NAMES).home.root == written / "home"


def test_a_package_that_only_the_installed_checkout_has_is_not_taken_in_silence(
    written: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = declare(written / "checkout")
    (checkout / "borrowed_works").mkdir()
    (checkout / "borrowed_works" / "__init__.py").touch()
    (written / "flow.py").write_text(f"import borrowed_works\n{_MODULE}")
    monkeypatch.syspath_prepend(checkout)
    install(url=checkout.as_uri(), dir_info={"editable": True})
    with pytest.raises(
        ProjectError, match=f"the package borrowed_works in {written}, .* that of {checkout};"
    ):
        load_project(NAMES, declare(written))
    monkeypatch.delitem(sys.modules, "borrowed_works")
