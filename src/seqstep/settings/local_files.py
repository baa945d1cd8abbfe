"""Files that a user names: on this machine, or carried by the project."""

from importlib.resources import files
from pathlib import Path

from seqstep.errors import ConfigError

_BUILTIN = "builtin:"


def local_file(path: str) -> Path | None:
    """Find the file that a setting names; None where it names none.

    Args:
        path: absolute, below the current directory or below `~`; or `builtin:NAME` for a carried text.

    Raises:
        ConfigError: it is below the home of a user who has none.
    """
    if path.startswith(_BUILTIN):
        name = Path(path.removeprefix(_BUILTIN)).name
        return Path(str(files("seqstep.texts"))) / f"{name}.txt"
    try:
        return Path(path).expanduser().absolute() if path else None
    except RuntimeError:
        raise ConfigError(
            f"expected a file, got {path!r}: there is no such user; write the path out"
        ) from None
