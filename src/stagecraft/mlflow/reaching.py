"""MLflow's own errors in a sentence for the user."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from mlflow.exceptions import MlflowException

from secrecy import redact
from stagecraft.errors import TrackingError

_PASSING = (
    *("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED"),
    *("REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"),
)


@contextmanager
def reaching(uri: str, variable: str) -> Iterator[None]:
    """Put MLflow's own errors into a sentence for the user.

    Args:
        uri: the store's address.
        variable: names the home, where a local store lies.

    Raises:
        TrackingError: the store can't be reached, or refused what was asked.
    """
    try:
        yield
    except (MlflowException, requests.RequestException) as error:
        local = uri.startswith("sqlite:")
        hint = f"the disk and the file ({variable})" if local else "that it is up (MLFLOW_TRACKING_URI)"
        message = redact(f"MLflow at {uri} failed: {_essence(error)}; check {hint}")
        raise TrackingError(message, _may_pass(error, local)) from error


def _may_pass(error: MlflowException | requests.RequestException, local: bool) -> bool:
    """Tell whether a store may work again after a while: it is busy, or its server is down."""
    if isinstance(error, MlflowException):
        return "is locked" in str(error) if local else error.error_code in _PASSING
    response = error.response
    return response is None or response.status_code in (429, 500, 502, 503, 504)


def _essence(error: Exception) -> str:
    """Take the line of an error that says what went wrong."""
    lines = str(error).splitlines() or [type(error).__name__]
    return next((line for line in lines if not line.startswith("(raised as a result of")), lines[0])[:300]
