"""MLflow's own errors in a sentence for the user."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException

from stagecraft.errors import TrackingError


@contextmanager
def reaching(uri: str) -> Iterator[None]:
    """Put MLflow's own errors into a sentence for the user.

    Raises:
        TrackingError: the store can't be reached, or refused what was asked.
    """
    try:
        yield
    except MlflowException as error:
        local = uri.startswith("sqlite:")
        hint = "the disk and the file (SEQSTEP_HOME)" if local else "that it is up (MLFLOW_TRACKING_URI)"
        raise TrackingError(f"MLflow at {uri} failed: {_essence(error)}; check {hint}") from error


def _essence(error: MlflowException) -> str:
    """Take the line of an error that says what went wrong."""
    lines = str(error).splitlines()
    return next((line for line in lines if not line.startswith("(raised as a result of")), lines[0])[:300]
