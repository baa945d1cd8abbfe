"""What is asked for, before anything runs."""

from typing import Any

import pytest

from stagecraft.code import CodeError
from stagecraft.errors import SelectionError
from stagecraft.pipeline.selection import Selector


def test_a_request_is_told_from_others_by_its_flow_and_its_profile(workshop: Any) -> None:
    assert workshop.ask().name == "small works"


def test_the_stages_that_are_asked_for_stand_in_the_order_of_the_flow(workshop: Any) -> None:
    assert workshop.ask().stages == ["gather", "add", "page"]
    assert workshop.ask(Selector(until="add")).stages == ["gather", "add"]
    assert workshop.ask(Selector(only=("page", "gather"))).stages == ["gather", "page"]


def test_a_stage_that_there_is_not_is_refused_with_the_nearest(workshop: Any) -> None:
    request = workshop.ask(Selector(until="pages"))
    with pytest.raises(SelectionError, match="no stage 'pages'; did you mean page"):
        _ = request.stages


def test_a_plan_is_of_the_stages_that_are_asked_for(workshop: Any) -> None:
    plan = workshop.ask(Selector(until="add")).plan(workshop.results)
    assert [intent.name for intent in plan.intents] == ["gather", "add"]


def test_what_a_stage_changes_for_others_is_refused_also_where_it_draws(workshop: Any) -> None:
    workshop.ask().check()
    workshop.edit(
        "drawing", "    return Drawing", "    import math\n    math.floor = math.ceil\n    return Drawing"
    )
    with pytest.raises(CodeError, match=r"^gather: .*drawing\.py:15: math\.floor changes"):
        workshop.ask().check()
    workshop.ask(Selector(only=("gather", "page"))).check()
