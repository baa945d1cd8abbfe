"""How a stage lays out what it is given, and what it is called."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stagecraft.code import Codebase
from stagecraft.errors import WiringError
from stagecraft.files.artifact import Artifact
from stagecraft.pipeline import resuming
from stagecraft.pipeline.call import artifacts_in
from stagecraft.pipeline.stage import Stage, matches

_SOURCE = '''
def join(record, first: int, **others: int) -> "Joined":
    """Join numbers."""
    return first + sum(others.values())

LIMIT = 3

def count(record, first: int, limit=LIMIT, least=2) -> "Joined":
    return min(first, limit)
'''


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Codebase:
    (tmp_path / "shop_of_joins.py").write_text(_SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return Codebase(("shop_of_joins",))


def test_what_a_function_takes_beside_its_parameters_stands_under_its_own_names(code: Codebase) -> None:
    stage = Stage(code, "shop_of_joins.join", lambda _: "")
    assert stage.bind(1, b=2, a=3) == {"first": 1, "b": 2, "a": 3}
    assert stage.bind(1) == {"first": 1}


def test_a_default_that_is_no_literal_is_left_to_the_function(code: Codebase) -> None:
    stage = Stage(code, "shop_of_joins.count", lambda _: "")
    assert stage.bind(1) == {"first": 1, "least": 2}
    assert stage.bind(1, limit=4) == {"first": 1, "limit": 4, "least": 2}
    assert stage.function(None, **stage.bind(9)) == 3
    assert "shop_of_joins.LIMIT" in stage.reach.definitions


RESULTS = """
from typing import Annotated, Any

from pydantic import AfterValidator
from stagecraft.files.artifact import Frozen


class Weights(Frozen):
    total: Annotated[int, AfterValidator(lambda number: number CHANGE)] = 1
    rest: Any = None


def weigh(record) -> Weights:
    return Weights(rest=record)
"""


def weighing(folder: Path, monkeypatch: pytest.MonkeyPatch, change: str = "") -> Stage:
    name = f"shop_of_{folder.name}"
    (folder / f"{name}.py").write_text(RESULTS.replace("CHANGE", change))
    monkeypatch.syspath_prepend(str(folder))
    return Stage(Codebase((name,)), f"{name}.weigh", lambda _: "")


def test_a_result_is_written_as_json_and_read_with_mappings_in_the_order_of_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = weighing(tmp_path, monkeypatch)
    told = stage.write(stage.function({"b": 1, "a": {"d": 2, "c": 3}}))
    assert told == {"total": 1, "rest": {"b": 1, "a": {"d": 2, "c": 3}}}
    assert str(stage.read(told)) == "total=1 rest={'a': {'c': 3, 'd': 2}, 'b': 1}"


NAMED = """
from pydantic import computed_field
from stagecraft.files.artifact import Artifact, Frozen

class Named(Frozen):
    keys: Artifact
    items: int = 3

    @computed_field
    @property
    def twice(self) -> int:
        return 2 * self.items


def named(record) -> Named:
    return Named(keys=record)
