"""Addresses: what they say of a file, and that they stay as they are."""

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from stagecraft.files.artifact import Artifact, address, sha256_of


@pytest.mark.parametrize("content", [b"", b"abc", b"\x00" * 3_000_000])
def test_an_address_says_what_the_file_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    found = address(path, "runs:/1/deep/file.bin", "application/octet-stream")
    assert found.sha256 == sha256_of(path) == hashlib.sha256(content).hexdigest()
    assert (found.bytes, found.name, found.kind) == (len(content), "file.bin", "application/octet-stream")


def test_an_address_is_immutable_closed_and_survives_json() -> None:
    artifact = Artifact(uri="runs:/1/a.csv", sha256="0" * 64, bytes=3, kind="text/csv")
    assert Artifact.model_validate_json(artifact.model_dump_json()) == artifact
    with pytest.raises(ValidationError):
        artifact.uri = "runs:/2/a.csv"
    with pytest.raises(ValidationError):
        Artifact(uri="x", sha256="", bytes=0, kind="", more="?")  # type: ignore[call-arg]
