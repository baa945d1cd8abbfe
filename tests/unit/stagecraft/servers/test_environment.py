"""What Prefect and MLflow are told by the environment, unless a user has told them."""

import os
from pathlib import Path

import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.environment import keep_prefect_off_the_console, misread, prepare


def test_a_users_own_settings_win_and_prefect_lives_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith(("PREFECT_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    monkeypatch.setattr(os, "environ", environ := dict(os.environ))
    prepare(Home(tmp_path, NAMES))
    keep_prefect_off_the_console()
    assert environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
    assert environ["PREFECT_HOME"] == str(tmp_path / ".seqstep" / "prefect")
    assert Path(environ["PREFECT_LOGGING_CONFIG_PATH"]).is_file()
    assert environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] == "false"
    assert "PREFECT_FLOWS_HEARTBEAT_FREQUENCY" not in environ


def test_on_a_server_of_others_a_run_gives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"PREFECT_API_URL": "http://host:4200/api"}
    monkeypatch.setattr(os, "environ", environ)
    prepare(Home(tmp_path, NAMES))
    assert environ["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"


def test_a_setting_that_prefect_or_mlflow_can_not_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_TIMEOUT
    from prefect.settings.models.logging import LoggingSettings

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "x")
    with pytest.raises(ValueError, match="x") as caught:
        MLFLOW_HTTP_REQUEST_TIMEOUT.get()
    assert misread(caught.value).startswith("expected another value of MLFLOW_HTTP_REQUEST_TIMEOUT, got one ")
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "x")
    with pytest.raises(ValueError, match="level") as caught:
        LoggingSettings()
    assert misread(caught.value).startswith("Prefect can't read its settings, LoggingSettings: level: ")
    assert misread(ValueError("another")) == misread(KeyError("MLFLOW_HTTP_REQUEST_TIMEOUT")) == ""
