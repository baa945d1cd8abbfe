"""The project home: where it is, and what is said where it can't be written."""

from pathlib import Path

import pytest

from seqstep_cli import NAMES
from stagecraft.errors import HomeError
from stagecraft.files.home import open_home
from stagecraft.names import Names


@pytest.mark.parametrize("name", ["home", "two/levels", "with spaces & ümlauts"])
def test_the_home_is_made_where_the_variable_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQSTEP_HOME", str(tmp_path / name))
    home = open_home(NAMES, None)
    assert home.root == tmp_path / name and home.private.is_dir()
    assert list(home.private.iterdir()) == []
    places = home.database, home.artifacts, home.private, home.downloads
    assert all(place.is_relative_to(home.root) for place in places)
    assert home.store == f"sqlite:///{home.root}/mlflow.db"


def test_without_the_variable_the_home_is_the_projects_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQSTEP_HOME", "")
    assert open_home(NAMES, tmp_path).root == tmp_path
    monkeypatch.setenv("SEQSTEP_HOME", str(tmp_path / "elsewhere"))
    assert open_home(NAMES, tmp_path).root == tmp_path / "elsewhere"


def test_without_the_variable_and_without_a_project_it_is_said_how_to_get_a_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SEQSTEP_HOME")
    with pytest.raises(HomeError, match="set SEQSTEP_HOME to a folder, or go to the folder of a checkout"):
        open_home(NAMES, None)


def test_a_home_is_called_after_its_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_WORKS_HOME", str(tmp_path))
    assert open_home(Names("my-works"), None).private == tmp_path / ".my-works"


def test_a_relative_home_and_one_below_the_users_folder_become_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    for name, root in {"here": tmp_path / "here", "~/there": tmp_path / "user" / "there"}.items():
        monkeypatch.setenv("SEQSTEP_HOME", name)
        assert open_home(NAMES, None).root == root


@pytest.mark.parametrize(
    ("name", "reason"), [("file/home", "Not a directory"), ("x" * 300, "File name too long")]
)
def test_a_home_that_can_not_be_written_is_refused(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SEQSTEP_HOME", str(tmp_path / name))
    with pytest.raises(
        HomeError, match=f"be written at {tmp_path}/{name}, got: {reason}; set SEQSTEP_HOME to"
    ):
        open_home(NAMES, None)


def test_a_home_below_that_of_no_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQSTEP_HOME", "~nosuchuser/x")
    with pytest.raises(HomeError, match="in SEQSTEP_HOME, got ~nosuchuser/x: there is no such user"):
        open_home(NAMES, None)


@pytest.mark.parametrize("name", ["results", "locks", "set-aside", "live", "downloads"])
def test_a_file_in_the_place_of_a_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SEQSTEP_HOME", str(tmp_path))
    (tmp_path / ".seqstep").mkdir()
    (tmp_path / ".seqstep" / name).touch()
    with pytest.raises(
        HomeError, match=f"expected a folder at {tmp_path / '.seqstep' / name}, got something"
    ):
        open_home(NAMES, None)


@pytest.mark.parametrize("name", [".seqstep", ".seqstep/results", "mlartifacts"])
def test_a_link_to_a_folder_that_is_not_there_is_named_and_nothing_is_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQSTEP_HOME", str(tmp_path))
    link = tmp_path / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "disk" / "below")
    before = sorted(tmp_path.rglob("*"))
    words = f"expected a folder at {link}, got a link to {tmp_path}/disk/below, where nothing is; mount"
    with pytest.raises(HomeError, match=words):
        open_home(NAMES, None)
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "disk" / "below").mkdir(parents=True)
    assert open_home(NAMES, None).root == tmp_path


def test_a_home_whose_path_is_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQSTEP_HOME", f"{tmp_path}/b\udcff")
    with pytest.raises(HomeError, match="whose path is text in UTF-8, got"):
        open_home(NAMES, None)
