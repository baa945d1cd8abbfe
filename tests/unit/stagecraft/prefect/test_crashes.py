"""Flow runs whose process died, on a real server."""

import os
from contextlib import suppress
from types import SimpleNamespace
from uuid import UUID

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.states import Cancelling, Completed, Crashed, Pending, Running

from stagecraft.cache.sessions import dead, forget_dead
from stagecraft.errors import StageFailedError
from stagecraft.files.home import Home
from stagecraft.prefect import close_left_tasks, crashes, tell_of_crashes

pytestmark = pytest.mark.usefixtures("in_prefect")


@task
def nothing_at_all() -> None:
    """Be registered."""


@flow
def nothing() -> None:
    """Be registered."""


def start() -> UUID:
    with get_client(sync_client=True) as client:
        return client.create_flow_run(nothing, state=Pending()).id


def start_task(flow_run: UUID) -> UUID:
    with get_client(sync_client=True) as client:
        return client.create_task_run(nothing_at_all, flow_run, dynamic_key="0", state=Running()).id


def leave(home: Home, flow_run: UUID) -> None:
    """Leave what a process leaves that dies."""
    home.live.mkdir(exist_ok=True)
    (home.live / "dead").write_text(f"flow_run {flow_run}\n")
    forget_dead(home, "dead")


def test_a_flow_run_that_has_not_ended_is_marked_as_crashed_and_one_that_has_keeps_its_state(
    home: Home,
) -> None:
    dead, done = start(), start()
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(done, Completed(), force=True)
        leave(home, dead)
        leave(home, done)
        assert tell_of_crashes(home) == [client.read_flow_run(dead).name]
        states = [client.read_flow_run(run).state_name for run in (dead, done)]
    assert states == ["Crashed", "Completed"]
    assert tell_of_crashes(home) == []


def test_the_tasks_of_a_flow_run_are_closed_with_it_also_those_that_are_heard_of_later(home: Home) -> None:
    dead = start()
    tasks = [start_task(dead)]
    leave(home, dead)
    assert tell_of_crashes(home)
    with get_client(sync_client=True) as client:
        client.set_task_run_state(tasks[0], Running(), force=True)
        assert tell_of_crashes(home) == []
        assert [client.read_task_run(task).state_name for task in tasks] == ["Crashed"]


def test_a_flow_run_that_is_being_cancelled_ends_as_cancelled_with_its_tasks(home: Home) -> None:
    cancelled = start()
    cut_off = start_task(cancelled)
    leave(home, cancelled)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(cancelled, Cancelling(), force=True)
        assert tell_of_crashes(home)
        assert client.read_flow_run(cancelled).state_name == "Cancelled"
        assert client.read_task_run(cut_off).state_name == "Cancelled"


@pytest.mark.parametrize(
    ("error", "is_full", "is_left"),
    [
        (None, False, False),
        (None, True, True),
        (StageFailedError("a stage", 1, "", []), False, False),
        (StageFailedError("a stage", 1, "", []), True, True),
        (OSError(28, "No space left on device"), False, True),
    ],
)
def test_a_flow_run_whose_end_may_not_be_recorded_is_left_to_the_next_run(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception | None, is_full: bool, is_left: bool
) -> None:
    flow_run = start()
    monkeypatch.setattr(crashes, "is_scarce", lambda: is_full)
    monkeypatch.setattr(crashes, "flow_run", SimpleNamespace(id=flow_run))
    with suppress(StageFailedError, OSError), crashes.crashing(home):
        assert dead(home) == set()
        if error:
            raise error
    assert len(dead(home)) == is_left and tell_of_crashes(home) == []
    for name in dead(home):
        forget_dead(home, name)
    assert len(tell_of_crashes(home)) == is_left


def test_tasks_that_ended_runs_of_a_version_before_left_open_are_closed_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crashes, "_SETTLED_S", -60)  # what ended just now counts as long past
    ended, goes_on = start(), start()
    tasks = [start_task(ended), start_task(goes_on)]
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(ended, Crashed(), force=True)
        close_left_tasks()
        assert [client.read_task_run(task).state_name for task in tasks] == ["Crashed", "Running"]


def test_what_was_told_long_after_it_happened_is_not_told_again(home: Home) -> None:
    leave(home, start())
    (note,) = home.crashed.iterdir()
    os.utime(note, (0, 0))
    tell_of_crashes(home)
    assert list(home.crashed.iterdir()) == []
