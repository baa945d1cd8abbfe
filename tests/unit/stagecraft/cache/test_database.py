"""A home without its own database stops before anything is written; one that was moved goes on."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from seqstep_cli import NAMES
from stagecraft.cache import database
from stagecraft.cache.database import own_database
from stagecraft.cache.results import Results
from stagecraft.errors import DatabaseError, TrackingError
from stagecraft.files.home import Home
from stagecraft.files.identity import here, identity_of, settle
from stagecraft.files.sealed import seal
from stagecraft.files.set_aside import SetAside
from stagecraft.mlflow import Tracker
from stagecraft.mlflow.rebuilding import rebuild
from stagecraft.upkeep import examine

Workshop = Any  # see conftest.py

CACHED = {"gather": "cached", "add": "cached", "page": "cached"}


def contents(home: Home) -> dict[str, bytes]:
    files = (path for path in home.root.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(home.root)): path.read_bytes() for path in files}


def execute(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def damage(database: Path) -> None:
    """Write over the second half of a file's pages."""
    content = database.read_bytes()
    half = len(content) // 2
    database.write_bytes(content[:half] + b"\x5a" * (len(content) - half))


def another(database: Path) -> None:
    execute(database, "UPDATE stagecraft_home SET id = 'of another home'")


def empty_of_tables(database: Path) -> None:
    execute(database, "DROP TABLE experiments", "DROP TABLE stagecraft_home")


def forget_runs(database: Path) -> None:
    execute(database, "DROP TABLE stagecraft_home", "UPDATE runs SET run_uuid = 'x' || run_uuid")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Path.unlink, "got none, though 3 results are recorded"),
        (lambda path: path.write_bytes(b""), "got an empty one, though 3 results are recorded"),
        (lambda path: path.write_bytes(b"no database" * 1000), "got a damaged one: file is not a database"),
        (lambda path: path.write_bytes(path.read_bytes()[: 1 << 14]), "got a damaged one"),
        (another, "got one that never was this home's by its id, though it knows 3 of 3 runs"),
        (forget_runs, "got that of another one"),
        (
            lambda path: execute(path, "DROP TABLE experiments", "DROP TABLE stagecraft_home"),
            "of another one",
        ),
    ],
    ids=[
        "missing",
        "emptied",
        "garbage",
        "truncated",
        "of another home",
        "unknown runs",
        "of another program",
    ],
)
def test_a_home_without_its_own_database_is_refused_and_stays_as_it_is(
    ran: Workshop, change: Callable[[Path], object], words: str
) -> None:
    ran.states()
    change(ran.home.database)
    before = contents(ran.home)
    with pytest.raises(DatabaseError) as refused:
        Tracker(ran.home, ran.home.store)
    assert f"at {ran.home.database}, " in str(refused.value) and words in str(refused.value)
    assert "put it back, or `seqstep doctor --fix --new-database`" in str(refused.value)
    assert refused.value.exit_status == 2 and contents(ran.home) == before


def test_damaged_pages_are_found_by_looking_at_each(ran: Workshop) -> None:
    ran.states()
    assert own_database(ran.home, is_thorough=True)
    damage(ran.home.database)
    with pytest.raises(DatabaseError, match="got a damaged one: "):
        own_database(ran.home, is_thorough=True)


@pytest.mark.parametrize("row", [[], ["INSERT INTO stagecraft_home VALUES (NULL, NULL)"]])
def test_a_database_that_does_not_say_whose_it_is_counts_as_damaged(ran: Workshop, row: list[str]) -> None:
    table = ("DROP TABLE stagecraft_home", "CREATE TABLE stagecraft_home (id TEXT, root TEXT)")
    execute(ran.home.database, *table, *row)
    with pytest.raises(
        DatabaseError, match="its table stagecraft_home does not say whose it is; put it back"
    ):
        own_database(ran.home)


def test_a_home_without_records_takes_whatever_database_there_is(home: Home, empty_database: Path) -> None:
    assert own_database(home)
    Tracker(home, home.store)
    first = identity_of(home)
    another(home.database)
    Tracker(home, home.store)
    assert first and identity_of(home) == first._replace(id="of another home")
    home.database.unlink()
    Tracker(home, home.store)
    assert identity_of(home) != first


