"""The results that are kept: Prefect's records, read without Prefect, and the latest key of each stage."""

import json
import os
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from stagecraft.cache.checks import Checks, Fetch, in_short
from stagecraft.cache.result import Result
from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import Frozen
from stagecraft.files.home import Home
from stagecraft.files.whole import inside, write_whole
from stagecraft.key.parts import Parts


class Latest(Frozen):
    """What a stage's latest result was keyed by, and how long it took."""

    key: str
    parts: Parts
    seconds: float


class Found(Frozen):
    """What is there for a key: a result, and why it can't be used, if so; neither if there is none."""

    result: Result | None = None
    flaw: str = ""

    @property
    def intact(self) -> bool:
        """Whether there is a result that can be used."""
        return self.result is not None and not self.flaw


class SharedStore(Protocol):
    """The records of results in a store that machines share."""

    def find(self, start: str) -> bytes | None:
        """Look up the latest record whose key starts like this."""

    def share(self, key: str, run_id: str, record: Path) -> None:
        """Put the record of a result there."""


class Results:
    """Finds and checks the results that are kept in a home, or by machines that share its store.

    Args:
        fetch: brings an artifact from a server.
        shared: the records there.
    """

    def __init__(self, home: Home, fetch: Fetch, shared: SharedStore | None = None) -> None:
        self.home, self.checks, self._shared = home, Checks(home, fetch), shared

    def bring(self, key: str) -> None:
        """Copy the record of a result from the shared store, if it is there and not here."""
        path = self.path(key)
        if self._shared and not path.exists() and (record := self._shared.find(key)):
            write_whole(path, record)

    def share(self, result: Result) -> None:
        """Let other machines have a result, if there is a store that they share."""
        if self._shared:
            self._shared.share(result.key, result.run_id, self.path(result.key))

    def find(self, key: str) -> Found:
        """Look up a result, and check every artifact behind it."""
        try:
            self.bring(key)
            result = read(self.path(key))
        except FileNotFoundError:
            return Found()
        except (ArtifactError, OSError, ValueError, RecursionError) as error:
            return Found(flaw=f"result unreadable: {key} ({str(error).splitlines()[0][:80]})")
        if result.key != key:
            return Found(flaw=f"result unreadable: {key} (it holds the result of {result.key})")
        if flaws := self.checks.flaws(result.artifacts):
            return Found(result=result, flaw=in_short(flaws))
        return Found(result=result)

    def path(self, key: str) -> Path:
        """Tell where the record of a result lies.

        Raises:
            ArtifactError: that is no key.
        """
        return inside(self.home.results, key)

    def all(self) -> list[str]:
        """List the keys of all records."""
        files = self.home.results.glob("*/*") if self.home.results.is_dir() else ()
        return sorted(f"{path.parent.name}/{path.name}" for path in files if "." not in path.name)

    def any_fixed(self, stage: str, parts: Parts) -> bool:
        """Tell whether there is a result of this code and these parameters, whatever its inputs were."""
        folder = self.home.results / stage
        names = os.listdir(folder) if folder.is_dir() else ()  # noqa: PTH208  (thousands of names)
        if any(name.startswith(f"{parts.fixed}-") for name in names):
            return True
        return bool(self._shared and self._shared.find(f"{stage}/{parts.fixed}-"))

    def latest(self, stage: str) -> Latest | None:
        """Look up what a stage's latest result was keyed by."""
        try:
            return Latest.model_validate_json((self.home.latest / f"{stage}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def remember(self, result: Result) -> None:
        """Note that a result was used: it is its stage's latest, and the last to be freed."""
        latest = Latest(key=result.key, parts=result.parts, seconds=result.seconds)
        write_whole(self.home.latest / f"{result.stage}.json", latest.model_dump_json().encode())
        if (path := self.path(result.key)).exists():
            os.utime(path)


def read(path: Path) -> Result:
    """Read one of Prefect's records; see `parse`."""
    return parse(path.read_bytes())


def parse(record: bytes) -> Result:
    """Find the result in one of Prefect's records.

    Raises:
        ValueError: it is no record of a result.
    """
    content = json.loads(record)
    if not isinstance(content, dict) or not isinstance(content.get("result"), str):
        raise ValueError("no record of a result")
    return Result.model_validate_json(content["result"])
