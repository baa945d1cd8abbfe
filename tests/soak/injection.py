"""Runs a command of the command line and kills its process at the n-th call of something that it does.

    python injection.py KIND N -- run --json …       dies at the n-th call
    python injection.py count FILE -- run --json …   lives, and writes how often each kind was called

A kind is a name of `KINDS`, with `:TEXT` to count only the calls with TEXT in an argument, and `+after` to
die when the call has been made instead of before it: `rename:/train_rnn/+after`.
"""

import atexit
import itertools
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any

from mlflow import MlflowClient
from sqlalchemy.engine.default import DefaultDialect

from seqstep_cli import NAMES
from stagecraft.files.home import open_home
from stagecraft.servers.environment import prepare

#: what is counted: the owner of a function, and the function's name
KINDS: dict[str, tuple[Any, str]] = {
    "replace": (os, "replace"),
    "rename": (os, "rename"),
    "fsync": (os, "fsync"),
    "commit": (DefaultDialect, "do_commit"),
    "create_run": (MlflowClient, "create_run"),
    "log_batch": (MlflowClient, "log_batch"),
    "log_artifact": (MlflowClient, "log_artifact"),
    "set_terminated": (MlflowClient, "set_terminated"),
}


def wrap(kind: str, before: Callable[..., None], after: Callable[..., None]) -> None:
    """Have something called before and after each call of a kind."""
    owner, name = KINDS[kind]
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        before(*args, **kwargs)
        result = original(*args, **kwargs)
        after(*args, **kwargs)
        return result

    setattr(owner, name, wrapped)


def nothing(*_args: Any, **_kwargs: Any) -> None:
    """Do nothing."""


def die_at(point: str, number: int) -> None:
    """Kill this process at a call."""
    kind, _, side = point.partition("+")
    kind, _, text = kind.partition(":")
    calls, counting = itertools.count(1), Lock()

    def die(*args: Any, **kwargs: Any) -> None:
        if text in " ".join(map(str, [*args, *kwargs.values()])):
            with counting:
                if next(calls) == number:
                    os.kill(os.getpid(), signal.SIGKILL)

    wrap(kind, *((nothing, die) if side else (die, nothing)))


def count_all(file: Path) -> None:
    """Count the calls of all kinds, and write that when the process ends."""
    calls: Counter[str] = Counter()
    for kind in KINDS:
        wrap(kind, lambda *_args, kind=kind, **_kwargs: calls.update([kind]), nothing)
    atexit.register(lambda: file.write_text(json.dumps(calls)))


if __name__ == "__main__":
    prepare(open_home(NAMES, None))
    point, argument = sys.argv[1:3]
    if point == "count":
        count_all(Path(argument))
    else:
        die_at(point, int(argument))

    from seqstep_cli.main import main

    sys.exit(main(sys.argv[4:]))
