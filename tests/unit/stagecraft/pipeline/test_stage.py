"""How a stage lays out what it is given, and what it is called."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stagecraft.code import Code
from stagecraft.pipeline.stage import Stage, fits

_SOURCE = '''
def join(record, first: int, **others: int) -> "Joined":
    """Join numbers."""
    return first + sum(others.values())

LIMIT = 3

def count(record, first: int, limit=LIMIT, least=2) -> "Joined":
    return min(first, limit)
'''


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Code:
    (tmp_path / "shop_of_joins.py").write_text(_SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return Code(("shop_of_joins",))


def test_what_a_function_takes_beside_its_parameters_stands_under_its_own_names(code: Code) -> None:
    stage = Stage(code, "shop_of_joins.join", lambda _: "")
    assert stage.bind(1, b=2, a=3) == {"first": 1, "b": 2, "a": 3}
    assert stage.bind(1) == {"first": 1}


def test_a_default_that_is_no_literal_is_left_to_the_function(code: Code) -> None:
    stage = Stage(code, "shop_of_joins.count", lambda _: "")
    assert stage.bind(1) == {"first": 1, "least": 2}
    assert stage.bind(1, limit=4) == {"first": 1, "limit": 4, "least": 2}
    assert stage.function(None, **stage.bind(9)) == 3
    assert "shop_of_joins.LIMIT" in stage.reach.definitions


def test_one_function_is_several_stages_by_their_names(code: Code) -> None:
    one, other = (Stage(code, "shop_of_joins.join", lambda _: "", name=name) for name in ("", "join_twice"))
    assert (one.name, other.name) == ("join", "join_twice")
    assert one.description == other.description == "Join numbers."
    assert one.reach.definitions == other.reach.definitions


def test_a_stage_keeps_checkpoints_if_it_says_so_or_may_be_trained_longer(code: Code) -> None:
    def resumes(**options: object) -> bool:
        return Stage(code, "shop_of_joins.join", lambda _: "", **options).resumes  # type: ignore[arg-type]

    assert (resumes(), resumes(resumes=True), resumes(longer="sums.rounds")) == (False, True, True)


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
    assert fits(metric, known) is is_one


def test_a_stage_tells_which_metrics_its_runs_may_have(code: Code) -> None:
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
