"""Ctrl-C, a polite kill, a terminal that closes: the first ends the program soon, whatever it waits for.

Further ones are not heard: they would break off what closes the records.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

import psutil

from stagecraft.errors import is_for_users

#: the exit status of a program that was interrupted
INTERRUPTED = 130

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Python handles signals that wait by their numbers: this one after those two.
_WAKE = signal.SIGURG
_interrupted = threading.Event()


def end_soon_after_a_signal(patience_s: float, give_up: Callable[[], object]) -> None:
    """Treat a polite kill and the end of the terminal like Ctrl-C, so that runs are closed; end soon after.

    Args:
        patience_s: seconds that the program has to end by itself.
        give_up: is called once they are over, to close what is still open.
    """
    received, receive = os.pipe()
    os.set_blocking(receive, False)
    for number in _ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:  # as a shell has it for its background, and nohup
            signal.signal(number, _interrupt)
    signal.signal(_WAKE, hear_no_more)
    sys.unraisablehook = _let_pass
    # The numbers of signals come here as well, whoever handles them: Prefect does while a flow runs.
    signal.set_wakeup_fd(receive)
    args = [received, threading.get_ident(), patience_s, give_up]
    threading.Thread(target=_watch, args=args, daemon=True).start()


def is_interruption(error: BaseException) -> bool:
    """Tell whether an error is Ctrl-C, or comes of it: libraries put their own in the place of it."""
    return isinstance(error, KeyboardInterrupt) or (_interrupted.is_set() and not is_for_users(error))


def leave() -> NoReturn:
    """End now, with the programs that this one started, but for Prefect's server if others use it."""
    sys.stdout.flush()
    # What was never imported has started nothing, and an import that a signal broke off fails from then on.
    temporary = sys.modules.get("stagecraft.servers.temporary")
    let_go: Callable[[], list[int]] = getattr(temporary, "let_go", list)
    spared = let_go()
    children = [child for child in psutil.Process().children(recursive=True) if child.pid not in spared]
    for child in children:
        child.kill()
    psutil.wait_procs(children, timeout=1)
    os._exit(INTERRUPTED)


def hear_no_more(*_: object) -> None:
    """Let no further signal break off what closes the records."""
    for number in _ENDING:
        signal.signal(number, lambda *_: None)


def _interrupt(*_: object) -> None:
    # Prefect puts this handler in place again when a flow ends.
    if not _interrupted.is_set():
        _interrupted.set()
        raise KeyboardInterrupt


def _let_pass(unraisable: "sys.UnraisableHookArgs") -> None:
    # Python drops what is raised while it frees something; the watching thread ends the program all the same.
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def _watch(received: int, main_thread: int, patience_s: float, give_up: Callable[[], object]) -> NoReturn:
    while os.read(received, 1)[0] not in _ENDING:
        pass
    # The system may have given the signal to another thread, and the main one would wait on for a lock.
    signal.pthread_kill(main_thread, _WAKE)
    time.sleep(patience_s)
    give_up()
    leave()
