"""Files that a user names: on this machine, or carried by the project."""

from importlib.resources import files
from pathlib import Path

_BUILTIN = "builtin:"


def local_file(path: str) -> Path | None:
    """Find the file that a setting names; None where it names none.

    Args:
        path: absolute, below the current directory or below `~`; or `builtin:NAME` for a carried text.
    """
    if path.startswith(_BUILTIN):
        name = Path(path.removeprefix(_BUILTIN)).name
        return Path(str(files("seqstep.texts"))) / f"{name}.txt"
    return Path(path).expanduser().absolute() if path else None
