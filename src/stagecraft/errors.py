"""Every error that the stage mechanism raises on purpose.

StagecraftError          exit status 1: a stage, a store or a server failed
├── TrackingError        the MLflow store or server can't be reached
├── BusyError            another run of the same goes on (exit status 75)
├── StageFailedError     a stage of a run failed
├── ServerError          a server did not start, or does not answer
└── UsageError           exit status 2: the user must change something
    ├── HomeError        the project home can't be written
    ├── DatabaseError    the home's database is missing, damaged or another's
    ├── ProjectError     there is no project, or it is not what it should be
    ├── WiringError      a walk hands a stage what it can't take
    ├── SettingError     a stage reads a setting that its key does not know
    ├── SelectionError   there is no such stage
    ├── ArtifactError    an artifact or a registered model is missing or changed
    └── ComparisonError  two versions of a model can't be compared
"""

import errno
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from inspect import currentframe
from pathlib import Path
from typing import Any

from pydantic_core import ValidationError

from secrecy import redact, shorten
from stagecraft.disks import is_full, which_is_full

_OWN = Path(__file__).parent


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


class DatabaseError(UsageError):
    """The home's database is missing, damaged or that of another home."""


class ProjectError(UsageError):
    """There is no project whose stages could be run, or its pyproject.toml names none."""


class WiringError(UsageError):
    """A walk hands a stage what it can't take, or stages that can't stand together: its author must act."""


class SettingError(UsageError):
    """A stage reads a setting that its key does not know: its author must act.

    It is no AttributeError, which `getattr` with a default and `hasattr` would hide.
    """


class SelectionError(UsageError):
    """There is no such stage in the pipeline."""


class ArtifactError(UsageError):
    """An artifact or a registered model is missing, or is not what its address says."""


class ComparisonError(UsageError):
    """Two versions of a registered model can't be compared."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known name a word comes closest to, or all of them if none is close."""
    names = list(known)
    lowered = {name.lower(): name for name in names}
    close = get_close_matches(word.lower(), lowered, n=1)
    return f"did you mean {lowered[close[0]]}?" if close else f"there are: {', '.join(names) or 'none'}"


def is_for_users(error: BaseException) -> bool:
    """Tell whether an error was raised on purpose, so that its text is made for the user."""
    return hasattr(error, "exit_status")


def shown(file: str | Path) -> str:
    """Write the name of a file as it is called from here."""
    return str(file).removeprefix(f"{Path.cwd()}{os.sep}")


def raised_at(error: BaseException, counts: Callable[[str], bool]) -> tuple[str, int] | None:
    """Tell where an error was raised, as file and line: the innermost place in a file that counts."""
    if isinstance(error, SyntaxError) and error.filename and counts(error.filename):
        return error.filename, error.lineno or 0
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if counts(frame.filename)]
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else None


def called_from() -> str:
    """Tell from where outside of the stage mechanism it is called, as file and line."""
    frame = currentframe()
    while frame and Path(frame.f_code.co_filename).is_relative_to(_OWN):
        frame = frame.f_back
    return f"{shown(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else "the walk"


def explain(error: BaseException) -> str:
    """Say briefly, without secrets, what an error means; those made for the user speak for themselves."""
    return shorten(redact(_words(error)))


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
    if is_for_users(error):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        file = error.filename or "the home"
        return (
            f"expected a folder that can be written for {file}, got: {error.strerror}; mount its disk for"
            " writing, or choose another home"
        )
    if isinstance(error, OSError) and str(error):
        return f"{error}; {which_is_full(error)}" if is_full(error) else str(error)
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
