"""Stages, the graph that a walk over them yields, and handles for what they will yield."""

from types import SimpleNamespace

import pytest

from stagecraft.artifact import Artifact, Frozen
from stagecraft.errors import SelectionError, TrackingError, explain
from stagecraft.stages import Handle, Trace, stage
from stagecraft.tracking import Record


class Parts(Frozen):
    """Two addresses."""

    left: Artifact
    right: Artifact


@stage(figure=lambda metrics: f"{metrics['n']:.0f} things")
def begin(record: Record, size: int = 3) -> Parts:
    """Make both parts.

    More about it.
    """
    raise NotImplementedError


@stage(figure=lambda metrics: "")
def middle(record: Record, left: Artifact, *, right: Artifact | None = None) -> Parts:
    """Use both parts."""
    raise NotImplementedError


@stage(figure=lambda metrics: "")
def apart(record: Record) -> Parts:
    """Need nothing."""
    raise NotImplementedError


@stage(figure=lambda metrics: "")
def end(record: Record, left: Artifact, right: Artifact, size: int) -> Parts:
    """Need two stages."""
    raise NotImplementedError


@pytest.fixture
def trace() -> Trace:
    trace = Trace()
    made = trace(begin)
    used = trace(middle, made.left, right=made.right)
    trace(apart)
    trace(end, used.left, made.right, size=5)
    return trace


def test_a_stage_is_called_after_its_function_and_described_by_its_docstrings_first_line() -> None:
    assert (begin.name, begin.description, begin.yields) == ("begin", "Make both parts.", ("left", "right"))
    assert begin.figure({"n": 3}) == "3 things"


def test_arguments_are_laid_out_by_name_with_defaults_and_without_the_record() -> None:
    assert begin.bind() == {"size": 3}
    assert middle.bind("a") == {"left": "a", "right": None}
    assert end.bind("a", size=1, right="b") == {"left": "a", "right": "b", "size": 1}
    with pytest.raises(TypeError, match="missing a required argument: 'left'"):
        middle.bind()


def test_a_walk_yields_each_stage_with_what_it_needs_once(trace: Trace) -> None:
    needs = {name: node.needs for name, node in trace.nodes.items()}
    assert needs == {"begin": (), "middle": ("begin",), "apart": (), "end": ("middle", "begin")}
    assert list(needs) == ["begin", "middle", "apart", "end"]


@pytest.mark.parametrize(
    ("name", "ancestors"),
    [
        ("begin", {"begin"}),
        ("apart", {"apart"}),
        ("middle", {"begin", "middle"}),
        ("end", {"begin", "middle", "end"}),
    ],
)
def test_until_names_a_stage_and_all_before_it(trace: Trace, name: str, ancestors: set[str]) -> None:
    assert trace.until(name) == ancestors


def test_until_in_a_part_of_a_graph_stays_in_it(trace: Trace) -> None:
    part = Trace({name: node for name, node in trace.nodes.items() if name != "begin"})
    assert part.until("end") == {"middle", "end"}


def test_until_an_unknown_stage_names_those_that_there_are(trace: Trace) -> None:
    with pytest.raises(SelectionError, match="no stage 'ends'; there are: begin, middle, apart, end"):
        trace.until("ends")


def test_a_handle_picks_its_part_of_a_result() -> None:
    handle = Handle("begin")
    result = SimpleNamespace(word=SimpleNamespace(ids="the ids"))
    assert handle.pick(result) is result
    assert handle.word.ids.pick(result) == "the ids"
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
