"""Ctrl-C and a polite kill: both interrupt the program, and it ends soon after, whatever it waits for."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

import psutil

#: the exit status of a program that was interrupted
INTERRUPTED = 130


def end_soon_after_a_signal(patience_s: float, give_up: Callable[[], object]) -> None:
    """Treat a polite kill like Ctrl-C, so that runs are closed, and end soon after either.

    Args:
        patience_s: seconds that the program has to end by itself.
        give_up: is called once they are over; what is still open then is closed by the next run.
    """
    received, receive = os.pipe()
    os.set_blocking(receive, False)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGUSR1, _wake)
    # The numbers of signals come here as well, whoever handles them: Prefect does while a flow runs.
    signal.set_wakeup_fd(receive)
    args = [received, threading.get_ident(), patience_s, give_up]
    threading.Thread(target=_watch, args=args, daemon=True).start()


def leave() -> NoReturn:
    """End now, with the programs that this one started; Prefect's server would take seconds to end."""
    sys.stdout.flush()
    children = psutil.Process().children(recursive=True)
    for child in children:
        child.kill()
    psutil.wait_procs(children, timeout=1)
    os._exit(INTERRUPTED)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _wake(_signal: int, _frame: object) -> None:
    pass


def _watch(received: int, main_thread: int, patience_s: float, give_up: Callable[[], object]) -> NoReturn:
    while os.read(received, 1)[0] not in {signal.SIGINT, signal.SIGTERM}:
        pass
    # The system may have given the signal to another thread, and the main one would wait on for a lock.
    signal.pthread_kill(main_thread, signal.SIGUSR1)
    time.sleep(patience_s)
    give_up()
    leave()
