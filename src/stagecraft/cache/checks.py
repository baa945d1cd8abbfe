"""Whether an artifact still is what its address says."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from stagecraft.cache.result import Kept
from stagecraft.errors import ArtifactError, TrackingError
from stagecraft.files.artifact import sha256_of
from stagecraft.files.home import Home
from stagecraft.files.identity import here
from stagecraft.files.regular import read_regular
from stagecraft.files.sealed import fields, is_sealed, seal
from stagecraft.files.whole import write_whole

_BIG = 16 << 20

#: flaws that stay, whatever becomes of a disk, a server or a file's mode
GONE = ("missing", "changed")

#: brings an artifact from a server to this machine
Fetch = Callable[[Kept], Path]


def in_short(flaws: Sequence[str]) -> str:
    """Say the first flaw, and how many more there are."""
    return flaws[0] + (f" and {len(flaws) - 1} more" if len(flaws) > 1 else "")


class Digests:
    """Computes SHA-256; for big files it remembers them by inode, size and time of change."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def of(self, path: Path) -> str:
        """Compute the SHA-256 of a file, in hexadecimal digits."""
        status = path.stat()
        if status.st_size < _BIG:
            return sha256_of(path)
        state = [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        memory = self.home.digests / f"{status.st_dev}-{status.st_ino}.json"
        try:
            known = fields(content := read_regular(memory), "state", "sha256")
            if is_sealed(content) and known["state"] == state:
                return str(known["sha256"])
        except (OSError, ValueError):
            pass  # never seen, or damaged: computed below, like what the version before remembered
        sha256 = sha256_of(path)
        with suppress(OSError):  # it is only a memory
            write_whole(memory, seal(json.dumps({"state": state, "sha256": sha256}).encode()))
        return sha256


class Checks:
    """Holds artifacts against their addresses.

    Args:
        fetch: brings an artifact from a server; ArtifactError if it is gone there, TrackingError if it can't
            be told.
    """

    def __init__(self, home: Home, fetch: Fetch) -> None:
        self.home, self.fetch, self.digests = home, fetch, Digests(home)

    def flaws(self, artifacts: Iterable[Kept]) -> list[str]:
        """Say what is wrong with artifacts: `artifact missing: …`, `artifact changed: …` and so on."""
        return [f"artifact {flaw}: {artifact.uri}" for artifact in artifacts if (flaw := self.flaw(artifact))]

    def set_aside(self, artifacts: Iterable[Kept]) -> None:
        """Move changed artifacts out of the way, but nothing that no run has made."""
        for artifact in artifacts:
            path = self.path(artifact)
            if self.flaw(artifact) == "changed" and self.is_ours(path):
                self.home.damaged.mkdir(parents=True, exist_ok=True)
                now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
                shutil.move(path, self.home.damaged / f"{now}-{path.name}")  # maybe to another disk

    def path(self, artifact: Kept) -> Path:
        """Tell where an artifact on this machine lies, also if its home was moved since it was kept."""
        return Path(here(self.home, artifact.place))

    def is_ours(self, path: Path) -> bool:
        """Tell whether a file was made by a run; others in the home are the user's."""
        place = Path(os.path.normpath(path))
        return any(place.is_relative_to(folder) for folder in (self.home.artifacts, self.home.private))

    def flaw(self, artifact: Kept) -> str:
        """Say in a word what is wrong with an artifact: missing, changed or unreadable; or nothing."""
        try:
            if urlsplit(artifact.place).scheme:
                return self._remote_flaw(artifact)
            return self._file_flaw(artifact, self.path(artifact))
        except ArtifactError:
            return "missing"
        except (OSError, TrackingError):
            return "unreadable"

    def _file_flaw(self, artifact: Kept, path: Path) -> str:
        if not path.is_file():
            return "missing"
        unchanged = path.stat().st_size == artifact.bytes and self.digests.of(path) == artifact.sha256
        return "" if unchanged else "changed"

    def _remote_flaw(self, artifact: Kept) -> str:
        """Check this machine's copy; one that is damaged is fetched again."""
        copy = self.fetch(artifact)
        if not (flaw := self._file_flaw(artifact, copy)):
            return flaw
        copy.unlink(missing_ok=True)
        return self._file_flaw(artifact, self.fetch(artifact))