def test_a_home_of_the_version_before_and_its_database_get_one_id(ran: Workshop) -> None:
    ran.states()
    (ran.home.private / "home.json").unlink()
    execute(ran.home.database, "DROP TABLE stagecraft_home", "DELETE FROM runs WHERE rowid % 2")
    Tracker(ran.home, ran.home.store)
    stamp, identity = own_database(ran.home), identity_of(ran.home)
    assert stamp and identity and stamp.id == identity.id and identity.roots == (str(ran.home.root),)


def test_the_database_that_a_home_had_before_one_was_built_anew_is_still_its_own(ran: Workshop) -> None:
    home = ran.home
    Tracker(home, home.store)
    old, new = (home.root / name for name in ("old.db", "new.db"))
    ids = [identity_of(home).ids]
    home.database.rename(old)
    rebuild(home, home.database)
    for place, other in ((new, old), (old, new)):
        ids.append(identity_of(home).ids)
        home.database.rename(place)
        shutil.copy(other, home.database)
        Tracker(home, home.store)
        assert examine(Tracker(home, home.store)) == []
    ids.append(identity_of(home).ids)
    ((first,), (second, _), *_) = ids
    assert ids == [(first,), (second, first), (first, second), (second, first)]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_where_the_home_does_not_say_so_what_is_set_aside_tells_of_the_databases_before(
    ran: Workshop, is_damaged: bool
) -> None:
    home = ran.home
    Tracker(home, home.store)
    (first,) = identity_of(home).ids
    aside = SetAside(home)
    aside.take(home.database)
    rebuild(home, home.database)
    known = home.private / "home.json"
    content = b"?" if is_damaged else seal(json.dumps({"id": identity_of(home).id, "roots": []}).encode())
    known.write_bytes(content)
    (moved,) = aside.moved()
    before = Path(moved.to).read_bytes()
    Tracker(home, home.store)
    assert identity_of(home).former == (first,) and Path(moved.to).read_bytes() == before
    home.database.rename(home.root / "new.db")
    aside.put_back()
    Tracker(home, home.store)
    assert identity_of(home).id == first


@pytest.mark.parametrize("is_known", [True, False])
def test_a_copy_whose_database_is_built_anew_is_made_of_its_own_files(
    ran: Workshop, tmp_path: Path, is_known: bool
) -> None:
    Tracker(ran.home, ran.home.store)
    home = Home(Path(shutil.copytree(ran.home.root, tmp_path / "copy")), ran.home.names)
    if not is_known:
        (home.private / "home.json").unlink()
    SetAside(home).take(home.database)
    rebuild(home, home.database)
    shutil.rmtree(ran.home.root)
    results = Results(home, lambda _: Path())
    assert results.all() and all(results.find(key).intact for key in results.all())
    assert identity_of(home).roots[-2:] == (str(ran.home.root), str(home.root))


def leads_to(home: Home) -> set[str]:
    """List the folders that a database says the artifacts are below."""
    query = (
        "SELECT artifact_location FROM experiments WHERE name = 'seqstep' UNION SELECT artifact_uri FROM runs"
        " UNION SELECT artifact_location FROM logged_models"
    )
    with closing(sqlite3.connect(home.database)) as connection:
        return {address.partition("/mlartifacts")[0] for (address,) in connection.execute(query)}


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("name", ["b", "with blanks é%41", "a/below", "."])
def test_a_home_that_was_moved_goes_on(ran: Workshop, tmp_path: Path, is_old: bool, name: str) -> None:
    first, away = tmp_path / "moves" / "a", tmp_path / "away"
    first.parent.mkdir()
    Tracker(ran.home, ran.home.store)
    if is_old:  # of a version before
        (ran.home.private / "home.json").unlink()
        execute(ran.home.database, "DROP TABLE stagecraft_home")
        shutil.move(ran.home.root, away)
    else:
        shutil.move(ran.home.root, first)
        moved = Home(first, ran.home.names)
        Tracker(moved, moved.store)
        shutil.move(first, away)
    place = tmp_path / "moves" / "a" / name if name == "." else tmp_path / "moves" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(away, place)
    home = Home(Path(place), ran.home.names)
    results = Results(home, lambda _: Path())
    assert {key: results.find(key).flaw for key in results.all()} == dict.fromkeys(results.all(), "")
    tracker = Tracker(home, home.store)
    assert leads_to(home) == {home.root.as_uri()}
    assert {key: results.find(key).flaw for key in results.all()} == dict.fromkeys(results.all(), "")
    assert examine(tracker) == []
    before = home.database.read_bytes()
    Tracker(home, home.store)
    assert home.database.read_bytes() == before


