"""No decision of a walk hangs on what a handle is, and no error that a walk catches is lost."""

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from stagecraft.errors import WiringError
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Run, trace_of

Project = Callable[[str], Stage]
_NO_DECISION = r"test_decisions\.py:\d+: .* has no value yet: .* no decision of the walk can depend on it"


def by_is_none(run: Run, project: Project) -> None:
    made = run(project("begin"))
    if made.right is not None:
        run(project("middle"), made.left, right=made.right)


def by_is_none_at_once(run: Run, project: Project) -> None:
    if (_ := run(project("begin"))) is None:
        run(project("apart"))


def by_is_in_a_function(run: Run, project: Project) -> None:
    made = run(project("begin"))
    right = getattr(made, "right")  # noqa: B009

    def more() -> None:
        if right is made:
            run(project("apart"))

    more()


def by_match(run: Run, project: Project) -> None:
    made = run(project("begin"))
    match made.right:
        case None:
            run(project("apart"))


def by_match_of_several(run: Run, project: Project) -> None:
    made = run(project("begin"))
    match "right", made.right:
        case _, None:
            run(project("apart"))


def by_its_type(run: Run, project: Project) -> None:
    made = run(project("begin"))
    if isinstance(made, str):
        run(project("apart"))


@pytest.mark.parametrize(
    "walk", [by_is_none, by_is_none_at_once, by_is_in_a_function, by_match, by_match_of_several, by_its_type]
)
def test_a_decision_that_asks_a_handle_nothing_is_refused(
    walk: Callable[..., None], project: Project
) -> None:
    with pytest.raises(WiringError, match=_NO_DECISION):
        trace_of(partial(walk, project=project))


@pytest.mark.parametrize("wanted", [True, False])
def test_a_name_that_may_be_something_else_than_a_handle_may_be_asked(project: Project, wanted: bool) -> None:
    def walk(run: Run) -> None:
        made = None
        if wanted:
            made = run(project("begin"))
        for one in (made, None):
            if one is None:
                continue
        match wanted:
            case True:
                run(project("apart"))
        if made is not None:
            run(project("middle"), made.left)

    assert ("middle" in trace_of(walk).nodes) is wanted


def test_a_walk_without_source_is_walked_all_the_same(project: Project) -> None:
    names: dict[str, Any] = {"project": project}
    exec("def walk(run):\n    run(project('begin'))", names)
    assert list(trace_of(names["walk"]).nodes) == list(trace_of(lambda run: run(project("begin"))).nodes)


def hidden_path(run: Run, project: Project) -> None:
    made = run(project("begin"))
    with suppress(Exception):
        run(project("middle"), made.lef)


def hidden_and_gone_on(run: Run, project: Project) -> None:
    made = run(project("begin"))
    try:
        used = run(project("middle"), made.lef)
    except Exception:  # noqa: BLE001
        run(project("apart"))
        used = made
    run(project("end"), used.left, made.right)


def hidden_and_another(run: Run, project: Project) -> None:
    with suppress(WiringError):
        used = run(project("middle"), run(project("begin")).lef)
    run(project("end"), used.left, used.left)


@pytest.mark.parametrize("walk", [hidden_path, hidden_and_gone_on, hidden_and_another])
def test_a_refusal_that_the_walk_catches_is_told_still(walk: Callable[..., None], project: Project) -> None:
    with pytest.raises(WiringError, match=r"test_decisions\.py:\d+: middle is handed begin\.lef .* no lef"):
        trace_of(partial(walk, project=project))


@pytest.mark.parametrize("decide", [bool, lambda made: made.left == "x", lambda made: made in ("x",)])
def test_a_decision_that_the_walk_catches_is_told_still(
    decide: Callable[[Any], bool], project: Project
) -> None:
    def walk(run: Run) -> None:
        made = run(project("begin"))
        with suppress(WiringError):
            decide(made)

    with pytest.raises(WiringError, match=_NO_DECISION):
        trace_of(walk)


def test_nothing_is_noted_after_an_error_that_the_walk_catches(project: Project) -> None:
    def walk(run: Run) -> None:
        for name in ("begin", "begin", "apart"):
            with suppress(BaseException):
                run(project(name))

    with pytest.raises(WiringError, match="there is a stage begin already"):
        trace_of(walk)


def test_a_graph_is_followed_as_it_was_walked_whatever_the_walk_would_do_now(project: Project) -> None:
    turns = iter([True, False])

    def walk(run: Run) -> None:
        made = run(project("begin"))
        if next(turns):
            run(project("middle"), made.left)

    trace, followed = trace_of(walk), list[tuple[str, str]]()
    for _ in range(2):
        trace.follow(lambda stage, /, **handed: followed.append((stage.name, ", ".join(handed))))
    assert followed == 2 * [("begin", "size"), ("middle", "left, right")]


@pytest.mark.parametrize(
    "change", [lambda made: setattr(made.left, "wrod", 3), lambda made: delattr(made, "left")]
)
def test_a_result_that_the_walk_changes_is_told_though_it_catches_that(
    change: Callable[[Any], None], project: Project
) -> None:
    def walk(run: Run) -> None:
        made = run(project("begin"))
        with suppress(WiringError):
            change(made)

    with pytest.raises(WiringError, match=r"test_decisions\.py:\d+: begin\.left.* can't be set or deleted"):
        trace_of(walk)


@pytest.mark.parametrize("part", ["a", 0])
def test_an_entry_of_a_result_is_no_part_that_a_walk_can_hand_on(part: Any, project: Project) -> None:
    def walk(run: Run) -> None:
        made = run(project("begin"))
        with suppress(WiringError):
            run(project("middle"), made.left[part])

    words = rf"decisions\.py:\d+: begin\.left\[{part!r}\] has no value yet, .* hand on all of begin\.left"
    with pytest.raises(WiringError, match=words):
        trace_of(walk)


@pytest.mark.parametrize("is_awaited", [True, False])
def test_a_walk_in_several_threads_is_refused(project: Project, is_awaited: bool) -> None:
    def walk(run: Run) -> None:
        with ThreadPoolExecutor() as pool:
            made = pool.submit(run, project("begin"))
        if is_awaited:
            run(project("middle"), made.result().left)

    line = walk.__code__.co_firstlineno
    place = rf"test_decisions\.py:({line}|{line + 4}): expected the walk to call its stages one after the oth"
    with pytest.raises(WiringError, match=rf"{place}.* got begin from another thread; call `run` in the wal"):
        trace_of(walk)


def bit_by_bit(run: Run, project: Project) -> Iterator[None]:
    yield run(project("begin"))


async def later(run: Run, project: Project) -> None:
    run(project("begin"))


async def later_bit_by_bit(run: Run, project: Project) -> AsyncIterator[None]:
    yield run(project("begin"))


@pytest.mark.parametrize("walk", [bit_by_bit, later, later_bit_by_bit])
@pytest.mark.filterwarnings("error")
def test_a_walk_that_a_call_does_not_run_is_refused(walk: Callable[..., Any], project: Project) -> None:
    place = rf"test_decisions\.py:{walk.__code__.co_firstlineno}: "
    with pytest.raises(WiringError, match=rf"{place}expected a walk that calls .* as a plain function"):
        trace_of(partial(walk, project=project))


def test_a_walk_that_is_an_object_is_walked_too(project: Project) -> None:
    class Walk:
        def __call__(self, run: Run) -> None:
            run(project("middle"), run(project("begin")).lef)

    with pytest.raises(WiringError, match=r"the walk: .*test_decisions\.py:\d+: middle is handed begin\.lef"):
        trace_of(Walk())
