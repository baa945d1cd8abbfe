"""The results that are kept: Prefect's records, read without Prefect, and the latest key of each stage."""

import json
import os
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Protocol

from stagecraft.cache.checks import Checks, Fetch, in_short
from stagecraft.cache.result import Result
from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import Frozen
from stagecraft.files.home import Home
from stagecraft.files.regular import read_regular
from stagecraft.files.sealed import fields, is_sealed, seal, unseal
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
        except (ArtifactError, OSError) as error:
            return Found(flaw=f"result unreadable: {key} ({_in_short(error)})")
        except (ValueError, RecursionError) as error:
            return Found(flaw=f"result damaged: {key} ({_in_short(error)})")
        if result.key != key:
            return Found(flaw=f"result damaged: {key} (it holds the result of {result.key})")
        if flaws := self.checks.flaws(result.artifacts):
            return Found(result=result, flaw=in_short(flaws))
        return Found(result=result)

    def amend(self, old: Result, new: Result) -> None:
        """Put more into the record of a result, unless it was replaced or freed meanwhile."""
        path = self.path(old.key)
        with self._holding(old.key) as held, suppress(OSError, ValueError):
            if held and parse_record(content := read_regular(path)) == old:
                document = {**json.loads(unseal(content)), "result": new.model_dump_json()}
                amended = json.dumps(document).encode()
                write_whole(path, seal(amended) if is_sealed(content) else amended)

    def path(self, key: str) -> Path:
        """Tell where the record of a result lies.

        Raises:
            ArtifactError: that is no key.
        """
        return inside(self.home.results, key)

    def all(self) -> list[str]:
        """List the keys of all records."""
        return [f"{path.parent.name}/{path.name}" for path in records(self.home)]

    def any_fixed(self, stage: str, parts: Parts) -> bool:
        """Tell whether there is a result of this code and these parameters, whatever its inputs were."""
        folder = self.home.results / stage
        names = os.listdir(folder) if folder.is_dir() else ()  # noqa: PTH208  (thousands of names)
        if any(name.startswith(f"{parts.fixed}-") for name in names):
            return True
        return bool(self._shared and self._shared.find(f"{stage}/{parts.fixed}-"))

    def latest(self, stage: str) -> Latest | None:
        """Look up what a stage's latest result was keyed by; nothing if that is not known."""
        try:
            return read_latest(self._latest(stage))
        except (OSError, ValueError):
            return None

    def why_unknown(self, stage: str) -> str:
        """Say why nothing is known of a stage's latest result."""
        if not (path := self._latest(stage)).exists():
            return "first run"
        return f"what the latest result was keyed by is not known: {path.name} is damaged or unreadable"

    def remember(self, result: Result) -> None:
        """Note that a result was used: it is its stage's latest, and the last to be freed."""
        latest = Latest(key=result.key, parts=result.parts, seconds=result.seconds)
        write_whole(self._latest(result.stage), seal(latest.model_dump_json().encode()))
        if (path := self.path(result.key)).exists():
            self._seal(path, result)
            os.utime(path)

    def _seal(self, path: Path, result: Result) -> None:
        """Put its digest into the record of a result that the version before wrote, unless it is replaced."""
        with suppress(OSError, ValueError, RecursionError):  # doctor's to tell
            if is_sealed(read_regular(path)):
                return
            with self._holding(result.key) as held:
                if held and parse_record(content := read_regular(path)) == result and not is_sealed(content):
                    write_whole(path, seal(content))

    def _holding(self, key: str) -> AbstractContextManager[bool]:
        """Try to be the only one who writes a record; tell whether that is so."""
        from stagecraft.cache.locks import KeyLocks  # who only reads needs none

        return KeyLocks(self.home.locks).holding(key, 0)

    def _latest(self, stage: str) -> Path:
        return self.home.latest / f"{stage}.json"


def read_latest(path: Path) -> Latest:
    """Read what a stage's latest result was keyed by.

    Raises:
        OSError: it can't be read.
        ValueError: it is damaged.
    """
    return Latest.model_validate_json(unseal(read_regular(path)))


def records(home: Home) -> list[Path]:
    """List the files of all records, by stage and key."""
    files = home.results.glob("*/*") if home.results.is_dir() else ()
    return sorted(path for path in files if "." not in path.name)


def read(path: Path) -> Result:
    """Read one of Prefect's records; see `parse_record`."""
    return parse_record(read_regular(path))


def parse_record(record: bytes) -> Result:
    """Find the result in one of Prefect's records.

    Raises:
        ValueError: it is no record of a result, or is not what its own digest says.
    """
    result = fields(record, "metadata", "result")["result"]
    if not isinstance(result, str):
        raise ValueError("no record of a result")
    return Result.model_validate_json(result)


def _in_short(error: Exception) -> str:
    return str(error).splitlines()[0][:80]
