"""Every error that the stage mechanism raises on purpose.

StagecraftError          exit status 1: a stage, a store or a server failed
├── TrackingError        the MLflow store or server can't be reached
├── BusyError            another run of the same goes on (exit status 75)
├── StageFailedError     a stage of a run failed
├── ServerError          a server did not start, or does not answer
└── UsageError           exit status 2: the user must change something
    ├── HomeError        the project home can't be written
    ├── ProjectError     there is no project, or it is not what it should be
    ├── WiringError      a walk hands a stage what it can't take
    ├── SelectionError   there is no such stage
    ├── ArtifactError    an artifact or a registered model is missing or changed
    └── ComparisonError  two versions of a model can't be compared
"""

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from secrecy import redact


class StagecraftError(Exception):
    """Any error of the stage mechanism; its text is made for the user.

    Attributes:
        transient: whether it may pass by itself, so that the same is worth another try.
    """

    exit_status = 1
    transient = False


class TrackingError(StagecraftError):
    """The MLflow store or server can't be reached."""

    def __init__(self, message: str, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class BusyError(StagecraftError):
    """Another run of the same pipeline goes on in this home."""

    exit_status = os.EX_TEMPFAIL


class ServerError(StagecraftError):
    """A server of the project's own did not start, or Prefect's does not answer."""


class StageFailedError(StagecraftError):
    """A stage of a run failed.

    Args:
        message: which stage failed, and why.
        exit_status: what the stage's own error asks for.
        run_id: the run of the pipeline.
        outcomes: how each stage ended, an `Outcome` each.
    """

    def __init__(self, message: str, exit_status: int, run_id: str, outcomes: Sequence[Any]) -> None:
        super().__init__(message)
        self.exit_status, self.run_id, self.outcomes = exit_status, run_id, outcomes


class UsageError(StagecraftError):
    """The request can't be met as it stands: the user must change something."""

    exit_status = 2


class HomeError(UsageError):
    """The project home can't be written."""


class ProjectError(UsageError):
    """There is no project whose stages could be run, or its pyproject.toml names none."""


class WiringError(UsageError):
    """A walk hands a stage what it can't take, or stages that can't stand together: its author must act."""


class SelectionError(UsageError):
    """There is no such stage in the pipeline."""


class ArtifactError(UsageError):
    """An artifact or a registered model is missing, or is not what its address says."""


class ComparisonError(UsageError):
    """Two versions of a registered model can't be compared."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known name a word comes closest to, or all of them if none is close."""
    names = list(known)
    close = get_close_matches(word, names, n=1)
    return f"did you mean {close[0]}?" if close else f"there are: {', '.join(names)}"


def explain(error: BaseException) -> str:
    """Say in words, without secrets, what an error means; those made for the user speak for themselves."""
    return redact(_words(error))


@contextmanager
def without_secrets() -> Iterator[None]:
    """Put an error that means the same in the place of one whose text holds a secret."""
    try:
        yield
    except Exception as error:
        if redact(str(error)) == str(error):
            raise
        shown = StagecraftError(explain(error))
        shown.exit_status = getattr(error, "exit_status", 1)
        shown.transient = getattr(error, "transient", False)
        raise shown from error


def _words(error: BaseException) -> str:
    if hasattr(error, "exit_status"):
        return str(error)
    if isinstance(error, OSError) and str(error):
        return f"{error}{'; free some space, or choose another home' if error.errno == errno.ENOSPC else ''}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
