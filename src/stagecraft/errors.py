"""Every error that the stage mechanism raises on purpose.

StagecraftError          exit status 1: a stage, a store or a server failed
├── TrackingError        the MLflow store or server can't be reached
├── StageFailedError     a stage of a run failed
├── ServerError          a server of the project's own did not start
└── UsageError           exit status 2: the user must change something
    ├── HomeError        the project home can't be written
    ├── SelectionError   there is no such stage
    ├── ArtifactError    an artifact or a registered model is missing or changed
    └── ComparisonError  two versions of a model can't be compared
"""

import errno
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagecraft.progress import Outcome


class StagecraftError(Exception):
    """Any error of the stage mechanism; its text is made for the user."""

    exit_status = 1


class TrackingError(StagecraftError):
    """The MLflow store or server can't be reached."""


class ServerError(StagecraftError):
    """A server of the project's own did not start."""


class StageFailedError(StagecraftError):
    """A stage of a run failed.

    Args:
        message: which stage failed, and why.
        exit_status: what the stage's own error asks for.
        run_id: the run of the pipeline.
        outcomes: how each stage ended.
    """

    def __init__(self, message: str, exit_status: int, run_id: str, outcomes: "Sequence[Outcome]") -> None:
        super().__init__(message)
        self.exit_status, self.run_id, self.outcomes = exit_status, run_id, outcomes


class UsageError(StagecraftError):
    """The request can't be met as it stands: the user must change something."""

    exit_status = 2


class HomeError(UsageError):
    """The project home can't be written."""


class SelectionError(UsageError):
    """There is no such stage in the pipeline."""


class ArtifactError(UsageError):
    """An artifact or a registered model is missing, or is not what its address says."""


class ComparisonError(UsageError):
    """Two versions of a registered model can't be compared."""


def explain(error: BaseException) -> str:
    """Say in words what an error means; those that were made for the user speak for themselves."""
    if hasattr(error, "exit_status"):
        return str(error)
    if isinstance(error, OSError) and str(error):
        return f"{error}{'; free some space or set SEQSTEP_HOME' if error.errno == errno.ENOSPC else ''}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
