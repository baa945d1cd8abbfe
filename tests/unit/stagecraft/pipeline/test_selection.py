"""Which stages run, which of them anew, and which results they are given."""

from collections.abc import Callable

import pytest

from stagecraft.errors import SelectionError
from stagecraft.pipeline.selection import Selector, select
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Trace


@pytest.mark.parametrize(
    "selector",
    [Selector(until="ends"), Selector(only=("ends",)), Selector(since="ends"), Selector(force=("ends",))],
)
def test_an_unknown_stage_names_the_nearest(trace: Trace, selector: Selector) -> None:
    with pytest.raises(SelectionError, match="no stage 'ends'; did you mean end"):
        select(trace, selector)


@pytest.mark.parametrize(
    ("selector", "selected", "forced", "given", "behind"),
    [
        (Selector(), "begin middle apart end", "", "", ""),
        (Selector(until="middle"), "begin middle", "", "", ""),
        (Selector(since="middle"), "begin middle apart end", "middle end", "", ""),
        (Selector(since="begin", until="middle"), "begin middle", "begin middle", "", ""),
        (Selector(force=("apart",)), "begin middle apart end", "apart", "", ""),
        (Selector(only=("end",)), "end", "", "begin middle", ""),
        (Selector(only=("middle",), force=("middle",)), "middle", "middle", "begin", ""),
        (Selector(only=("middle", "end"), since="middle"), "middle end", "middle end", "begin", ""),
        (Selector(only=("begin",)), "begin", "", "", ""),
    ],
)
def test_stages_are_chosen_by_the_graph(
    trace: Trace, selector: Selector, selected: str, forced: str, given: str, behind: str
) -> None:
    chosen = select(trace, selector)
    found = (chosen.selected, chosen.forced, chosen.given, chosen.behind)
    assert found == tuple(map(frozenset, map(str.split, (selected, forced, given, behind))))


def test_stages_of_which_only_the_key_matters_are_behind_those_that_are_given(
    project: Callable[[str], Stage],
) -> None:
    trace = Trace()
    first = trace(project("begin"))
    second = trace(project("middle"), first.left)
    trace(project("end"), second.left, second.right, size=1)
    chosen = select(trace, Selector(only=("end",)))
    assert (chosen.given, chosen.behind) == ({"middle"}, {"begin"})


@pytest.mark.parametrize(
    "selector", [Selector(only=("end",), until="middle"), Selector(only=("begin",), force=("end",))]
)
def test_choices_without_a_stage_in_common_are_refused(trace: Trace, selector: Selector) -> None:
    with pytest.raises(SelectionError, match=r"no stage is left: --only .* have none in common"):
        select(trace, selector)
