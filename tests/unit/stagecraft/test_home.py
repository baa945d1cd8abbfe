"""The project home: where it is, and what is said where it can't be written."""

import os
from pathlib import Path

import pytest

from stagecraft.environment import keep_prefect_off_the_console, prepare
from stagecraft.errors import HomeError
from stagecraft.home import HOME_VARIABLE, Home, open_home


@pytest.mark.parametrize("name", ["home", "two/levels", "with spaces & ümlauts"])
def test_the_home_is_made_where_the_variable_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / name))
    home = open_home()
    assert home.root == tmp_path / name and home.private.is_dir()
    assert list(home.private.iterdir()) == []
    places = home.database, home.artifacts, home.private, home.downloads
    assert all(place.is_relative_to(home.root) for place in places)
    assert home.store == f"sqlite:///{home.root}/mlflow.db"


def test_without_the_variable_the_home_is_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, "")
    assert (open_home().root / "prefect.yaml").is_file()


def test_a_relative_home_and_one_below_the_users_folder_become_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    for name, root in {"here": tmp_path / "here", "~/there": tmp_path / "user" / "there"}.items():
        monkeypatch.setenv(HOME_VARIABLE, name)
        assert open_home().root == root


@pytest.mark.parametrize(
    ("name", "reason"), [("file/home", "Not a directory"), ("x" * 300, "File name too long")]
)
def test_a_home_that_can_not_be_written_is_refused(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / name))
    with pytest.raises(
        HomeError, match=f"be written at {tmp_path}/{name}, got: {reason}; set {HOME_VARIABLE} to"
    ):
        open_home()


def test_a_home_below_that_of_no_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, "~nosuchuser/x")
    with pytest.raises(HomeError, match=f"in {HOME_VARIABLE}, got ~nosuchuser/x: there is no such user"):
        open_home()


def test_a_users_own_settings_win_and_prefect_lives_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith(("PREFECT_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    monkeypatch.setattr(os, "environ", environ := dict(os.environ))
    prepare(Home(tmp_path))
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
    prepare(Home(tmp_path))
    assert environ["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"
