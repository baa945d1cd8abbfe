"""Flow runs whose process died: Prefect would show them as running for ever."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, State, StateType
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.runtime import flow_run
from prefect.states import Cancelled, Crashed

from stagecraft.cache.sessions import crashed_flow_runs, note_flow_run, session
from stagecraft.disks import is_full, is_scarce
from stagecraft.files.home import Home
from stagecraft.names import Names

# Seconds after which no word of a task run is still on its way.
_SETTLED_S = 30

_OPEN = TaskRunFilter(
    state=TaskRunFilterState(
        type=TaskRunFilterStateType(any_=[each for each in StateType if each not in TERMINAL_STATES])
    )
)


@contextmanager
def crashing(home: Home) -> Iterator[None]:
    """Have Prefect told that this flow run has crashed, if it is interrupted or its process dies.

    So it is if Prefect may not be able to record its end, as on a full disk: then the next run looks at it.
    To be entered before anything that may take time or fail, such as reaching MLflow.
    """
    name = str(flow_run.id)
    with session(home) as marked:
        marked.is_flow_run(name)
        try:
            yield
        except Exception as error:
            if is_full(error):
                marked.leave()
            raise
        except BaseException:
            note_flow_run(home, name)
            raise
        finally:
            if is_scarce():
                marked.leave()


def watch_for_runs_that_never_start(automations: Path, names: Names) -> None:
    """Have Prefect's server itself mark flow runs whose process died before it could be marked by a home.

    Args:
        automations: a file of some, the one for this, which is called after the project, among them.
    """
    name = f"{names.project} marks flow runs that never started"
    document = yaml.safe_load(automations.read_text(encoding="utf-8"))
    (wanted,) = [each for each in document["automations"] if each["name"] == name]
    with get_client(sync_client=True) as client:
        if not client.read_automations_by_name(name):
            client.create_automation(AutomationCore.model_validate(wanted))


def tell_of_crashes(home: Home) -> list[str]:
    """Tell Prefect of the flow runs in a home that were broken off; return the names of those it changed.

    What can't be told now, for the server is not up, is told the next time. So is what happened a moment ago:
    word of its tasks may still be on its way.
    """
    if not (left := crashed_flow_runs(home)):
        return []
    told = []
    with suppress(httpx.HTTPError, PrefectHTTPStatusError), get_client(sync_client=True) as client:
        settled = time.time() - _SETTLED_S
        for file in left:
            if name := _close(client, UUID(file.name)):
                told.append(name)
            with suppress(FileNotFoundError):  # another process told it too
                if file.stat().st_mtime < settled:
                    file.unlink()
    return told


def close_left_tasks() -> None:
    """Close task runs of the server whose flow runs ended without them, as those of a version before did.

    To be said to a server of the home's own: one of a team knows tasks of others. What is no more on one page
    waits for the next server.
    """
    settled = datetime.now(UTC) - timedelta(seconds=_SETTLED_S)
    ended = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(TERMINAL_STATES))),
        end_time=FlowRunFilterEndTime(before_=settled),
    )
    with suppress(httpx.HTTPError, PrefectHTTPStatusError), get_client(sync_client=True) as client:
        _close_tasks(client, ended, _end_of(None))


def _close(client: SyncPrefectClient, flow_run_id: UUID) -> str:
    """Close a flow run with its task runs; return its name if it was open."""
    try:
        run = client.read_flow_run(flow_run_id)
    except ObjectNotFound:
        return ""  # another server's
    is_open = run.state is not None and not run.state.is_final()
    end = _end_of(run.state)
    if is_open:
        client.set_flow_run_state(run.id, end, force=True)
    _close_tasks(client, FlowRunFilter(id=FlowRunFilterId(any_=[run.id])), end)
    return run.name if is_open else ""


def _close_tasks(client: SyncPrefectClient, flow_runs: FlowRunFilter, end: State[Any]) -> None:
    """Close the task runs of flow runs that are open still."""
    for task_run in client.read_task_runs(flow_run_filter=flow_runs, task_run_filter=_OPEN):
        client.set_task_run_state(task_run.id, end, force=True)


def _end_of(state: State[Any] | None) -> State[Any]:
    """Tell how a flow run ends whose process ended in this state; who cancels a run stops its process."""
    if state is not None and (state.is_cancelling() or state.is_cancelled()):
        return Cancelled(message="it was cancelled")
    return Crashed(message="it was interrupted, or its process died")
