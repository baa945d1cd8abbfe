"""Work in a thread that stops when nobody waits for it any more."""

import asyncio
import ctypes
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


async def run_stoppable(work: Callable[[], Answer]) -> Answer:
    """Do something in a thread of its own; when this is cancelled, it stops at its next line of Python.

    Raises:
        Exception: what the work raises.
    """
    thread = _Working(work)
    thread.start()
    try:
        return await thread.result
    except asyncio.CancelledError:
        thread.stop()
        raise


class _Working(Thread, Generic[Answer]):
    def __init__(self, work: Callable[[], Answer]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._loop = asyncio.get_running_loop()
        self.result: asyncio.Future[Answer] = self._loop.create_future()

    def run(self) -> None:
        """Do the work, and tell whoever waits what came of it."""
        try:
            result = self._work()
        except Exception as error:  # noqa: BLE001  (whoever waits is told)
            self._tell(self.result.set_exception, error)
        except SystemExit:  # by `stop`, when nobody waits; else the work's own
            self._tell(self.result.set_exception, RuntimeError("the work ended its thread"))
        else:
            self._tell(self.result.set_result, result)

    def stop(self) -> None:
        """Have SystemExit raised in it, wherever it is."""
        thread = ctypes.c_ulong(self.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(SystemExit))

    def _tell(self, how: Callable[[Any], None], what: object) -> None:
        def tell() -> None:
            if not self.result.done():
                how(what)

        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(tell)
