"""The address of a result: where it is, and what it must be."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A small immutable record, such as what a stage hands on."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Artifact(Frozen):
    """The address of one file, with what identifies its content.

    Attributes:
        uri: `runs:/<run>/<path>`, `models:/<model>/<path>` or `file:///<path>`.
        sha256: of the content, 64 hexadecimal digits.
        bytes: size of the content.
        kind: media type, such as text/csv.
    """

    uri: str
    sha256: str
    bytes: int
    kind: str

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.uri.rsplit("/", 1)[-1]


class Reference(Frozen):
    """The address of something that counts by its place and not by its content, such as a run."""

    uri: str


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def address(path: Path, uri: str, kind: str) -> Artifact:
    """Describe a local file that is to be found under an address."""
    return Artifact(uri=uri, sha256=sha256_of(path), bytes=path.stat().st_size, kind=kind)


def digest(value: Any) -> str:
    """Digest a value as JSON has it, in 16 hexadecimal digits; where an artifact lies does not count."""
    text = json.dumps(_content(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _content(value: Any) -> Any:
    """Leave the addresses out of a value."""
    if isinstance(value, dict):
        return {name: _content(part) for name, part in value.items() if name != "uri"}
    return [_content(part) for part in value] if isinstance(value, list | tuple) else value
