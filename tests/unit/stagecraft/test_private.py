"""What is private in Prefect and MLflow is there in the installed releases, and is listed."""

import ast
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from functools import reduce
from itertools import accumulate
from pathlib import Path

import mlflow.cli
import mlflow.environment_variables
import prefect.settings
import pytest
from click import Option
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import stagecraft
from stagecraft.private import MLFLOW, PREFECT, TRIED, Private

PACKAGE = Path(str(stagecraft.__file__)).parent
PROJECT = PACKAGE.parent.parent
FILES = [file for folder in ("src", "flows", "tasks") for file in (PROJECT / folder).rglob("*.py")]
LISTED = (*PREFECT, *MLFLOW)

# Prefect's reference describes every module that is not private by its name, MLflow's those that follow.
MANUAL = re.compile(
    r"prefect(\.[A-Za-z]\w*)*|mlflow(\.(artifacts|entities|exceptions|models|pyfunc(\.model)?))?(\.[A-Za-z]\w*)?"
)
SETTING = re.compile('"((?:PREFECT|MLFLOW)_[A-Z_]+)"')
#: where the settings are declared that each reads from the environment
KNOWN = {"prefect": prefect.settings, "mlflow": mlflow.environment_variables}
#: what `mlflow server` reads there, as the program does that serves in its place
OPTIONS = {option.envvar for option in mlflow.cli.server.params if isinstance(option, Option)}


def find(name: str) -> object:
    module, _, path = name.partition(":")
    return reduce(_part, path.split("."), importlib.import_module(module))


def _part(owner: object, name: str) -> object:
    """Take a part of something; a model's field is no attribute of its class."""
    fields = getattr(owner, "model_fields", {}) if inspect.isclass(owner) else {}
    return fields[name] if name in fields else getattr(owner, name)


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry.name)
def test_what_is_private_is_there_as_it_was(entry: Private) -> None:
    found = find(entry.name)

    assert entry.value in (None, found)
    if entry.takes:
        assert set(entry.takes) <= set(inspect.signature(found).parameters)


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry.name)
def test_what_is_listed_is_used_where_the_list_says(entry: Private) -> None:
    text = (PACKAGE / entry.used_in).read_text(encoding="utf-8")

    assert str(entry.value or _words(entry)[-1]) in text


def test_what_is_imported_stands_in_a_manual_or_is_listed() -> None:
    imported = {name for file in FILES for name in _imports(ast.parse(file.read_bytes()))}
    in_no_manual = {name for name in imported if not MANUAL.fullmatch(name)}
    listed = {name for entry in LISTED for name in accumulate(_words(entry), "{}.{}".format)}

    assert in_no_manual <= listed


def test_what_is_private_by_its_name_is_listed() -> None:
    every = {file: ast.parse(file.read_bytes()) for file in FILES}
    trees = [tree for file, tree in every.items() if file.parent.name in KNOWN or list(_imports(tree))]
    listed = {_words(entry)[-1] for entry in LISTED}

    assert {name for tree in trees for name in _private(tree)} <= listed


@pytest.mark.parametrize(
    "code", ["get_client()._client", "getattr(client, '_client')", "client._client.get('/')"]
)
def test_a_name_that_is_private_elsewhere_is_seen_though_another_file_has_such_a_name(code: str) -> None:
    own = PACKAGE / "mlflow" / "registry.py"

    assert "_client" in _defined(ast.parse(own.read_bytes()))
    assert _private(ast.parse(code)) == {"_client"}


@pytest.mark.parametrize(
    "name", sorted({name for file in FILES for name in SETTING.findall(file.read_text(encoding="utf-8"))})
)
def test_a_setting_in_the_environment_is_one_that_its_reader_knows(name: str) -> None:
    assert hasattr(KNOWN[name.partition("_")[0].lower()], name) or name in OPTIONS


@pytest.mark.parametrize("framework", TRIED)
def test_the_bounds_allow_what_was_tried_and_no_further_series(framework: str) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (bounds,) = [each for each in map(Requirement, project["dependencies"]) if each.name == framework]
    oldest, newest = TRIED[framework]
    major, minor, *_ = newest.split(".")

    assert bounds.specifier == SpecifierSet(f">={oldest},<{major}.{int(minor) + 1}")


def _words(entry: Private) -> list[str]:
    return re.split("[.:]", entry.name)


def _imports(tree: ast.AST) -> Iterator[str]:
    """Name what a file imports of the two."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in KNOWN)
        elif isinstance(node, ast.ImportFrom) and not node.level and str(node.module).split(".")[0] in KNOWN:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _private(tree: ast.AST) -> set[str]:
    """Name the private attributes that a file reads and does not define itself."""
    own = {*_defined(tree), "_asdict", "_exit", "_fields", "_replace"}
    return {name for name in _read(tree) if re.match("_[^_]", name)} - own


def _read(tree: ast.AST) -> Iterator[str]:
    """Name the attributes that a file reads, also those that it reads by a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"getattr", "hasattr", "setattr"}:
            yield from (part.value for part in node.args[1:2] if isinstance(part, ast.Constant))


def _defined(tree: ast.AST) -> Iterator[str]:
    """Name what a file defines itself: functions, variables, and the attributes of its own objects."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif (
            isinstance(node, ast.Attribute)
            and ast.unparse(node.value) == "self"
            and isinstance(node.ctx, ast.Store)
        ):
            yield node.attr
