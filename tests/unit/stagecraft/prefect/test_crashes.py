"""Flow runs whose process died, on a real server."""

from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.states import Completed, Pending

from stagecraft.cache.sessions import forget_dead
from stagecraft.files.home import Home
from stagecraft.prefect import tell_of_crashes

pytestmark = pytest.mark.usefixtures("in_prefect")


@flow
def nothing() -> None:
    """Be registered."""


def start() -> UUID:
    with get_client(sync_client=True) as client:
        return client.create_flow_run(nothing, state=Pending()).id


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
