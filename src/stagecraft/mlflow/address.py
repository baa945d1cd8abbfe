"""Where MLflow is led to: whether that can be a store, and a database answers.

MLflow itself asks a database for two minutes, and says less.
"""

import re
from pathlib import Path

import sqlalchemy
from sqlalchemy.exc import ArgumentError

from secrecy import names_host, show_url, words_about
from stagecraft.errors import UsageError

_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
# One letter is a disk's, on some systems.
_SCHEME = re.compile("([A-Za-z][A-Za-z0-9+.-]+):")
_PATIENCE_S = 10


def check_address(uri: str) -> None:
    """See that an address names a store, and that a database can be opened.

    Raises:
        UsageError: it is none, or a database whose driver is not installed.
        SQLAlchemyError: the database does not answer.
    """
    found = _SCHEME.match(uri)
    scheme = found[1].lower() if found else ""
    if scheme in ("", "file") and uri != "databricks":
        raise _wrong(uri, "which is a folder, where MLflow keeps no runs any more")
    if scheme.partition("+")[0] in _DATABASES:
        _check_database(uri)
    elif scheme in ("http", "https") and not names_host(uri):
        raise _wrong(uri, "which names no host, or a port that can't be")


def _check_database(uri: str) -> None:
    try:
        address = sqlalchemy.make_url(uri)
        driver = address.get_driver_name()
        limits = {"connect_timeout": _PATIENCE_S} if driver.startswith("psycopg") else {}
        engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool, connect_args=limits)
    except ImportError as error:
        raise _wrong(uri, f"which needs the module {error.name}; install it") from None
    except (ArgumentError, ValueError) as error:
        raise _wrong(uri, f"which can't be read: {words_about(uri, str(error))}") from None
    file = Path(address.database or "") if uri.startswith("sqlite") else None
    if file and not file.parent.exists():
        return  # MLflow makes it
    if file and file.exists() and not file.is_file():
        raise _wrong(uri, "which is no file")
    with engine.connect():
        pass


def _wrong(uri: str, what: str) -> UsageError:
    return UsageError(
        f"expected MLFLOW_TRACKING_URI to name a server or a database, got {show_url(uri)}, {what};"
        " unset it to use the store in the home"
    )
