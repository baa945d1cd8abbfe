"""What a text or a series is called: by that name, and not by its content, models are of the same data."""

import os
from contextlib import suppress
from pathlib import Path

from seqstep.settings.config import CorpusConfig, SeriesConfig
from seqstep.settings.local_files import BUILTIN, STANDARD_INPUT

SINE = "sine"


def text_name(config: CorpusConfig) -> str:
    """Name a text: as the user calls it, or by the paths that were set, or the first of its addresses."""
    if config.name:
        return config.name
    if config.path:
        paths = [config.path] if isinstance(config.path, str) else config.path
        return ", ".join(map(_address, paths))
    return config.url[0].identity if config.url else ""


def series_name(config: SeriesConfig) -> str:
    """Name a series: as the user calls it, or else by its address, its column and its rows."""
    rows = f"[{config.only}]" if config.only else ""
    return config.name or (f"{_address(config.path)}:{config.column}{rows}" if config.path else SINE)


def _address(path: str) -> str:
    """Write a path or a pattern in full, the same for every spelling of it; what can be none as it stands."""
    if path.startswith(BUILTIN) or path == STANDARD_INPUT:
        return path
    with suppress(RuntimeError, ValueError):  # whoever reads it refuses it in words
        return os.path.realpath(Path(path).expanduser())
    return path
