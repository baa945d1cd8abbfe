"""Which home a database belongs to: both carry a random id; and where the home lay before it was moved."""

import json
import os
import sqlite3
import uuid
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from stagecraft.errors import UsageError
from stagecraft.files.home import Home
from stagecraft.files.regular import read_regular
from stagecraft.files.sealed import fields, seal
from stagecraft.files.whole import write_whole

_TABLE = "stagecraft_home"
# Where MLflow says that files lie, as addresses or as paths.
_ADDRESSES = {
    "experiments": ("artifact_location",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
    "runs": ("artifact_uri",),
}


class Identity(NamedTuple):
    """What tells a home from others, wherever it lies.

    Attributes:
        id: random; that of its database is the same.
        roots: the folders that it was in, the last one last.
        former: ids of databases that it had before one was built anew; they are its own too.
    """

    id: str
    roots: tuple[str, ...]
    former: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all databases that are its own."""
        return self.id, *self.former


class Stamp(NamedTuple):
    """What a database says of its home; empty where it says nothing.

    Attributes:
        root: the folder that its addresses lead to.
    """

    id: str
    root: str


def identity_of(home: Home) -> Identity | None:
    """Read who a home is; None where nothing readable says so, as in a home of a version before."""
    with suppress(OSError, ValueError, TypeError):
        found = fields(read_regular(_file(home)), "id", "roots", "former")
        return Identity(str(found["id"]), tuple(map(str, found["roots"])), tuple(map(str, found["former"])))
    return None


def here(home: Home, place: str) -> str:
    """Turn a path that lay in the home, wherever that was, into the one that it has now."""
    found = identity_of(home)
    known = found.roots if found else tuple(filter(None, [_stamp_of(home.database).root]))
    roots = [root for root in (*known, str(home.root)) if _is_in(place, root)]
    longest = max(roots, key=len, default=str(home.root))
    return place if longest == str(home.root) else str(home.root / Path(place).relative_to(longest))


def read_stamp(connection: sqlite3.Connection) -> Stamp:
    """Read whose a database is, and where its home was.

    Raises:
        sqlite3.DatabaseError: it is damaged.
    """
    if _TABLE in _tables(connection):
        row = connection.execute(f"SELECT id, root FROM {_TABLE}").fetchone() or (None,)  # noqa: S608
        if None in row:
            raise sqlite3.DatabaseError(f"its table {_TABLE} does not say whose it is")
        return Stamp(*row)
    # In one of a version before the artifacts of its experiments lie in the home.
    rows = connection.execute("SELECT artifact_location FROM experiments ORDER BY experiment_id DESC")
    locations = [_path(location) for (location,) in rows if location]
    return Stamp("", next((str(path.parent) for path in locations if path.name == "mlartifacts"), ""))


def name_home(home: Home, database: Path) -> None:
    """Give a new database and its home a new id; a database that the home had before is still its own."""
    stamp = Stamp(uuid.uuid4().hex, str(home.root))
    with closing(sqlite3.connect(database)) as connection, connection:
        _write_stamp(connection, stamp)
    _write(home, _followed(_until_now(home), stamp))


def settle(home: Home, stamp: Stamp) -> None:
    """Make sure that a home and its own database carry one id, and that addresses lead to where both are.

    The database is changed whole or not at all.

    Args:
        stamp: what the database says.
    """
    known = _until_now(home)
    settled = Stamp(stamp.id or known.id or uuid.uuid4().hex, str(home.root))
    if stamp != settled:
        with closing(sqlite3.connect(home.database, timeout=60)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            if stamp.root not in ("", settled.root):
                _move_addresses(connection, stamp.root, settled.root)
            _write_stamp(connection, settled)
    is_own = settled.id in known.ids
    known = known._replace(id=known.id if is_own else "", roots=(*known.roots, stamp.root))
    if identity_of(home) != (identity := _followed(known, settled)):
        _write(home, identity)


def _until_now(home: Home) -> Identity:
    """Tell who a home was until now; else databases that were set aside tell it."""
    if known := identity_of(home):
        return known
    databases = sorted(home.aside.glob(f"*/{home.database.name}"))
    stamps = [_stamp_of(database, "ro") for database in databases]
    return Identity("", tuple(stamp.root for stamp in stamps), tuple(stamp.id for stamp in stamps))


def _followed(before: Identity, stamp: Stamp) -> Identity:
    """Tell who a home is from now on, by what its database says."""
    roots = (*_others(before.roots, stamp.root), stamp.root)
    return Identity(stamp.id, roots, _others(before.ids, stamp.id))


def _others(known: Iterable[str], last: str) -> tuple[str, ...]:
    return tuple(each for each in dict.fromkeys(known) if each not in ("", last))


def _move_addresses(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Let addresses below one folder lead below another one."""
    for table, columns in _ADDRESSES.items():
        for column in columns if table in _tables(connection) else ():
            for before, after in ((old, new), (Path(old).as_uri(), Path(new).as_uri())):
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?)"  # noqa: S608  (names from above)
                    f" WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                    (after, len(before) + 1, before, len(before) + 1, f"{before}/"),
                )


def _write_stamp(connection: sqlite3.Connection, stamp: Stamp) -> None:
    connection.execute(f"CREATE TABLE IF NOT EXISTS {_TABLE} (id TEXT NOT NULL, root TEXT NOT NULL)")
    connection.execute(f"DELETE FROM {_TABLE}")  # noqa: S608
    connection.execute(f"INSERT INTO {_TABLE} VALUES (?, ?)", stamp)  # noqa: S608


def _write(home: Home, identity: Identity) -> None:
    if _file(home).is_dir():
        raise UsageError(f"expected a file at {_file(home)}, got a folder; move that away")
    document = identity._asdict()
    write_whole(_file(home), seal(json.dumps(document).encode()))


def _stamp_of(database: Path, mode: str = "rw") -> Stamp:
    """Read a database that may not be there, or be damaged."""
    with suppress(sqlite3.Error), closing(open_existing(database, mode)) as connection:
        return read_stamp(connection)
    return Stamp("", "")


def open_existing(database: Path, mode: str = "rw") -> sqlite3.Connection:
    """Open a database that is there; a transaction that was broken off in it by a kill is rolled back.

    Args:
        mode: `ro` changes nothing: whose transaction was broken off can't be read.

    Raises:
        sqlite3.Error: it is not there, or can't be read.
    """
    return sqlite3.connect(f"{database.as_uri()}?mode={mode}", uri=True, timeout=60)


def database_files(database: Path) -> list[Path]:
    """List the files that SQLite keeps of a database: apart from each other they are damaged."""
    return [database.with_name(f"{database.name}{end}") for end in ("", "-journal", "-wal", "-shm")]


def is_unused(database: Path) -> bool:
    """Tell whether a database of MLflow's is there that holds neither a run nor a model."""
    with suppress(sqlite3.Error), closing(open_existing(database, "ro")) as connection:
        counts = (
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("runs", "registered_models", "logged_models")
        )
        return not any(counts)
    return False


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _path(address: str) -> Path:
    try:
        return Path(unquote(urlsplit(address).path))
    except ValueError:  # it is no address
        return Path(address)


def _is_in(place: str, root: str) -> bool:
    return place == root or place.startswith(f"{root.rstrip(os.sep)}{os.sep}")


def _file(home: Home) -> Path:
    return home.private / "home.json"
