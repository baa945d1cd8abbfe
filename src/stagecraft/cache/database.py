"""Whether the database of a home is there, whole, and its own; read without MLflow, and never changed."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from urllib.parse import urlsplit

from stagecraft.cache.result import Result
from stagecraft.cache.results import read, records
from stagecraft.errors import DatabaseError, TrackingError
from stagecraft.files.home import Home
from stagecraft.files.identity import Stamp, identity_of, open_existing, read_stamp


def own_database(home: Home, is_thorough: bool = False) -> Stamp | None:
    """Read what the database of a home says of it; None where none was made yet.

    Args:
        is_thorough: look at each page of it.

    Raises:
        DatabaseError: it is missing or empty though results were recorded, it is damaged, or another home's;
            the home itself was not restored to its end.
        TrackingError: another program holds it.
    """
    check_restored(home)
    try:
        if home.database.exists() and home.database.stat().st_size:
            with closing(open_existing(home.database)) as connection:
                if is_thorough:
                    _check_pages(home, connection)
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    return _own(home, connection)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            what = f"another program holds the database {home.database}; end that, or wait until it is done"
            raise TrackingError(what, transient=True) from None
        raise _refused(home, f"got one that can't be read: {error}") from None
    except sqlite3.DatabaseError as error:
        raise _refused(home, f"got a damaged one: {error}") from None
    if count := sum(1 for _ in _recorded(home)):
        what = "an empty one" if home.database.exists() else "none"
        raise _refused(home, f"got {what}, though {count} results are recorded")
    return None


def check_restored(home: Home) -> None:
    """See that no restoring was broken off in a home.

    Raises:
        DatabaseError: one was.
    """
    if home.restoring.exists():
        program = home.names.project
        raise DatabaseError(
            f"expected a whole home at {home.root}, got one whose `{program} restore` was broken off; restore"
            f" the same archive again, or `{program} doctor --fix --new-database` goes on with what is there"
        )


def check_runs(home: Home, results: Iterable[Result]) -> None:
    """See that the database of a home knows the runs of results, as far as their files lie in the home.

    Raises:
        DatabaseError: it does not: they were deleted for good, or it is older than them.
    """
    wanted = {result.run_id: result.stage for result in results if _lies_in_home(result)}
    if wanted and home.database.exists():
        with closing(open_existing(home.database)) as connection:
            for (run,) in connection.execute("SELECT run_uuid FROM runs"):
                wanted.pop(run, None)
    if wanted:
        raise unknown_runs(home, wanted)


def unknown_runs(home: Home, lost: Mapping[str, str]) -> DatabaseError:
    """Say that MLflow does not know the runs of results that are kept.

    Args:
        lost: the stage of each run.
    """
    run, stage = next(iter(lost.items()))
    return DatabaseError(
        f"expected MLflow to know the runs of all results that are kept in {home.root}, got {len(lost)} that"
        f" it does not, such as {run} ({stage}): they were deleted there for good, or its database is older;"
        f" `{home.names.project} doctor --fix` brings them back"
    )


def _check_pages(home: Home, connection: sqlite3.Connection) -> None:
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise _refused(home, f"got a damaged one: {'; '.join(found)}")


def _own(home: Home, connection: sqlite3.Connection) -> Stamp:
    known = identity_of(home)
    try:
        stamp = read_stamp(connection)
        if known and stamp.id in known.ids:
            return stamp
        wanted = {result.run_id for result in _recorded(home)}
        shared = len(wanted & {run for (run,) in connection.execute("SELECT run_uuid FROM runs")})
    except sqlite3.OperationalError:
        raise _refused(home, "got that of another one, without MLflow's tables") from None
    if wanted and not shared:
        raise _refused(home, "got that of another one, which knows none of its runs")
    # In a home of a version before: whoever knows some of its runs has at most lost the rest.
    if wanted and known and stamp.id:
        got = f"got one that never was this home's by its id, though it knows {shared} of {len(wanted)} runs"
        raise _refused(home, got)
    return stamp


def _recorded(home: Home) -> Iterator[Result]:
    """List the results whose files lie in the home, and not on a server."""
    for path in records(home):
        with suppress(OSError, ValueError, RecursionError):
            if _lies_in_home(result := read(path)):
                yield result


def _lies_in_home(result: Result) -> bool:
    own = (file for file in result.artifacts if not file.uri.startswith("file:"))
    return any(not urlsplit(file.place).scheme for file in own)


def _refused(home: Home, what: str) -> DatabaseError:
    program = home.names.project
    return DatabaseError(
        f"expected the database of this home at {home.database}, {what}; put it back, or"
        f" `{program} doctor --fix --new-database` builds one of what the results recorded"
    )
