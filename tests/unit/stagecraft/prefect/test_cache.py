"""What Prefect is given to keep results with: records that are verified when they are read."""

import asyncio
import json
from pathlib import Path

import pytest
from prefect.results import ResultRecord, ResultRecordMetadata

from stagecraft.cache.result import Result
from stagecraft.files.sealed import is_sealed, unseal
from stagecraft.key.parts import Parts
from stagecraft.prefect.cache import ResultAsJSON, WholeFiles
from tests.flips import flips

KEY = "train/1-1"


class Verifier:
    """Keeps what it is asked to verify; finds a flaw where it is told one."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        self.asked: list[Result] = []

    def __call__(self, result: Result) -> None:
        self.asked.append(result)
        if self.flaw:
            raise ValueError(self.flaw)


def result(key: str = KEY) -> Result:
    return Result(
        stage="train",
        key=key,
        parts=Parts(code={}, parameters={}, libraries={}),
        value={},
        artifacts=(),
        used={},
        run_id="r",
        seconds=1.0,
        figure="",
        drawing={},
        written="",
    )


def record(key: str = KEY) -> bytes:
    """Write a record as Prefect does."""
    written = ResultAsJSON().dumps(result(key)).decode()
    return json.dumps({"metadata": {"storage_key": key}, "result": written}).encode()


def test_a_result_is_read_as_it_was_written_and_an_error_is_its_text() -> None:
    serializer = ResultAsJSON()
    assert serializer.loads(serializer.dumps(result())) == result()
    assert serializer.dumps(ValueError("not so")) == b"not so"


def test_a_record_is_verified_whenever_it_is_read(tmp_path: Path) -> None:
    verifier = Verifier()
    files = WholeFiles.of(tmp_path, verifier)
    files.write_path(KEY, record())
    assert [files.read_path(KEY) for _ in range(2)] == [record()] * 2
    assert verifier.asked == [result()] * 2
    verifier.flaw = "artifact missing: runs:/r/x"
    with pytest.raises(ValueError, match="artifact missing: runs:/r/x"):
        files.read_path(KEY)


def test_a_record_carries_a_digest_on_the_disk_and_none_for_prefect(tmp_path: Path) -> None:
    verifier = Verifier()
    files = WholeFiles.of(tmp_path, verifier)
    written: ResultRecord[Result] = ResultRecord(
        metadata=ResultRecordMetadata(storage_key=KEY, serializer=ResultAsJSON()), result=result()
    )
    files.write_path(KEY, written.serialize())
    on_disk = (tmp_path / KEY).read_bytes()
    assert is_sealed(on_disk) and files.read_path(KEY) == written.serialize() == unseal(on_disk)
    for record in (on_disk, files.read_path(KEY)):
        assert ResultRecord.deserialize(record).result == result()
    for damaged in flips(on_disk, 9):
        (tmp_path / KEY).write_bytes(damaged)
        with pytest.raises(ValueError):
            files.read_path(KEY)
    assert len(verifier.asked) == 2


def test_a_record_of_the_version_before_is_read(tmp_path: Path) -> None:
    files = WholeFiles.of(tmp_path, Verifier())
    files.write_path(KEY, record())
    (tmp_path / KEY).write_bytes(record())
    assert files.read_path(KEY) == record()


def test_a_record_is_verified_on_every_way_to_it(tmp_path: Path) -> None:
    files = WholeFiles.of(tmp_path, Verifier("artifact missing"))
    asyncio.run(files.awrite_path(KEY, record()))
    with pytest.raises(ValueError, match="artifact missing"):
        asyncio.run(files.aread_path(KEY))


def test_a_record_under_another_key_is_no_result_whatever_is_behind_it(tmp_path: Path) -> None:
    verifier = Verifier()
    files = WholeFiles.of(tmp_path, verifier)
    files.write_path(KEY, record("train/2-2"))
    with pytest.raises(ValueError, match="expected the result of train/1-1, got that of train/2-2"):
        files.read_path(KEY)
    assert verifier.asked == []


def test_what_is_no_record_is_no_result(tmp_path: Path) -> None:
    files = WholeFiles.of(tmp_path, Verifier())
    with pytest.raises(FileNotFoundError):
        files.read_path(KEY)
    files.write_path(KEY, b'{"a":1}')
    with pytest.raises(ValueError, match="expected the fields metadata, result"):
        files.read_path(KEY)


def test_what_has_no_key_is_not_kept_and_nothing_is_left_half_written(tmp_path: Path) -> None:
    files = WholeFiles.of(tmp_path, Verifier())
    files.write_path("an-error", b"not so")
    assert list(tmp_path.iterdir()) == []
    files.write_path(KEY, record())
    assert [path.name for path in (tmp_path / "train").iterdir()] == ["1-1"]
