"""A home of the version before: it is read, verified and told what changed, and nothing of it is lost.

`homes/before_the_rooms.tar.xz` is what `seqstep run --until vocab` left in a fresh home, with `/@home@` and
`/@checkout@` for where that was; only its locks and Prefect's own records were left out.
"""

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home

ROOT = Path(__file__).resolve().parents[2]
STAGES = ["download", "verify", "tokenize", "vocab"]
_PLACES = ("experiments.artifact_location", "runs.artifact_uri", "tags.value")


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """That home, as if it had always been here."""
    root = tmp_path / "old"
    with tarfile.open(Path(__file__).parent / "homes" / "before_the_rooms.tar.xz") as archive:
        safely: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from 3.11.4 on
        archive.extractall(root, **safely)
    now = {"/@home@": str(root), "/@checkout@": str(ROOT)}
    for path in [
        *root.glob(".seqstep/*/*"),
        *root.glob(".seqstep/*/*/*"),
        *root.glob("mlartifacts/*/*/*.json"),
    ]:
        if path.is_file():
            text = path.read_text()
            for placeholder, place in now.items():
                text = text.replace(placeholder, place)
            path.write_text(text)
    with closing(sqlite3.connect(root / "mlflow.db")) as store, store:
        for table, column in (place.split(".") for place in _PLACES):
            for pair in now.items():
                store.execute(f"update {table} set {column} = replace({column}, ?, ?)", pair)
    monkeypatch.setenv("SEQSTEP_HOME", str(root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    return Home(root, NAMES)


def planned(seqstep: Any) -> dict[str, tuple[str, str]]:
    document = json.loads(seqstep("plan", "--until", "vocab", "--json").out)
    return {stage["name"]: (stage["state"], stage["reason"]) for stage in document["stages"]}


def test_its_first_stage_runs_again_for_its_code_changed_and_is_said_to(seqstep: Any, old: Home) -> None:
    found = planned(seqstep)
    assert list(found) == STAGES
    for state, reason in found.values():
        assert state == "would_run" and reason.startswith("code changed: ")
    assert "seqstep.corpus" in found["download"][1]


def test_its_records_are_verified_as_before(seqstep: Any, old: Home) -> None:
    seqstep("doctor").ends(0, "nothing found")
    (tokens,) = old.artifacts.glob("*/artifacts/tokens_char.npy")
    tokens.write_bytes(tokens.read_bytes()[:-1] + b"x")
    seqstep("doctor").ends(1, "tokens_char.npy")


def test_its_runs_are_shown_beside_new_ones_and_nothing_of_it_is_lost(
    seqstep: Any, old: Home, prefect_server: str
) -> None:
    kept = [path for folder in (old.results, old.artifacts) for path in folder.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in kept}
    (run,) = json.loads(seqstep("runs", "--json").out)
    assert seqstep("run", "--until", "vocab").status == 0
    assert set(planned(seqstep).values()) == {("cached", "")}
    newest, oldest = json.loads(seqstep("runs", "--json").out)
    assert oldest == run and [stage["state"] for stage in newest["stages"]] == ["completed"] * 4
    assert {path: path.read_bytes() for path in before} == before
    causes = {
        found["stage"]: found["causes"] for found in json.loads(seqstep("diff", "--json").out)["stages"]
    }
    assert set(causes) == set(STAGES) and all(
        cause[0].startswith("code changed") for cause in causes.values()
    )
