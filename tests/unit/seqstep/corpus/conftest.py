"""What tests of texts' files share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstep.corpus.finding import FoundText, find
from seqstep.settings.config import CorpusConfig

Take = Callable[..., FoundText]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for texts, with nothing beside them."""
    path = (tmp_path / "texts").resolve()
    path.mkdir()
    return path


@pytest.fixture
def take(folder: Path, tmp_path: Path) -> Take:
    """Write files, and find the text that they make: all of the folder, or what `path` says."""

    def run(files: dict[str, bytes] | None = None, **settings: Any) -> FoundText:
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        path = settings.pop("path", str(folder))
        strip = settings.pop("strip", "none")
        config = CorpusConfig(**{"path": path, "url": (), "sha1": "", **settings})
        return find(config, tmp_path / "cache", strip=strip)

    return run
