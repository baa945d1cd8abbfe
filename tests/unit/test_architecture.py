"""The house as it is drawn: rooms, floors and arrows."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
MECHANISM = ROOT / "src" / "stagecraft"
PACKAGES = ("flows", "secrecy", "seqstep", "seqstep_cli", "stagecraft", "tasks")
ABOVE = ("flows", "tasks")
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


def test_imports_run_one_way_through_the_house() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_package_and_no_folder_is_outside_of_the_contracts() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    there = {path.name for path in (ROOT / "src").iterdir() if list(path.rglob("*.py"))} | {*ABOVE}
    assert there == set(linter["root_packages"]) == set(PACKAGES)
    folders = {path.parent for room in ROOMS for path in room.parent.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


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
    (floors,) = [each["layers"] for each in CONTRACTS if "flows" in each.get("layers", ())]
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


def test_only_one_function_reaches_the_stages_and_by_name(graph: grimp.ImportGraph) -> None:
    reached = {
        (module, found)
        for module in graph.modules
        for found in graph.find_modules_directly_imported_by(module)
        if found.startswith(ABOVE) and not module.startswith(ABOVE)
    }
    assert reached == set()
    files = sorted((ROOT / "src").rglob("*.py"))
    by_name = [str(path.relative_to(ROOT)) for path in files if "import_module(" in path.read_text("utf-8")]
    # The project, and what its stages name: their functions and the models of their results.
    assert by_name == [f"src/stagecraft/{name}.py" for name in ("code/hints", "pipeline/stage", "project")]


def test_the_stage_mechanism_does_not_know_what_project_it_runs() -> None:
    files = [path for path in MECHANISM.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    knowing = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "seqstep" in f"{path.relative_to(MECHANISM)} {line}".lower()
    ]
    assert files and knowing == []
