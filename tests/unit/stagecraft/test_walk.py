"""Stages, the graph that a walk over them yields, and handles for what they will yield."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from stagecraft.errors import SelectionError, TrackingError, explain
from stagecraft.selection import Wish, select
from stagecraft.stage import Stage
from stagecraft.walk import Handle, Trace

Project = Callable[[str], Stage]


@pytest.fixture
def trace(project: Project) -> Trace:
    trace = Trace()
    made = trace(project("begin"))
    used = trace(project("middle"), made.left, right=made.right)
    trace(project("apart"))
    trace(project("end"), used.left, made.right, size=5)
    return trace


def test_a_stage_is_called_after_its_function_and_described_by_its_docstrings_first_line(
    project: Project,
) -> None:
    begin = project("begin")
    assert (begin.name, begin.description, begin.yields) == ("begin", "Make both parts.", ("left", "right"))
    assert begin.figure({"n": 3}) == "3 things"


def test_arguments_are_laid_out_by_name_with_defaults_and_without_the_record(project: Project) -> None:
    assert project("begin").bind() == {"size": 3}
    assert project("middle").bind("a") == {"left": "a", "right": None}
    assert project("end").bind("a", size=1, right="b") == {"left": "a", "right": "b", "size": 1}
    with pytest.raises(TypeError, match="missing a required argument: 'left'"):
        project("middle").bind()


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


@pytest.mark.parametrize(
    "wish", [Wish(until="ends"), Wish(only=("ends",)), Wish(since="ends"), Wish(force=("ends",))]
)
def test_an_unknown_stage_names_those_that_there_are(trace: Trace, wish: Wish) -> None:
    with pytest.raises(SelectionError, match="no stage 'ends'; there are: begin, middle, apart, end"):
        select(trace, wish)


@pytest.mark.parametrize(
    ("wish", "selected", "forced", "given", "behind"),
    [
        (Wish(), "begin middle apart end", "", "", ""),
        (Wish(until="middle"), "begin middle", "", "", ""),
        (Wish(since="middle"), "begin middle apart end", "middle end", "", ""),
        (Wish(since="begin", until="middle"), "begin middle", "begin middle", "", ""),
        (Wish(force=("apart",)), "begin middle apart end", "apart", "", ""),
        (Wish(only=("end",)), "end", "", "begin middle", ""),
        (Wish(only=("middle",), force=("middle",)), "middle", "middle", "begin", ""),
        (Wish(only=("middle", "end"), since="middle"), "middle end", "middle end", "begin", ""),
        (Wish(only=("begin",)), "begin", "", "", ""),
    ],
)
def test_wishes_choose_stages_by_the_graph(
    trace: Trace, wish: Wish, selected: str, forced: str, given: str, behind: str
) -> None:
    chosen = select(trace, wish)
    found = (chosen.selected, chosen.forced, chosen.given, chosen.behind)
    assert found == tuple(map(frozenset, map(str.split, (selected, forced, given, behind))))


def test_stages_of_which_only_the_key_matters_are_behind_those_that_are_given(project: Project) -> None:
    trace = Trace()
    first = trace(project("begin"))
    second = trace(project("middle"), first.left)
    trace(project("end"), second.left, second.right, size=1)
    chosen = select(trace, Wish(only=("end",)))
    assert (chosen.given, chosen.behind) == ({"middle"}, {"begin"})


@pytest.mark.parametrize("wish", [Wish(only=("end",), until="middle"), Wish(only=("begin",), force=("end",))])
def test_wishes_without_a_stage_in_common_are_refused(trace: Trace, wish: Wish) -> None:
    with pytest.raises(SelectionError, match=r"no stage is left: --only .* have none in common"):
        select(trace, wish)


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


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TrackingError("made for the user"), "made for the user"),
        (ValueError("not made for the user"), "ValueError: not made for the user"),
        (KeyError(), "KeyError"),
        (IsADirectoryError(21, "Is a directory", "/x"), "[Errno 21] Is a directory: '/x'"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device; free some space or se"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_an_error_is_put_into_words(error: BaseException, words: str) -> None:
    assert explain(error).startswith(words)
