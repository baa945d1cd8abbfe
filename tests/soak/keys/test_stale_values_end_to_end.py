"""By the command line, with Prefect and MLflow: what the cache gives is what a fresh home computes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.soak.keys.market.case import Case
from tests.soak.keys.market.families import FAMILIES, declared, plain
from tests.soak.project import Project

#: by family, what is edited: kinds of which a first variant is run
KINDS = {
    "effects": ("init_subclass", "map of a bound append", "keyword default"),
    "readings": ("return hint under validate_call", "docstring of a function"),
    "data files": ("pandas csv of a file", "sqlite of a file"),
    "others": ("child by os.popen", "thread that reads", "compiled module", "environment variable"),
}
CASES = [
    next(each for each in FAMILIES[family]() if each.name == kind).first()
    for family, kinds in KINDS.items()
    for kind in kinds
]


class Shop:
    """A project, and commands that run it in one home."""

    def __init__(self, folder: Path, home: Path, server: str, database: Path) -> None:
        self._folder, self._home = folder, Project(home, server, database)

    def run(self, variables: dict[str, str]) -> dict[str, tuple[str, str | None]]:
        """Run it; return each stage's state and the text that is kept, none if it is refused."""
        self._home.environment |= variables | {"PYTHONDONTWRITEBYTECODE": "1"}
        status = self._home.start("run", "--json", cwd=self._folder).wait()
        said = f"{self._home.out.read_text()}\n{self._home.err.read_text()}"
        assert status in (0, 2), said
        if status:
            assert "expected" in said
            return {}
        document: dict[str, Any] = json.loads(self._home.out.read_text())
        kept = {result.key: result.value["text"] for result in self._home.results()}
        return {stage["name"]: (stage["state"], kept.get(stage["key"])) for stage in document["stages"]}


def _run(case: Case, folder: Path, server: str, database: Path) -> list[dict[str, tuple[str, str | None]]]:
    """Run a case before its edit, after it, and after it in a fresh home."""
    project = folder / "project"
    case.write(project, edited=False)
    old, fresh = (Shop(project, folder / name, server, database) for name in ("home", "fresh"))
    before = old.run(case.variables(edited=False))
    case.write(project, edited=True)
    return [before, *(shop.run(case.variables(edited=True)) for shop in (old, fresh))]


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_what_is_taken_from_the_cache_is_what_a_fresh_home_computes(
    case: Case, tmp_path: Path, prefect_server: str, empty_database: Path
) -> None:
    _, after, anew = _run(case, tmp_path, prefect_server, empty_database)
    taken = {name: text for name, (state, text) in after.items() if state == "cached"}
    assert taken == {name: anew[name][1] for name in taken}
    assert "weigh" not in taken


@pytest.mark.soak
@pytest.mark.parametrize(
    "case",
    [*plain(("function", "override"), "method of another module"), *list(declared())[:3]],
    ids=lambda case: case.kind,
)
def test_what_is_followed_or_declared_is_kept_and_runs_again(
    case: Case, tmp_path: Path, prefect_server: str, empty_database: Path
) -> None:
    before, after, anew = _run(case, tmp_path, prefect_server, empty_database)
    assert before["weigh"][1] is not None
    assert {name: state for name, (state, _) in after.items()} == {"weigh": "completed", "sell": "completed"}
    assert {name: text for name, (_, text) in after.items()} == {
        name: text for name, (_, text) in anew.items()
    }
