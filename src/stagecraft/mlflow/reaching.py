"""MLflow's own errors in a sentence for the user."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import requests
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from secrecy import redact, show_url, words_about
from stagecraft.disks import which_is_full
from stagecraft.errors import DatabaseError, TrackingError
from stagecraft.names import Names

_PASSING = (
    *("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED"),
    *("REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"),
)
_BUSY, _GONE, _WRONG = "is locked", "RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"
# Each file is called by the version of the tables that it leads to.
_MIGRATIONS = Path(mlflow.__file__).parent / "store" / "db_migrations" / "versions"


@contextmanager
def reaching(uri: str, names: Names) -> Iterator[None]:
    """Put MLflow's own errors into a sentence for the user.

    Args:
        uri: the store's address.
        names: of the project in whose home a local store lies.

    Raises:
        DatabaseError: a local store was made by another release of MLflow's.
        TrackingError: the store can't be reached, or refused what was asked.
    """
    try:
        yield
    except (MlflowException, requests.RequestException, SQLAlchemyError, sqlite3.Error) as error:
        local = uri.startswith("sqlite:")
        essence = _essence(error)
        if local and (schema := re.search(r"out-of-date database schema \(found version (\w+)", essence)):
            raise DatabaseError(_other_release(uri, schema[1], names.project)) from error
        said = redact(words_about(uri, essence))
        message = f"MLflow at {show_url(uri)} failed: {said}; {_what_to_do(error, essence, local, names)}"
        raise TrackingError(message, _may_pass(error, local)) from error


def _other_release(uri: str, schema: str, program: str) -> str:
    """Say that a database was made by another release of MLflow's, and what to do about it."""
    installed = f"expected the database of MLflow {mlflow.__version__} at {uri}, got that of"
    if list(_MIGRATIONS.glob(f"{schema}_*.py")):
        return f"{installed} an older one; make a backup, then `mlflow db upgrade {uri}`"
    return (
        f"{installed} a newer one (its tables are of {schema}); install that one, or"
        f" `{program} doctor --fix --new-database` builds one of what the results recorded"
    )


def _what_to_do(error: Exception, essence: str, local: bool, names: Names) -> str:
    if getattr(error, "error_code", "") == _GONE:
        doctor = f"{names.project} doctor"
        return f"`{doctor}` tells what is missing there, and `{doctor} --fix` brings back what it can"
    if getattr(error, "error_code", "") == _WRONG:
        return "correct what it was given"
    if not local:
        return "check that it is up (MLFLOW_TRACKING_URI)"
    if _BUSY in essence:
        return "another program holds the database; end that, or wait until it is done"
    # Where a file that it needs besides can't be made, SQLite says only that it is one.
    if "disk is full" in essence or "disk I/O error" in essence:
        return which_is_full()
    return f"check the disk and the file ({names.variable('HOME')})"


def _may_pass(error: Exception, local: bool) -> bool:
    """Tell whether a store may work again after a while: it is busy, or its server is down."""
    if local:
        return _BUSY in str(error)
    if isinstance(error, MlflowException):
        return error.error_code in _PASSING
    if isinstance(error, SQLAlchemyError):
        return isinstance(error, OperationalError)
    response = getattr(error, "response", None)
    return response is None or response.status_code in (429, 500, 502, 503, 504)


def _essence(error: Exception) -> str:
    """Take the line of an error that says what went wrong."""
    lines = str(error).splitlines() or [type(error).__name__]
    return next((line for line in lines if not line.startswith("(raised as a result of")), lines[0])[:300]
