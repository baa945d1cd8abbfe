"""How a stage lays out what it is given, and what it is called."""

from pathlib import Path

import pytest

from stagecraft.code import Code
from stagecraft.stage import Stage

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
    stage = Stage(code, "", "shop_of_joins.join", lambda _: "")
    assert stage.bind(1, b=2, a=3) == {"first": 1, "b": 2, "a": 3}
    assert stage.bind(1) == {"first": 1}


def test_a_default_that_is_no_literal_is_left_to_the_function(code: Code) -> None:
    stage = Stage(code, "", "shop_of_joins.count", lambda _: "")
    assert stage.bind(1) == {"first": 1, "least": 2}
    assert stage.bind(1, limit=4) == {"first": 1, "limit": 4, "least": 2}
    assert stage.function(None, **stage.bind(9)) == 3
    assert "shop_of_joins.LIMIT" in stage.reach.definitions


def test_one_function_is_several_stages_by_their_names(code: Code) -> None:
    one, other = (
        Stage(code, "", "shop_of_joins.join", lambda _: "", name=name) for name in ("", "join_twice")
    )
    assert (one.name, other.name) == ("join", "join_twice")
    assert one.description == other.description == "Join numbers."
    assert one.reach.definitions == other.reach.definitions


def test_a_stage_keeps_checkpoints_if_it_says_so_or_may_be_trained_longer(code: Code) -> None:
    def resumes(**options: object) -> bool:
        return Stage(code, "", "shop_of_joins.join", lambda _: "", **options).resumes  # type: ignore[arg-type]

    assert (resumes(), resumes(resumes=True), resumes(longer="sums.rounds")) == (False, True, True)
