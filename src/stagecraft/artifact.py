"""The address of a result: where it is, and what it must be."""

import hashlib
from pathlib import Path

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


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def address(path: Path, uri: str, kind: str) -> Artifact:
    """Describe a local file that is to be found under an address."""
    return Artifact(uri=uri, sha256=sha256_of(path), bytes=path.stat().st_size, kind=kind)
