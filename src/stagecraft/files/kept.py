"""What a home keeps, as far as names tell: what a backup holds, and where a repair may put something back."""

from pathlib import Path

from stagecraft.files.home import Home
from stagecraft.files.whole import PART

# What belongs to processes, or is made anew; the token lets others in.
_LEFT_OUT = ("locks", "logs", "temporary", "trash", "servers.json", "restoring", "prefect-token")


def is_kept(home: Home, path: Path) -> bool:
    """Tell whether a path in a home leads to what a backup holds, as far as its name tells."""
    if path == home.database or home.artifacts in path.parents:
        return True
    if home.private not in path.parents or path.suffix == PART:
        return False
    top = home.root / Path(*path.parts[: len(home.private.parts) + 1])
    is_lock = top.suffix == ".lock" and not top.is_dir()
    # Beside Prefect's histories lie its settings, by which it may be led elsewhere.
    is_setting = top == home.histories.parent and path not in (top, home.histories)
    return top.name.lower() not in _LEFT_OUT and not (is_lock or is_setting)
