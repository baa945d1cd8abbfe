"""Prefect's extension points for a cache: the key, the record as JSON, the folder that verifies it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from prefect.cache_policies import CachePolicy
from prefect.context import TaskRunContext
from prefect.filesystems import LocalFileSystem
from prefect.serializers import Serializer
from pydantic import PrivateAttr

from stagecraft.cache.result import Result
from stagecraft.cache.results import parse_record
from stagecraft.files.sealed import seal, unseal
from stagecraft.files.whole import write_whole


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


class ResultAsJSON(Serializer):
    """Writes a result as JSON, and reads it."""

    type: Literal["stagecraft.result"] = "stagecraft.result"

    def dumps(self, obj: Any) -> bytes:
        """Write a result, or the error that a stage ended with."""
        return obj.model_dump_json().encode() if isinstance(obj, Result) else str(obj).encode()

    def loads(self, blob: bytes) -> Result:
        """Read a result."""
        return Result.model_validate_json(blob)


class WholeFiles(LocalFileSystem):
    """A folder of records that are there whole or not at all, and are verified when they are read.

    There each carries a digest of itself, which Prefect does not see.
    """

    _block_type_slug = "stagecraft-whole-files"
    _verify: Callable[[Result], None] = PrivateAttr()

    @classmethod
    def of(cls, folder: Path, verify: Callable[[Result], None]) -> Self:
        """Open a folder.

        Args:
            verify: raises a ValueError if an artifact behind a result is missing or changed.
        """
        opened = cls(basepath=str(folder))
        opened._verify = verify
        return opened

    # Prefect says with each call, by a private argument, whether it is to block.
    def read_path(self, path: str, **_how: Any) -> bytes:  # type: ignore[override]
        """Read the record of a key.

        Raises:
            OSError: there is none, or it can't be read.
            ValueError: it is damaged, holds no result, or that of another key, or an artifact behind it is
                missing or changed; Prefect takes each for no result.
        """
        whole = Path(self._resolve_path(path))
        record = whole.read_bytes()
        result = parse_record(record)
        if result.key != (asked := f"{whole.parent.name}/{whole.name}"):
            raise ValueError(f"expected the result of {asked}, got that of {result.key}")
        self._verify(result)
        return unseal(record)

    async def aread_path(self, path: str) -> bytes:
        """Read the record of a key."""
        return self.read_path(path)

    def write_path(self, path: str, content: bytes, **_how: Any) -> str:  # type: ignore[override]
        """Write a record."""
        whole = Path(self._resolve_path(path))
        # A key has a folder. What has none is an error, which Prefect would keep beside the results.
        if whole.parent != Path(self._resolve_path("")):
            write_whole(whole, seal(content))
        return str(whole)

    async def awrite_path(self, path: str, content: bytes) -> str:
        """Write a record."""
        return self.write_path(path, content)
