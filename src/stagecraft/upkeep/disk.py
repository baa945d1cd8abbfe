"""Files of a home as upkeep sees them: whose they are."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stagecraft.files.home import Home
from stagecraft.files.whole import PART, is_aside

_RUN, _MODEL = re.compile("[0-9a-f]{32}"), re.compile("m-[0-9a-f]{32}")


def owner_of(uri: str) -> str:
    """Name the run or logged model that an address belongs to; a file outside of MLflow is its own."""
    scheme, _, rest = uri.partition(":")
    return unquote(urlsplit(uri).path) if scheme == "file" else rest.strip("/").partition("/")[0]


def folders_of_runs(artifacts: Path | None) -> dict[str, Path]:
    """List the folders that MLflow made for runs."""
    return _folders(artifacts, _RUN)


def folders_of_models(artifacts: Path | None) -> dict[str, Path]:
    """List the folders that MLflow made for logged models."""
    return _folders(artifacts and artifacts / "models", _MODEL)


def checkpoint_folders(home: Home) -> dict[str, Path]:
    """List the folders of checkpoints by `<stage>/<digest>`, as runs in progress name them."""
    top = home.checkpoints
    found = sorted(path.relative_to(top) for path in top.glob("*/*"))
    return {str(path): top / path for path in found if path.suffix != PART and not is_aside(path)}


def _folders(parent: Path | None, name: re.Pattern[str]) -> dict[str, Path]:
    if parent is None or not parent.is_dir():
        return {}
    return {
        path.name: path for path in sorted(parent.iterdir()) if name.fullmatch(path.name) and path.is_dir()
    }
