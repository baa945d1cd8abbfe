"""What a store says of itself, in a sentence for the user."""

import sqlite3

import pytest
import requests
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from stagecraft.errors import TrackingError
from stagecraft.mlflow.reaching import reaching
from stagecraft.names import Names

LOCAL, SERVER = "sqlite:////home/me/mlflow.db", "http://127.0.0.1:1"


def raw(text: str) -> OperationalError:
    return OperationalError("SELECT name FROM sqlite_master", None, sqlite3.OperationalError(text))


def told(uri: str, error: Exception) -> TrackingError:
    with pytest.raises(TrackingError) as caught, reaching(uri, Names("my-works")):
        raise error
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def wrapped(error: Exception) -> MlflowException:
    return MlflowException(str(error))


@pytest.mark.parametrize("shown_as", [wrapped, lambda error: error])
def test_a_database_that_another_program_holds_is_told_and_may_pass(shown_as: type) -> None:
    error = told(LOCAL, shown_as(raw("database is locked")))
    assert "database is locked; another program holds the database; end that, or wait" in str(error)
    assert error.transient


@pytest.mark.parametrize("text", ["database or disk is full", "disk I/O error"])
@pytest.mark.parametrize("shown_as", [wrapped, lambda error: error])
def test_a_full_disk_is_named(shown_as: type, text: str) -> None:
    error = told(LOCAL, shown_as(raw(text)))
    assert f"{text}; the disk of /" in str(error) and " bytes left; free some space there" in str(error)
    assert not error.transient


def test_what_else_a_database_says_points_to_its_file() -> None:
    assert str(told(LOCAL, raw("no such table: runs"))).endswith(
        "check the disk and the file (MY_WORKS_HOME)"
    )


def test_a_server_that_is_down_may_come_back() -> None:
    for uri, error in [(SERVER, requests.ConnectionError("refused")), ("postgresql://host/db", raw("gone"))]:
        assert told(uri, error).transient
        assert str(told(uri, error)).endswith("check that it is up (MLFLOW_TRACKING_URI)")
