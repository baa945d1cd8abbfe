"""The guard against runs of one pipeline that go on side by side in one home."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from stagecraft.errors import BusyError
from stagecraft.files.home import Home

IfBusy = Literal["share", "wait", "skip", "fail"]
IF_BUSY = get_args(IfBusy)

_POLL_S = 0.5


@contextmanager
def guarded(home: Home, run: str, if_busy: IfBusy, on_wait: Callable[[], object]) -> Iterator[bool]:
    """Be the only run of its name, as far as this is asked for; yields whether it may go on.

    Two that ask for this are told apart by a lock, which the kernel drops when its process dies. Runs that
    do not ask for it are seen by what marks them as in progress, and may start at any time.

    Args:
        run: the name of the run, as `pipeline_run` is given it.
        if_busy: `share` goes on in any case, `wait` when the others have ended, `skip` not at all.
        on_wait: is called before it waits.

    Raises:
        BusyError: another one goes on, and `if_busy` is `fail`.
    """
    if if_busy == "share":
        yield True
        return
    from stagecraft.cache.locks import KeyLocks
    from stagecraft.cache.sessions import is_running

    with KeyLocks(home.locks).holding(f"run {run}", 0) as free:
        if free and not is_running(home, run):
            yield True
            return
    if if_busy == "fail":
        raise BusyError(
            f"expected no other run of {run} in {home.root}, got one in progress;"
            " try again when it has ended, or use --if-busy wait"
        )
    if if_busy == "skip":
        yield False
        return
    on_wait()
    with KeyLocks(home.locks).holding(f"run {run}"):
        while is_running(home, run):
            time.sleep(_POLL_S)
        yield True
