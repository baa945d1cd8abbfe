"""Prefect's database: it is made whole, and one that no server can go on with is set aside."""

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stagecraft import disks
from stagecraft.errors import ServerError, explain
from stagecraft.files.home import Home
from stagecraft.files.set_aside import all_set_aside
from stagecraft.servers import prefect_database
from stagecraft.servers.prefect_database import make_ready

# Before it, Prefect's tables lack columns that a whole database has.
OLDER = "3c841a1800a1"


@pytest.fixture
def database(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(home.private / "prefect"))
    return home.private / "prefect" / "prefect.db"


def version(database: Path, new: str = "") -> str:
    with closing(sqlite3.connect(database)) as connection:
        if new:
            connection.execute("update alembic_version set version_num = ?", [new])
            connection.commit()
        return str(connection.execute("select version_num from alembic_version").fetchone()[0])


@pytest.mark.thorough
def test_a_database_is_made_whole_and_a_broken_one_is_set_aside(
    home: Home, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_ready(home)
    newest = version(database)
    assert {path.name for path in database.parent.iterdir()} == {"prefect.db", "prefect.db.made"}
    # As a disk leaves it that was full while the tables were changed, in a home of the version before.
    version(database, OLDER)
    database.with_name("prefect.db.made").unlink()
    with caplog.at_level(logging.WARNING, "stagecraft"):
        make_ready(home)
    assert version(database) == newest
    (aside,) = all_set_aside(home)
    (moved,) = aside.moved()
    assert moved.place == str(database) and version(Path(moved.to)) == OLDER
    (said,) = caplog.messages
    assert "duplicate column name" in said and said.endswith(f"set aside as {aside.name}")
    assert aside.put_back() == ([], [f"{database}: something is there again, so {moved.to} stays"])


def test_what_was_made_ready_is_not_made_ready_again(
    home: Home, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Path] = []

    def upgrade(path: Path) -> str:
        calls.append(path)
        sqlite3.connect(path).close()
        return ""

    monkeypatch.setattr(prefect_database, "_upgrade", upgrade)
    make_ready(home)
    make_ready(home)
    assert database.exists() and len(calls) == 1
    database.with_name("prefect.db.made").write_text("prefect 3.0.0")
    make_ready(home)
    assert calls[1:] == [database]


@pytest.mark.parametrize("how", ["truncated", "schema", "pages", "garbage"])
def test_a_damaged_one_is_set_aside_though_it_was_made_ready_before(
    home: Home, database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    def upgrade(path: Path) -> str:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("create table if not exists runs (id integer primary key, text)")
            connection.executemany("insert into runs (text) values (?)", [["x" * 100]] * 999)
        return ""

    monkeypatch.setattr(prefect_database, "_upgrade", upgrade)
    make_ready(home)
    content = bytearray(database.read_bytes())
    if how == "truncated":
        del content[len(content) // 2 :]
    else:
        start, end = {"schema": (100, 200), "pages": (8192, 32768), "garbage": (0, len(content))}[how]
        content[start:end] = b"\x5a" * (end - start)
    database.write_bytes(content)
    with caplog.at_level(logging.WARNING, "stagecraft"):
        make_ready(home)
    (aside,) = all_set_aside(home)
    assert [Path(moved.to).read_bytes() for moved in aside.moved()] == [bytes(content)]
    assert "is broken" in caplog.text and f"set aside as {aside.name}" in caplog.text
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (999,)


def test_a_disk_without_room_for_a_server_is_told(
    home: Home, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefect_database, "room", lambda _: 1000)
    with pytest.raises(OSError, match="No space left on device") as caught:
        make_ready(home)
    assert f"the disk of {home.root} has " in explain(caught.value)
    assert not database.exists()


@pytest.mark.parametrize(("left", "kind"), [(1000, OSError), (1 << 40, ServerError)])
def test_a_database_that_is_whole_stays_where_none_can_be_made(
    home: Home, database: Path, left: int, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    database.parent.mkdir(parents=True)
    database.write_text("whole")
    monkeypatch.setattr(prefect_database, "_UPGRADE", ["-c", "raise SystemExit('Error: broken off')"])
    monkeypatch.setattr(disks, "room", lambda _: left)  # in TMPDIR, too
    with pytest.raises(kind):
        make_ready(home)
    assert [path.name for path in database.parent.iterdir()] == ["prefect.db"]
    assert database.read_text() == "whole"


def test_a_database_that_lies_elsewhere_is_its_users_own(
    home: Home, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", f"sqlite+aiosqlite:///{home.root / 'other.db'}")
    make_ready(home)
    assert not database.parent.exists()
