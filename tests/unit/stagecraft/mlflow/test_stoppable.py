"""Work in threads: its result, its error, and its end when nobody waits for it any more."""

import asyncio
import sys
from threading import Event

import pytest

from stagecraft.mlflow.stoppable import run_stoppable
from tests.patience import PATIENCE_S


def test_the_result_and_the_error_of_the_work_come_back() -> None:
    assert asyncio.run(run_stoppable(lambda: 7)) == 7
    with pytest.raises(KeyError, match="stage"):
        asyncio.run(run_stoppable(lambda: {}["stage"]))
    with pytest.raises(RuntimeError, match="the work ended its thread"):
        asyncio.run(run_stoppable(sys.exit))


def test_work_stops_when_what_waits_for_it_is_cancelled() -> None:
    begun, ended = Event(), Event()

    def work() -> None:
        try:
            while not ended.wait(0.01):
                begun.set()
        finally:
            ended.set()

    async def give_up() -> None:
        task = asyncio.create_task(run_stoppable(work))
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert ended.wait(PATIENCE_S)
