"""Where MLflow is led to: what is no store is refused, a database that does not answer is told at once."""

import time
from pathlib import Path

import pytest

from secrecy import redact
from seqstep_cli import NAMES
from stagecraft.errors import TrackingError, UsageError
from stagecraft.files.home import Home
from stagecraft.mlflow import Tracker
from stagecraft.mlflow.address import check_address
from tests.unclear import UNCLEAR


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(seconds: float) -> None:
        pytest.fail(f"it waits {seconds} s")

    monkeypatch.setattr(time, "sleep", sleep)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("/nowhere", "which is a folder, where MLflow keeps no runs any more"),
        ("x", "which is a folder"),
        ("file:///nowhere", "which is a folder"),
        ("./a:b", "which is a folder"),
        ("C:/x", "which is a folder"),
        ("/tmp/a:b", "which is a folder"),
        ("sqlite:////dev/zero", "which is no file"),
        ("http://127.0.0.1:99999", "which names no host, or a port that can't be"),
        ("mysql://h/x", "which needs the module MySQLdb; install it"),
        ("postgresql+nothing://h/x", "which can't be read: Can't load plugin"),
        ("sqlite:x", "which can't be read"),
        ("http://", "which names no host"),
        ("http://[", "which names no host"),
        ("https://h:x/", "which names no host"),
    ],
)
def test_what_can_be_no_store_is_refused_in_words(uri: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_address(uri)
    named = "expected MLFLOW_TRACKING_URI to name a server or a database, got"
    assert str(caught.value).startswith(f"{named} {redact(uri)}, {words}")
    assert str(caught.value).endswith("; unset it to use the store in the home")


@pytest.mark.parametrize("uri", ["http://h", "https://h:5000/x", "databricks", "databricks://x", "plugin:x"])
def test_servers_and_plugins_are_left_to_mlflow(uri: str) -> None:
    check_address(uri)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2"])
def test_a_postgresql_that_does_not_answer_is_told_at_once_without_its_password(
    tmp_path: Path, closed_port: int, scheme: str
) -> None:
    pytest.importorskip("psycopg2")
    home = Home(tmp_path, NAMES)
    home.private.mkdir()
    with pytest.raises(TrackingError, match="Connection refused") as caught:
        Tracker(home, f"{scheme}://me:SECRET@127.0.0.1:{closed_port}/x")
    assert f"MLflow at {scheme}://***@127.0.0.1:{closed_port}/x failed: " in str(caught.value)
    assert "SECRET" not in str(caught.value) and caught.value.transient


@pytest.mark.parametrize("uri", UNCLEAR)
def test_a_password_that_reads_as_something_else_is_shown_nowhere(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    home = Home(tmp_path, NAMES)
    home.private.mkdir()
    with pytest.raises((TrackingError, UsageError)) as caught:
        Tracker(home, uri)
    assert "SECRET" not in str(caught.value)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"got sqlite:///{tmp_path}, which is no file; unset it"):
        check_address(f"sqlite:///{tmp_path}")