"""


def test_fields_called_like_methods_and_computed_ones_are_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop_of_names.py").write_text(NAMED)
    monkeypatch.syspath_prepend(str(tmp_path))
    stage = Stage(Codebase(("shop_of_names",)), "shop_of_names.named", lambda _: "")
    file = Artifact(uri="file:///a", sha256="0" * 64, bytes=1, kind="text/plain")
    told = stage.write(stage.function(file))
    assert told == {"keys": file.model_dump(), "items": 3}
    assert list(artifacts_in({"": stage.read(told)})) == [(".keys", file)]


@pytest.mark.parametrize(("change", "got"), [("+ 1", "'total': 2"), ("if number > 1 else 1 / 0", "division")])
def test_a_result_that_its_json_is_not_read_as_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, got: str
) -> None:
    stage = weighing(tmp_path, monkeypatch, change.replace("1 / 0", 'int("division")'))
    with pytest.raises(WiringError, match=rf"the same once it was written as JSON .*got .*, then .*{got}"):
        stage.write(stage.function(None))


def test_what_is_no_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WiringError, match=r"weigh to return a model of addresses and facts, got a dict"):
        weighing(tmp_path, monkeypatch).write({"total": 1})


def test_one_function_is_several_stages_by_their_names(code: Codebase) -> None:
    one, other = (Stage(code, "shop_of_joins.join", lambda _: "", name=name) for name in ("", "join_twice"))
    assert (one.name, other.name) == ("join", "join_twice")
    assert one.description == other.description == "Join numbers."
    assert one.reach.definitions == other.reach.definitions


def test_a_stage_keeps_checkpoints_if_it_says_so_or_may_be_trained_longer(code: Codebase) -> None:
    def resumes(**options: object) -> bool:
        return Stage(code, "shop_of_joins.join", lambda _: "", **options).resumes  # type: ignore[arg-type]

    assert (resumes(), resumes(resumes=True), resumes(longer="sums.rounds")) == (False, True, True)


def test_what_finds_checkpoints_counts_for_a_training_alone(
    code: Codebase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def definitions(text: str, resumes: bool = True) -> dict[str, str]:
        copy = tmp_path / "checkpoints.py"
        copy.write_text(resuming.FILE.read_text() + text)
        with monkeypatch.context() as patch:
            patch.setattr(resuming, "FILE", copy)
            resuming.resuming.cache_clear()
            found = Stage(code, "shop_of_joins.join", lambda _: "", resumes=resumes).definitions
        resuming.resuming.cache_clear()
        return found

    assert definitions("# A comment.\n") == definitions("") != definitions("MORE = 1\n")
    assert definitions("MORE = 1\n", resumes=False) == definitions("", resumes=False)


@pytest.mark.parametrize(
    ("metric", "known", "is_one"),
    [
        ("valid/mse", "valid/mse", True),
        ("valid/mse", "valid/msea", False),
        ("valid/mse", "valid/ms", False),
        ("valid.mse", "valid/mse", False),
        ("valid/mse", "valid.mse", False),
        ("test/rmse_k016", "test/rmse_k<steps>", True),
        ("test/rmse_k", "test/rmse_k<steps>", False),
        ("test/a/rmse", "test/<model>/rmse", True),
        ("test/a/b/rmse", "test/<model>/rmse", False),
        ("test/a_t0.5", "test/<model>_t<temperature>", True),
    ],
)
def test_a_metric_is_told_by_its_name_but_for_what_only_a_run_tells(
    metric: str, known: str, is_one: bool
) -> None:
    assert matches(metric, known) is is_one


def test_a_stage_tells_which_metrics_its_runs_may_have(code: Codebase) -> None:
    stage = Stage(code, "shop_of_joins.join", lambda _: "", records=("a/<what>", "b"))
    assert [stage.may_record(name) for name in ("a/1", "b", "c", "a")] == [True, True, False, False]
    assert not Stage(code, "shop_of_joins.join", lambda _: "").may_record("b")


def test_a_stage_is_called_after_its_function_and_described_by_its_docstrings_first_line(
    project: Callable[[str], Stage],
) -> None:
    begin = project("begin")
    assert (begin.name, begin.description, begin.yields) == ("begin", "Make both parts.", ("left", "right"))
    assert begin.figure({"n": 3}) == "3 things"


def test_arguments_are_laid_out_by_name_with_defaults_and_without_the_record(
    project: Callable[[str], Stage],
) -> None:
    assert project("begin").bind() == {"size": 3}
    assert project("middle").bind("a") == {"left": "a", "right": None}
    assert project("end").bind("a", size=1, right="b") == {"left": "a", "right": "b", "size": 1}
    with pytest.raises(TypeError, match="missing a required argument: 'left'"):
        project("middle").bind()