def test_a_copy_is_not_led_back_to_its_original(ran: Workshop, tmp_path: Path) -> None:
    ran.states()
    shutil.copytree(ran.home.root, tmp_path / "copy")
    copy = Home(tmp_path / "copy", ran.home.names)
    before = contents(ran.home)
    results = Results(copy, lambda _: Path())
    for key in results.all():
        for artifact in results.find(key).result.artifacts:
            assert Path(here(copy, artifact.place)).is_relative_to(copy.root)
    Tracker(copy, copy.store)
    assert leads_to(copy) == {copy.root.as_uri()}
    shutil.rmtree(copy.artifacts)
    assert all(results.find(key).flaw for key in results.all())
    assert contents(ran.home) == before and leads_to(ran.home) == {ran.home.root.as_uri()}


def test_addresses_change_all_or_none(ran: Workshop, tmp_path: Path) -> None:
    ran.states()
    shutil.copytree(ran.home.root, tmp_path / "copy")
    copy = Home(tmp_path / "copy", ran.home.names)
    stamp = own_database(copy)
    assert stamp
    refuse = "CREATE TRIGGER refuse BEFORE DELETE ON stagecraft_home BEGIN SELECT RAISE(FAIL, 'no'); END"
    execute(copy.database, refuse)
    with pytest.raises(sqlite3.Error):
        settle(copy, stamp)
    assert leads_to(copy) == {ran.home.root.as_uri()}
    execute(copy.database, "DROP TRIGGER refuse")
    settle(copy, stamp)
    assert leads_to(copy) == {copy.root.as_uri()}


@pytest.mark.parametrize(
    ("roots", "root", "place", "expected"),
    [
        (("/a",), "/b", "/a/mlartifacts/x", "/b/mlartifacts/x"),
        (("/a",), "/b", "/b/mlartifacts/x", "/b/mlartifacts/x"),
        (("/a",), "/b", "/ab/x", "/ab/x"),
        (("/a",), "/a/b", "/a/x", "/a/b/x"),
        (("/a",), "/a/b", "/a/b/x", "/a/b/x"),
        (("/a/b",), "/a", "/a/b/x", "/a/x"),
        (("/a", "/b"), "/c", "/b/x", "/c/x"),
        (("/a",), "/b", "s3://bucket/a/x", "s3://bucket/a/x"),
        (("/",), "/b", "/x", "/b/x"),
    ],
)
def test_a_place_is_found_wherever_the_home_was(
    roots: tuple[str, ...], root: str, place: str, expected: str, monkeypatch: Any
) -> None:
    from stagecraft.files import identity

    known = identity.Identity("id", (*roots, root))
    monkeypatch.setattr(identity, "identity_of", lambda _home: known)
    assert here(Home(Path(root), NAMES), place) == expected


#: changes a database and dies before the change is whole, so that its journal is left
KILLED = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 1")
database.execute("BEGIN IMMEDIATE")
database.execute("CREATE TABLE half (done)")
database.executemany("INSERT INTO half VALUES (?)", [("x" * 1000,)] * 1000)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_transaction_that_a_kill_broke_off_is_rolled_back(home: Home) -> None:
    Tracker(home)
    subprocess.run([sys.executable, "-c", KILLED, home.database], check=False)
    assert home.database.with_name("mlflow.db-journal").exists()
    assert own_database(home, is_thorough=True)
    assert not home.database.with_name("mlflow.db-journal").exists()
    with closing(sqlite3.connect(home.database)) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone()


def test_a_database_that_another_program_holds_is_not_called_damaged(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tracker(home)
    impatient = partial(sqlite3.connect, timeout=0.1)
    monkeypatch.setattr(database, "open_existing", impatient)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TrackingError, match=r"another program holds the database .*; end that, or wait"):
            own_database(home)
