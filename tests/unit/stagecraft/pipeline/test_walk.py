"""The graph that a walk over stages yields, and handles for what they will yield."""

import logging
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from stagecraft.errors import WiringError
from stagecraft.pipeline.handle import Handle, path_of, pick, stage_of
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Run, Trace, trace_of


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


def test_a_result_that_is_logged_is_refused_without_a_traceback(
    project: Callable[[str], Stage], capsys: pytest.CaptureFixture[str]
) -> None:
    def walk(run: Run) -> None:
        logging.getLogger("walk").warning("made %s", run(project("begin")))

    with pytest.raises(WiringError, match="has no value yet, so it can't be put into a text"):
        trace_of(walk)
    assert "Traceback" not in capsys.readouterr().err


def test_a_stage_that_is_handed_something_twice_is_told_in_the_walks_own_words(
    project: Callable[[str], Stage],
) -> None:
    def walk(run: Run) -> None:
        given = {"a": 1}
        run(project("begin"), **given, **given)

    with pytest.raises(WiringError, match=r"run\(\) got multiple values for keyword argument 'a'"):
        trace_of(walk)


def test_until_in_a_part_of_a_graph_stays_in_it(trace: Trace) -> None:
    part = Trace({name: node for name, node in trace.nodes.items() if name != "begin"})
    assert part.until("end") == {"middle", "end"}


def test_a_handle_picks_its_part_of_a_value_or_of_its_json() -> None:
    handle = Handle("begin")
    value = SimpleNamespace(word=SimpleNamespace(ids="the ids"))
    assert pick(handle, value) is value
    assert pick(handle.word.ids, value) == "the ids"
    assert pick(handle.word.ids, {"word": {"ids": "the ids"}}) == "the ids"
    assert (stage_of(handle.word.ids), path_of(handle.word.ids)) == ("begin", ("word", "ids"))


def test_a_handle_has_no_private_parts() -> None:
    with pytest.raises(AttributeError, match="_repr_html_"):
        _ = Handle("begin")._repr_html_


@pytest.mark.parametrize(
    ("judged", "strange"),
    [
        *(("begin", ""), ("middle", ""), ("absent", ""), ("apart", "apart"), ("later", "later")),
        ("judge", "judge"),
    ],
)
def test_a_stage_judges_what_leads_to_it(project: Callable[[str], Stage], judged: str, strange: str) -> None:
    begin = project("begin")

    def stage(name: str, *judges: Stage) -> Stage:
        return Stage(begin.code, begin.target.replace("begin", "middle"), str, name=name, judges=judges)

    def walk(run: Run) -> None:
        made = run(begin)
        used = run(project("middle"), made.left)
        run(project("apart"))
        run(stage("judge", begin, stage(judged)), used.left)
        run(stage("later"), used.left)

    if not strange:
        assert "judge" in trace_of(walk).nodes
        return
    words = (
        rf"test_walk\.py:\d+: judge judges {strange}, but is handed nothing that comes of it; .*walk\.py:\d+"
    )
    with pytest.raises(WiringError, match=words):
        trace_of(walk)
