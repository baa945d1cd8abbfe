"""Prefect's own database in the home: made whole before a server opens it, set aside where it is broken.

A disk that fills while a server makes its tables leaves some that no server can go on with, and so do damaged
pages. The database holds histories only: no result is looked up there.
"""

import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from stagecraft.disks import NEEDED, is_scarce, room
from stagecraft.errors import ServerError
from stagecraft.files.home import Home
from stagecraft.files.identity import database_files, open_existing
from stagecraft.files.set_aside import SetAside
from stagecraft.files.whole import PART, write_whole
from stagecraft.progress.watching import logger
from stagecraft.servers.elsewhere import check_elsewhere

_ELSEWHERE = {
    "PREFECT_API_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_DATABASE_DRIVER",
    "PREFECT_SERVER_DATABASE_NAME",
}
_UPGRADE = ["-m", "prefect", "server", "database", "upgrade", "--yes"]


def make_ready(home: Home) -> None:
    """See that a server of Prefect's can go on with the database: that it has its tables, or gets them.

    One that is damaged, or whose tables can't be brought to those of this Prefect, is set aside, and a
    new one is made.

    Raises:
        OSError: its disk is full.
        ServerError: Prefect can't make one, or another program holds it; one elsewhere does not answer.
        UsageError: one elsewhere is no address of a database.
    """
    if _ELSEWHERE & os.environ.keys():
        check_elsewhere()
        return
    database = Path(os.environ["PREFECT_HOME"]).expanduser().absolute() / "prefect.db"
    if room(database) < NEEDED:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(database))
    database.parent.mkdir(parents=True, exist_ok=True)
    note, made = database.with_name("prefect.db.made"), f"prefect {version('prefect')}".encode()
    with FileLock(home.private / "prefect.lock"):
        flaw = _damage_of(database)
        if database.exists() and not flaw and note.exists() and note.read_bytes() == made:
            return
        if not database.exists() or (flaw := flaw or _upgrade(database)):
            new = _make(database)
            if database.exists():
                aside = SetAside(home)
                for file in database_files(database):
                    aside.take(file)
                logger.warning(
                    "Prefect's database is broken (%s), so a new one is made; the old one, with the histories"
                    " of runs, is set aside as %s",
                    flaw,
                    aside.name,
                )
            new.replace(database)
        write_whole(note, made)


def _damage_of(database: Path) -> str:
    """Say what is damaged in a database; nothing where it is whole, or where only its use can tell."""
    try:
        with closing(open_existing(database)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError:  # it is not there, or another program holds it
        return ""
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else found


def _make(database: Path) -> Path:
    """Make a database under another name."""
    part = database.with_name(f"{database.name}{PART}")
    _remove(part)
    try:
        if flaw := _upgrade(part):
            raise ServerError(f"Prefect could not make its database {database}: {flaw}")
        with closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except BaseException:
        _remove(part)
        raise
    return part


def _remove(database: Path) -> None:
    for file in database_files(database):
        file.unlink(missing_ok=True)


def _upgrade(database: Path) -> str:
    """Give a database the tables of this Prefect; say why that failed, nothing if it did not.

    Raises:
        OSError: a disk is full.
        ServerError: another program holds it.
    """
    url = f"sqlite+aiosqlite:///{database}"
    done = subprocess.run(  # noqa: S603  (this very program)
        [sys.executable, *_UPGRADE],
        env={**os.environ, "PREFECT_API_DATABASE_CONNECTION_URL": url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return ""
    said = [line for line in (done.stdout + done.stderr).splitlines() if "Error" in line] or [
        "it did not say why"
    ]
    if is_scarce():  # SQLite writes to TMPDIR too
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "is locked" in said[-1]:
        raise ServerError(f"another program holds {database}; end that, or wait until it is done")
    return said[-1].strip()
