"""The interpreter's audit events, seen by whoever watches the thread that they come from."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor
    from multiprocessing.process import BaseProcess

Value = TypeVar("Value")

#: stands for the start of a process by `multiprocessing`, of which the interpreter says nothing
PROCESS = "multiprocessing"
#: stands for a thread, or what a pool of them is asked for, of which it does not say when it ends
WORK = "work"
#: all that start another process
CHILDREN = frozenset(
    {PROCESS, "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"}
)
_EVENTS = CHILDREN | {
    WORK,
    *(
        "ctypes.dlopen",
        "exec",
        "glob.glob/2",
        "import",
        "open",
        "os.getxattr",
        "os.link",
        "os.listdir",
        "os.mkdir",
        "os.rename",
        "os.scandir",
    ),
    *("pathlib.Path.glob", "pathlib.Path.rglob"),
    *("os.listxattr", "socket.connect", "sqlite3.connect", "sqlite3.load_extension"),
}


_POOL = "concurrent.futures.thread"


class Seer(Protocol):
    """Sees events, also from several threads at once."""

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Judge an event; what is raised here stops what was about to be done."""


class _Here(threading.local):
    seer: Seer | None = None
    is_seeing = False


_here = _Here()


def seer_here() -> Seer | None:
    """Tell who sees what this thread does."""
    return _here.seer


@contextmanager
def seen_by(seer: Seer | None) -> Iterator[None]:
    """Have someone see what this thread does, and what the threads do that it starts."""
    _install()
    before, _here.seer = _here.seer, seer
    try:
        yield
    finally:
        _here.seer = before


# The names are bound here: at the end of the interpreter those of the module are gone.
def _hook(event: str, args: tuple[Any, ...], known: frozenset[str] = _EVENTS, here: _Here = _here) -> None:
    if event not in known or here.seer is None or here.is_seeing:
        return
    here.is_seeing = True
    try:
        here.seer.see(event, args)
    finally:
        here.is_seeing = False


@cache
def _install() -> None:
    """Add the hook, which stays for good, and what sees threads start."""
    sys.addaudithook(_hook)
    _wrap(threading.Thread, "start", _start_thread)


@cache
def see_pools_and_processes() -> None:
    """See who asks pools of threads for what, and processes start, from now on."""
    from concurrent.futures import ThreadPoolExecutor
    from multiprocessing.process import BaseProcess

    _wrap(ThreadPoolExecutor, "submit", _submit)
    _wrap(BaseProcess, "start", _start_process)


def _wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    inner = getattr(owner, name)

    @wraps(inner)
    def wrapped(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return around(inner, self, *args, **kwargs)

    setattr(owner, name, wrapped)


def _start_thread(start: Callable[[threading.Thread], None], thread: threading.Thread) -> None:
    if _here.seer is not None:
        # What a pool's own thread does is seen by whoever asks the pool for it.
        if getattr(getattr(thread, "_target", None), "__module__", "") != _POOL:
            _hook(WORK, (f"the thread {thread.name}", thread.is_alive))
        thread.run = _carrying(_here.seer, thread.run)  # type: ignore[method-assign]
    start(thread)


def _submit(
    submit: Callable[..., "Future[Value]"],
    pool: "ThreadPoolExecutor",
    work: Callable[..., Value],
    /,
    *args: Any,
    **kwargs: Any,
) -> "Future[Value]":
    if _here.seer is None:
        return submit(pool, work, *args, **kwargs)
    future = submit(pool, _carrying(_here.seer, work), *args, **kwargs)
    _hook(WORK, (f"{getattr(work, '__name__', 'a call')} in a pool", lambda: not future.done()))
    return future


def _start_process(start: "Callable[[BaseProcess], None]", process: "BaseProcess") -> None:
    _hook(PROCESS, (process.name,))
    start(process)


def _carrying(seer: Seer, work: Callable[..., Value]) -> Callable[..., Value]:
    """Have the work of another thread seen by whoever sees this one."""

    @wraps(work)
    def carried(*args: Any, **kwargs: Any) -> Value:
        with seen_by(seer):
            return work(*args, **kwargs)

    return carried
