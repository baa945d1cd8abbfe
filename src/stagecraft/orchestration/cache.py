"""Prefect's extension points for a cache: the key, the record that is verified when it is read, the lock."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from prefect.cache_policies import CachePolicy
from prefect.context import TaskRunContext
from prefect.filesystems import LocalFileSystem
from prefect.serializers import Serializer

from stagecraft.checks import Checks, in_short
from stagecraft.files import write_whole
from stagecraft.progress import observer
from stagecraft.result import Result
from stagecraft.results import parse

#: holds artifacts against their addresses, in the run that is going on
checks: ContextVar[Checks] = ContextVar("checks")
#: what was wrong with results when they were read, in the run that is going on
flaws_by_key: ContextVar[dict[str, str]] = ContextVar("flaws_by_key")


@dataclass
class StageKey(CachePolicy):
    """The key of a stage's result.

    Args:
        find: makes it from the results of the stages before.
    """

    find: Callable[[Mapping[str, Result]], str] = lambda _results: ""

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **_kwargs: Any,
    ) -> str | None:
        """Make the key when the stages before have ended."""
        return self.find(inputs["results"])


class Verified(Serializer):
    """Writes a result as JSON; reads it only if every artifact behind it is what it was."""

    type: Literal["stagecraft.verified"] = "stagecraft.verified"

    def dumps(self, obj: Any) -> bytes:
        """Write a result, or the error that a stage ended with."""
        return obj.model_dump_json().encode() if isinstance(obj, Result) else str(obj).encode()

    def loads(self, blob: bytes) -> Result:
        """Read and verify.

        Raises:
            ValueError: an artifact is missing or changed; Prefect takes that for no result.
        """
        result = Result.model_validate_json(blob)
        if flaws := checks.get().flaws(result.artifacts):
            flaws_by_key.get()[result.key] = in_short(flaws)
            checks.get().set_aside(result.artifacts)
            observer.get().noticed(result.stage, f"runs again: {'; '.join(flaws[:3])}")
            raise ValueError("; ".join(flaws))
        return result


class WholeFiles(LocalFileSystem):
    """A folder of records that are there whole or not at all."""

    _block_type_slug = "stagecraft-whole-files"

    def read_path(self, path: str, _sync: bool = True) -> bytes:  # type: ignore[override]
        """Read the record of a key.

        Raises:
            OSError: there is none, or it can't be read.
            ValueError: it holds no result, or that of another key; Prefect takes either for no result.
        """
        whole = Path(self._resolve_path(path))
        record = whole.read_bytes()
        if (held := parse(record).key) != (asked := f"{whole.parent.name}/{whole.name}"):
            raise ValueError(f"expected the result of {asked}, got that of {held}")
        return record

    async def aread_path(self, path: str) -> bytes:
        """Read the record of a key."""
        return self.read_path(path)

    def write_path(self, path: str, content: bytes, _sync: bool = True) -> str:  # type: ignore[override]
        """Write a record; Prefect says with each call whether it is to block."""
        whole = Path(self._resolve_path(path))
        # A key has a folder. What has none is an error, which Prefect would keep beside the results.
        if whole.parent != Path(self._resolve_path("")):
            write_whole(whole, content)
        return str(whole)

    async def awrite_path(self, path: str, content: bytes) -> str:
        """Write a record."""
        return self.write_path(path, content)
