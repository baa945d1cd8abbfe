"""Results: Prefect writes them, and they are found, checked and listed without it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.result import Kept, Result
from stagecraft.cache.results import Found, Results, read
from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import Artifact
from stagecraft.files.home import Home
from stagecraft.files.sealed import is_sealed, seal, unseal
from stagecraft.key.parts import Parts
from tests.flips import flipped, flips

PARTS = Parts(code={"f": "1"}, parameters={"n": 2}, libraries={"python": "3"}, inputs={"words": "w"})


def refuse(artifact: Kept) -> Path:
    raise ArtifactError(f"{artifact.uri} is on no server")


@pytest.fixture
def results(home: Home) -> Results:
    return Results(home, refuse)


def keep(results: Results, *names: str, stage: str = "count", parts: Parts = PARTS) -> Result:
    """Write files, and a record as Prefect does."""
    artifacts = []
    for name in names:
        path = results.home.artifacts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        sha256 = results.checks.digests.of(path)
        artifact = Artifact(uri=f"runs:/1/{name}", sha256=sha256, bytes=len(name), kind="text/plain")
        artifacts.append(Kept(**artifact.model_dump(), place=str(path)))
    result = Result(
        stage=stage,
        key=parts.key(stage),
        parts=parts,
        value={"n": 2},
        artifacts=tuple(artifacts),
        used={},
        run_id="1",
        seconds=1.5,
        figure="2 words",
        drawing={},
        written="2026-01-01T00:00:00+00:00",
    )
    path = results.path(result.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"metadata": {"storage_key": result.key}, "result": result.model_dump_json()}
    path.write_bytes(seal(json.dumps(document).encode()))
    return result


def test_what_prefect_wrote_is_found_without_it(workshop: Any, in_prefect: None) -> None:
    outcomes = workshop.run()
    found = {name: workshop.results.find(outcome.key) for name, outcome in outcomes.items()}
    assert all(entry.intact for entry in found.values())
    add = found["add"].result
    assert add and (add.stage, add.key, add.run_id) == ("add", outcomes["add"].key, outcomes["add"].run_id)
    assert add.parts.key("add") == add.key and add.figure == "12.0 in all" == outcomes["add"].figure
    names = sorted(artifact.name for artifact in add.artifacts)
    assert names == ["key.json", "run.json", "sum.png", "sums.toml"]
    assert all(Path(artifact.place).is_file() for artifact in add.artifacts)
    words = found["gather"].result
    assert words and add.used == {"words": words.value["file"]["uri"]}
    assert add.value["run"] == {"uri": add.run_id}
    logged = workshop.tracker.open_uri(f"runs:/{add.run_id}/key.json")
    assert Parts.model_validate_json(unseal(logged.read_bytes())) == add.parts
    assert workshop.results.all() == sorted(outcome.key for outcome in outcomes.values())
    assert workshop.results.latest("add").key == add.key
    assert f"{workshop.package}.drawing.draw" in add.drawing


def test_a_key_without_a_record_has_nothing(results: Results) -> None:
    assert results.find("count/1-1") == Found() and not results.find("count/1-1").intact
    keep(results)
    assert results.find("count/1-1") == Found()


def test_a_record_is_read_back_as_it_was_written(results: Results) -> None:
    result = keep(results, "one.txt", "plots/two.png")
    found = results.find(result.key)
    assert found.intact and found.result == result == read(results.path(result.key))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_record_that_was_cut_short_is_damaged(results: Results, share: float) -> None:
    key = keep(results, "one.txt").key
    whole = results.path(key).read_bytes()
    results.path(key).write_bytes(whole[: int(share * len(whole))])
    found = results.find(key)
    assert found.result is None and not found.intact
    assert found.flaw.startswith(f"result damaged: {key} (") and len(found.flaw.splitlines()) == 1


GARBAGE = [
    b"\x00\xff\xfe",
    b"not json",
    b"null",
    b"[]",
    b"{}",
    b'{"result": 3}',
    b'{"result": "{}"}',
    b'{"result": "{\\"stage\\": 1}"}',
    b'{"metadata": {}, "result": "gANYBQAAAGhlbGxvcQAu"}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", GARBAGE)
def test_a_record_that_is_garbage_is_damaged(results: Results, content: bytes) -> None:
    key = keep(results, "one.txt").key
    results.path(key).write_bytes(content)
    found = results.find(key)
    assert found.result is None and found.flaw.startswith(f"result damaged: {key} (")


def test_no_bit_of_a_record_flips_unseen(results: Results) -> None:
    result = keep(results, "one.txt")
    path = results.path(result.key)
    for damaged in flips(path.read_bytes(), 9):
        path.write_bytes(damaged)
        found = results.find(result.key)
        assert found.result is None and found.flaw.startswith(f"result damaged: {result.key} (")
        assert len(found.flaw.splitlines()) == 1
    (results.home.artifacts / "one.txt").unlink()  # what is behind it is not looked at
    assert results.find(result.key).flaw == found.flaw


def test_a_record_of_the_version_before_is_read_and_gets_its_digest_when_it_is_used(results: Results) -> None:
    result = keep(results, "one.txt")
    path = results.path(result.key)
    sealed = path.read_bytes()
    path.write_bytes(unseal(sealed))
    assert results.find(result.key).result == result and path.read_bytes() == unseal(sealed)
    results.remember(result)
    assert path.read_bytes() == sealed and results.find(result.key).result == result
    results.remember(result)
    assert path.read_bytes() == sealed


def test_what_is_not_the_result_that_was_used_gets_no_digest(results: Results) -> None:
    result = keep(results, "one.txt")
    path = results.path(result.key)
    path.write_bytes(unseal(path.read_bytes()))
    results.remember(result.model_copy(update={"run_id": "2"}))
    assert not is_sealed(path.read_bytes())
    with KeyLocks(results.home.locks).holding(result.key):  # somebody computes it anew
        results.remember(result)
    assert not is_sealed(path.read_bytes())
    path.write_bytes(b"{")
    results.remember(result)
    assert path.read_bytes() == b"{"


def test_a_record_that_is_a_folder_is_damaged(results: Results) -> None:
    results.path("count/1-1").mkdir(parents=True)
    assert results.find("count/1-1").flaw.startswith("result damaged: count/1-1 (")


@pytest.mark.parametrize(
    ("damage", "flaw"),
    [
        (lambda path: path.unlink(), "artifact missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "artifact changed"),
        (lambda path: path.write_bytes(path.read_bytes()[::-1]), "artifact changed"),
    ],
)
def test_a_record_of_damaged_artifacts_is_there_but_not_intact(
    results: Results, damage: Any, flaw: str
) -> None:
    result = keep(results, "one.txt", "two.txt", "three.txt")
    damage(results.home.artifacts / "two.txt")
    found = results.find(result.key)
    assert (found.result, found.flaw, found.intact) == (result, f"{flaw}: runs:/1/two.txt", False)
    damage(results.home.artifacts / "one.txt")
    damage(results.home.artifacts / "three.txt")
    assert results.find(result.key).flaw == f"{flaw}: runs:/1/one.txt and 2 more"


def test_looking_up_a_result_moves_nothing(results: Results) -> None:
    key = keep(results, "one.txt").key
    (results.home.artifacts / "one.txt").write_text("changed")
    for _ in range(2):
        assert results.find(key).flaw == "artifact changed: runs:/1/one.txt"
    assert not results.home.damaged.exists()


def test_all_lists_every_key_and_nothing_half_written(results: Results) -> None:
    assert results.all() == []
    keys = [keep(results, stage=stage).key for stage in ("count", "add", "report")]
    results.path("count/1-1").with_name("1-1abc.part").write_text("half")
    results.home.results.joinpath("loose").write_text("no record")
    assert results.all() == sorted(keys)


def test_any_fixed_finds_a_result_of_the_same_code_whatever_its_inputs_were(results: Results) -> None:
    assert not results.any_fixed("count", PARTS)
    keep(results)
    assert results.any_fixed("count", PARTS)
    assert results.any_fixed("count", PARTS.model_copy(update={"inputs": {}}))
    assert not results.any_fixed("add", PARTS)
    assert not results.any_fixed("count", PARTS.model_copy(update={"parameters": {"n": 3}}))


def test_the_latest_result_of_a_stage_is_the_one_that_was_used_last(results: Results) -> None:
    assert results.latest("count") is None
    one = keep(results)
    other = keep(results, parts=PARTS.model_copy(update={"inputs": {"words": "v"}}))
    for result in (one, other, one):
        results.remember(result)
        latest = results.latest("count")
        assert latest and (latest.key, latest.parts, latest.seconds) == (result.key, result.parts, 1.5)
    assert results.latest("add") is None


def test_a_result_that_is_used_becomes_the_last_to_be_freed(results: Results) -> None:
    result = keep(results)
    os.utime(results.path(result.key), (0, 0))
    results.remember(result)
    assert results.path(result.key).stat().st_mtime > 1e9
    results.path(result.key).unlink()
    results.remember(result)  # freed meanwhile
    assert not results.path(result.key).exists()


@pytest.mark.parametrize("content", [b"", b"{", b"null", b'{"key": 1}', b"\xff"])
def test_a_latest_result_that_can_not_be_read_is_none(results: Results, content: bytes) -> None:
    results.remember(keep(results))
    (results.home.latest / "count.json").write_bytes(content)
    assert results.latest("count") is None


def test_no_bit_of_a_latest_result_flips_unseen(results: Results) -> None:
    assert results.why_unknown("count") == "first run"
    results.remember(keep(results))
    path = results.home.latest / "count.json"
    for damaged in flips(whole := path.read_bytes(), 9):
        path.write_bytes(damaged)
        assert results.latest("count") is None
        assert results.why_unknown("count").endswith("is not known: count.json is damaged or unreadable")
    path.write_bytes(unseal(whole))  # as the version before wrote it
    latest = results.latest("count")
    assert latest and latest.parts == PARTS


class Shelf:
    """A store that machines share."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}

    def find(self, start: str) -> bytes | None:
        return next((record for key, record in self.records.items() if key.startswith(start)), None)

    def share(self, key: str, run_id: str, record: Path) -> None:
        self.records[key] = record.read_bytes()


def test_a_record_of_another_machine_is_believed_with_its_digest_and_without_one_of_the_version_before(
    results: Results, tmp_path: Path
) -> None:
    result, shelf = keep(results, "one.txt"), Shelf()
    Results(results.home, refuse, shelf).share(result)
    sealed = shelf.records[result.key]
    assert is_sealed(sealed)
    for number, record in enumerate((sealed, unseal(sealed))):
        shelf.records[result.key] = record
        there = Results(Home(tmp_path / str(number), results.home.names), refuse, shelf)
        assert there.find(result.key).result == result
        there.remember(result)
        assert there.path(result.key).read_bytes() == sealed
    shelf.records[result.key] = flipped(sealed, 999)
    there = Results(Home(tmp_path / "third", results.home.names), refuse, shelf)
    assert there.find(result.key).flaw.startswith("result damaged: ")
