"""The graph that a walk over stages yields, and handles for what they will yield."""

from types import SimpleNamespace

import pytest

from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.walk import Trace


def test_a_walk_yields_each_stage_with_what_it_needs_once(trace: Trace) -> None:
    needs = {name: node.needs for name, node in trace.nodes.items()}
    assert needs == {"begin": (), "middle": ("begin",), "apart": (), "end": ("middle", "begin")}
    assert list(needs) == ["begin", "middle", "apart", "end"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("begin", {"begin"}, {"begin", "middle", "end"}),
        ("apart", {"apart"}, {"apart"}),
        ("middle", {"begin", "middle"}, {"middle", "end"}),
        ("end", {"begin", "middle", "end"}, {"end"}),
    ],
)
def test_the_graph_knows_what_is_before_and_after_a_stage(
    trace: Trace, name: str, before: set[str], after: set[str]
) -> None:
    assert (trace.until(name), trace.since(name)) == (before, after)


def test_until_in_a_part_of_a_graph_stays_in_it(trace: Trace) -> None:
    part = Trace({name: node for name, node in trace.nodes.items() if name != "begin"})
    assert part.until("end") == {"middle", "end"}


def test_a_handle_picks_its_part_of_a_value_or_of_its_json() -> None:
    handle = Handle("begin")
    value = SimpleNamespace(word=SimpleNamespace(ids="the ids"))
    assert handle.pick(value) is value
    assert handle.word.ids.pick(value) == "the ids"
    assert handle.word.ids.pick({"word": {"ids": "the ids"}}) == "the ids"
    assert (handle.word.ids.stage, handle.word.ids.path) == ("begin", ("word", "ids"))


def test_a_handle_has_no_private_parts() -> None:
    with pytest.raises(AttributeError, match="_repr_html_"):
        _ = Handle("begin")._repr_html_
