"""What happens in a run, on Prefect's pages: artifacts, written by a thread that no stage waits for."""

import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import Empty, Queue
from threading import Thread
from typing import Any, Self
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled

from stagecraft.cache.result import Kept
from stagecraft.errors import explain
from stagecraft.mlflow import Tracker
from stagecraft.pipeline.stage import Stage
from stagecraft.prefect import summaries
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import Watcher, logger

_EVERY_S = 2.0
_PATIENCE_S = 10.0
_HEARD_OF_S, _POLL_S = 5.0, 0.1

Order = Callable[[SyncPrefectClient], object]


class Pages(Watcher):
    """Writes artifacts of a flow run and of its tasks.

    One that can't be written is told in the log, once, and fails nothing.

    Args:
        tracker: the store that artifacts link to.
        stages: those of the pipeline, by name.
    """

    def __init__(self, tracker: Tracker, stages: Mapping[str, Stage]) -> None:
        self._tracker, self._stages = tracker, stages
        context = FlowRunContext.get()
        self._flow_run = context.flow_run.id if context and context.flow_run else None
        self._tasks: dict[str, UUID] = {}
        self._orders: Queue[Order | None] = Queue()
        #: the newest report of each stage that was not written yet
        self._reports: dict[str, tuple[float, str]] = {}
        self._bars: dict[str, UUID] = {}
        self._complained = False
        # With the settings that hold here, and the server that was started for this flow.
        self._writer = Thread(target=copy_context().run, args=(self._write,), daemon=True, name="pages")

    def __enter__(self) -> Self:
        self._writer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write what is left; give up after some seconds, and at once if the run was broken off."""
        self._orders.put(None)
        self._writer.join(0 if kind else _PATIENCE_S)

    def belongs(self, stage: str, task_run: UUID) -> None:
        """Note the task run that a stage's artifacts are to be shown at."""
        self._tasks[stage] = task_run

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        """Move the stage's bar, within seconds; reports in between are left out."""
        if total:
            said = "".join(f", {name} {_number(value)}" for name, value in figures.items())
            self._reports[stage] = (100 * done / total, f"{stage}: {done:,} of {total:,}{said}")

    def showed(self, stage: str, title: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Show a table."""
        table = [{name: _field(value) for name, value in row.items()} for row in rows]
        self._order(stage, title, title, "table", json.dumps(table))

    def finished(self, outcome: Outcome, files: Sequence[Kept] = ()) -> None:
        """Show how a stage ended, if it has a run in MLflow."""
        if outcome.run_id:
            name, description = outcome.name, self._stages[outcome.name].description
            text = summaries.of_stage(self._tracker, description, outcome, files)
            self._order(name, "record", f"{name}: {outcome.state}", "markdown", text)

    def ended(self, run_id: str, outcomes: Sequence[Outcome], files: Sequence[Kept]) -> None:
        """Show at the flow run how each stage ended."""
        text = summaries.of_run(self._tracker, run_id, outcomes, files)
        self._order("", "run", "How each stage ended", "markdown", text)

    def skipped(self, task_run: UUID, reason: str) -> None:
        """Close the task run of a stage that was not started, which Prefect leaves waiting for ever."""
        self._orders.put(partial(_cancel, task_run, reason))

    def _order(self, stage: str, name: str, description: str, kind: str, data: str) -> None:
        artifact = self._artifact(stage, name, description=description, type=kind, data=data)
        self._orders.put(lambda client: client.create_artifact(artifact))

    def _artifact(self, stage: str, name: str, **fields: Any) -> ArtifactCreate:
        """Make the request for an artifact under a key that Prefect accepts."""
        key = re.sub("[^a-z0-9]+", "-", f"{stage} {name}".lower()).strip("-")
        task_run = self._tasks.get(stage)
        return ArtifactCreate(key=key, flow_run_id=self._flow_run, task_run_id=task_run, **fields)

    def _write(self) -> None:
        """Be the thread: write what is ordered at once, and how far the stages are every two seconds."""
        try:
            with get_client(sync_client=True) as client:
                self._serve(client)
        except Exception as error:  # noqa: BLE001  (whatever is wrong with Prefect's server)
            self._complain(error)

    def _serve(self, client: SyncPrefectClient) -> None:
        due = time.monotonic()
        while True:
            try:
                order = self._orders.get(timeout=_EVERY_S)
            except Empty:
                order = self._move_bars
            if order is None:
                break
            self._try(order, client)
            if time.monotonic() > due:
                self._move_bars(client)
                due = time.monotonic() + _EVERY_S
        self._move_bars(client)

    def _move_bars(self, client: SyncPrefectClient) -> None:
        while self._reports:
            stage, (percent, said) = self._reports.popitem()
            self._try(partial(self._move_bar, stage, percent, said), client)

    def _move_bar(self, stage: str, percent: float, said: str, client: SyncPrefectClient) -> None:
        if stage in self._bars:
            client.update_artifact(self._bars[stage], ArtifactUpdate(data=percent, description=said))
        else:
            bar = self._artifact(stage, "progress", type="progress", description=said, data=percent)
            self._bars[stage] = client.create_artifact(bar).id

    def _try(self, order: Order, client: SyncPrefectClient) -> None:
        try:
            order(client)
        except Exception as error:  # noqa: BLE001  (whatever is wrong with Prefect's server)
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if not self._complained:
            logger.warning("Prefect's pages lack what could not be written there: %s", explain(error))
        self._complained = True


def _cancel(task_run: UUID, reason: str, client: SyncPrefectClient) -> None:
    """Mark a task run as cancelled, as soon as the server has heard of it."""
    end = time.monotonic() + _HEARD_OF_S
    while time.monotonic() < end:
        with suppress(ObjectNotFound):
            client.read_task_run(task_run)
            break
        time.sleep(_POLL_S)
    client.set_task_run_state(task_run, Cancelled(message=f"not started: {reason}"), force=True)


def _number(value: float) -> str:
    """Write a figure with four digits that count, large ones without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _field(value: object) -> object:
    """Write a field as JSON has it: floats to four digits that count, nothing for what is missing."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else "∞" if value == math.inf else ""
    return value if isinstance(value, str | int) else ""
