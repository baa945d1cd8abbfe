"""The address of a result: where it is, and what it must be."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from stagecraft.files.opening import open_at_once

# What MLflow calls runs.
_RUN, _SHA256 = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{64}")


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
    """Compute the SHA-256 of a file, in hexadecimal digits; a pipe that nobody writes to is empty."""
    with open(path, "rb", opener=open_at_once) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def address(path: Path, uri: str, kind: str) -> Artifact:
    """Describe a local file that is to be found under an address."""
    return Artifact(uri=uri, sha256=sha256_of(path), bytes=path.stat().st_size, kind=kind)


def digest(value: Any) -> str:
    """Digest a value as JSON has it, in 16 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def content(value: Any) -> Any:
    """Leave the addresses of artifacts, and of runs, out of JSON: where something lies is no content."""
    if isinstance(value, dict):
        left_out = {"uri"} if _is_address(value) else set()
        return {name: content(part) for name, part in value.items() if name not in left_out}
    return [content(part) for part in value] if isinstance(value, list) else value


def _is_address(value: dict[str, Any]) -> bool:
    is_run = value.keys() == Reference.model_fields.keys() and _RUN.fullmatch(str(value["uri"]))
    is_file = value.keys() == Artifact.model_fields.keys() and _SHA256.fullmatch(str(value["sha256"]))
    return bool(is_run or is_file)
