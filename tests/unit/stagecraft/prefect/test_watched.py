"""What a stage may open without a key: what is kept of it, wherever runs are recorded."""

from pathlib import Path

import pytest

from stagecraft.files.home import Home
from stagecraft.mlflow import Tracker
from stagecraft.prefect.watched import places_kept


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_databases_of_runs_need_no_key(
    home: Home, empty_database: Path, tmp_path: Path, elsewhere: bool
) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(empty_database.read_bytes())
    places = places_kept(Tracker(home, f"sqlite:///{other}" if elsewhere else ""))
    own = [home.database, home.database.with_name("mlflow.db-wal"), *([other] if elsewhere else [])]
    assert all(places.hold(str(path.resolve())) for path in own)
    assert not places.hold(str(tmp_path / "home" / "notes.txt"))
