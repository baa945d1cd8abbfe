"""The house as it is drawn: rooms, floors and arrows."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
MECHANISM = ROOT / "src" / "stagecraft"
PACKAGES = ("flows", "secrecy", "seqstep", "seqstep_cli", "seqstep_program", "stagecraft", "tasks")
ABOVE = ("flows", "tasks")
#: what may import a module by a text
IMPORTERS = frozenset({"__import__", "exec_module", "import_module", "load_module", "pkgutil", "reload"})
IMPORTERS |= {"run_module", "run_path", "runpy"}
ROOMS = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / ("" if package in ABOVE else "src") / package).rglob("__init__.py")
)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Every import, also inside of functions and for type checkers alone."""
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def floors_of(package: str) -> list[list[str]]:
    """The floors of a package's rooms as the contracts have them, from the top."""
    (contract,) = [each for each in CONTRACTS if each.get("containers") == [package]]
    return [sorted(floor.split(" | ")) for floor in contract["layers"]]


def code_in(folder: Path) -> set[str]:
    """Name what can be imported from a folder, with or without an `__init__.py`, but for what git ignores."""
    ignored = [".*", *(line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split())]
    paths = [path for path in folder.iterdir() if not any(fnmatch(path.name, one) for one in ignored)]
    return {path.stem for path in paths if path.suffix == ".py" or any(path.rglob("*.py"))}


def defined(text: str) -> set[str]:
    """Name what a module defines for others."""
    found = set()
    for node in ast.parse(text).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return {name for name in found if name[0] != "_"}


def imports_by_name(text: str) -> bool:
    """Tell whether code says what may import a module by a text."""
    nodes = list(ast.walk(ast.parse(text)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    said = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    said |= {node.name for node in nodes if isinstance(node, ast.alias)}
    return not (names | said).isdisjoint(IMPORTERS) or not names.isdisjoint({"eval", "exec"})


def test_a_folder_of_modules_at_the_top_is_seen_also_without_an_init(tmp_path: Path) -> None:
    code = ["with/__init__.py", "without/module.py", "deep/in/module.py", "alone.py"]
    for name in (*code, "data/text.txt", ".venv/module.py", "dist/module.py", "x.egg-info/module.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert code_in(tmp_path) == {"with", "without", "deep", "alone"}


@pytest.mark.parametrize(
    "text",
    [
        "__import__('flows')",
        "load = __import__",
        "import builtins; builtins.__import__('flows')",
        "import importlib; importlib.import_module('flows')",
        "from importlib import import_module as load",
        "spec.loader.exec_module(module)",
        "from runpy import run_module",
        "import pkgutil",
        "exec('import flows')",
    ],
)
def test_an_import_by_name_is_seen_however_it_is_spelled(text: str) -> None:
    assert imports_by_name(text)


def test_imports_run_one_way_through_the_house() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_package_and_no_folder_is_outside_of_the_contracts() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    there = {*code_in(ROOT), *code_in(ROOT / "src")} - {"benchmarks", "requirements", "src", "tests"}
    assert there == set(linter["root_packages"]) == set(PACKAGES)
    folders = {path.parent for room in ROOMS for path in room.parent.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_each_room_may_import_torch_or_is_held_not_to() -> None:
    (contract,) = [each for each in CONTRACTS if each["name"].startswith("Torch is imported only where")]
    tensors = {"evaluation", "forecasters", "generation", "models", "report", "training"}
    below = {path.stem for path in (ROOT / "src" / "seqstep").iterdir() if path.suffix in ("", ".py")}
    rooms = {f"seqstep.{name}" for name in below - tensors - {"__init__", "__pycache__"}}
    assert rooms | {"stagecraft", "secrecy"} == set(contract["source_modules"])


def test_nothing_is_imported_in_a_circle_also_not_inside_of_functions(graph: grimp.ImportGraph) -> None:
    circles = [
        (module, found)
        for module in graph.modules
        for found in graph.find_modules_directly_imported_by(module)
        if graph.find_shortest_chain(importer=found, imported=module)
    ]
    assert circles == []


@pytest.mark.parametrize("package", ["seqstep", "stagecraft"])
def test_the_page_draws_the_floors_that_the_contracts_hold(package: str) -> None:
    _, _, table = PAGE.partition(f"| floor of `{package}` |")
    rows = [line.split("|")[1] for line in table.split("\n\n")[0].splitlines()[2:]]
    assert [sorted(re.findall("`([^`]+)`", row)) for row in rows] == floors_of(package)


def test_the_page_draws_the_packages_from_the_flows_down() -> None:
    drawn = [name for name in re.findall(r'(\w+)\["\w+<br/>', PAGE) if name in PACKAGES]
    (floors,) = [each["layers"] for each in CONTRACTS if PACKAGES[0] in each.get("layers", ())]
    assert drawn == [name for floor in floors for name in floor.split(" | ")]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.parent.relative_to(ROOT)))
def test_each_room_says_what_lives_there(room: Path) -> None:
    said = ast.get_docstring(ast.parse(room.read_text("utf-8")))
    assert said and len(said.splitlines()[0]) > 20


@pytest.mark.parametrize("package", ["seqstep", "stagecraft"])
def test_each_room_of_a_floor_says_what_it_may_import(package: str) -> None:
    rooms = [ROOT / "src" / package / room / "__init__.py" for floor in floors_of(package) for room in floor]
    silent = [room for room in rooms if room.exists() and "ay import" not in room.read_text("utf-8")]
    assert silent == []


def test_no_public_name_stands_for_two_things_in_a_package() -> None:
    meant = {
        *(("seqstep_cli", "COMMANDS"), ("stagecraft", "commands")),  # of each module of commands
        *(("seqstep", "walk"), ("seqstep", "walk_back")),  # a kernel, and who calls it
        ("seqstep", "Model"),  # stands for a type, in each module
    }
    found = Counter(
        (package, name)
        for package in {*PACKAGES} - {"tasks"}  # where a stage is called like its function
        for file in (ROOT / ("" if package in ABOVE else "src") / package).rglob("*.py")
        for name in defined(file.read_text("utf-8"))
    )
    assert {named for named, times in found.items() if times > 1} == meant


def test_only_one_function_reaches_the_stages_and_by_name(graph: grimp.ImportGraph) -> None:
    reached = {
        (module, found)
        for module in graph.modules
        for found in graph.find_modules_directly_imported_by(module)
        if found.startswith(ABOVE) and not module.startswith(ABOVE)
    }
    assert reached == set()
    files = sorted(file for room in ROOMS for file in room.parent.glob("*.py"))
    by_name = {str(file.relative_to(ROOT)) for file in files if imports_by_name(file.read_text("utf-8"))}
    # The project; what its stages name: their functions and the models of their results; who looks on.
    names = ("code/hints", "pipeline/stage", "project", "witness/importing")
    assert by_name == {f"src/stagecraft/{name}.py" for name in names}


def test_the_stage_mechanism_does_not_know_what_project_it_runs() -> None:
    files = [path for path in MECHANISM.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    knowing = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "seqstep" in f"{path.relative_to(MECHANISM)} {line}".lower()
    ]
    assert files and knowing == []
