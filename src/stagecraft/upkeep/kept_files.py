"""The files that a backup is made of: all that a home keeps, and nothing that belongs to its processes."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from stagecraft.errors import UsageError
from stagecraft.files.home import Home
from stagecraft.files.identity import database_files
from stagecraft.files.kept import is_kept


def kept_files(home: Home) -> Iterator[Path]:
    """List what is kept, also behind links: records first, the files that they name last.

    Raises:
        UsageError: something is neither a file nor a folder.
    """
    yield from _below(home, home.results)
    yield from _below(home, home.database)
    for path in sorted(home.private.iterdir()):
        if path != home.results and is_kept(home, path):
            yield from _below(home, path, (home.private.resolve(),))
    yield from _below(home, home.artifacts)


def leads_nowhere(path: Path) -> bool:
    """Tell whether something is a link to what is not there, or in a circle."""
    return path.is_symlink() and not path.exists()


def databases(home: Home) -> tuple[Path, Path]:
    """Tell which files are databases that programs may be writing to."""
    return home.database, home.histories


def not_kept_whole(path: Path, what: str) -> UsageError:
    """Refuse a backup that would lack something."""
    return UsageError(
        f"expected files and folders in the home, got {path}, {what}; a backup would lack it: mend or remove"
        " it first"
    )


def _below(home: Home, path: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """List the files below a path.

    Args:
        above: the folders that lead there.
    """
    if path in _journals(home) or not (path == home.artifacts or is_kept(home, path)):
        return
    if path.is_dir():
        if (folder := path.resolve()) in above:
            raise not_kept_whole(path, "a link to a folder that it lies in")
        with suppress(FileNotFoundError):  # it has just gone
            for each in sorted(path.iterdir()):
                yield from _below(home, each, (*above, folder))
    elif path.is_file():
        yield path
    elif path.is_symlink():
        raise not_kept_whole(path, f"a link to {path.readlink()}, where nothing is")
    elif path.exists():
        raise not_kept_whole(path, "something else, such as a pipe")


def _journals(home: Home) -> list[Path]:
    """Tell which files hold what is on its way into a database; a copy of that has it."""
    return [file for database in databases(home) for file in database_files(database)[1:]]
