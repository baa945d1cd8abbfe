"""What nobody did wrong: a store, a disk or a training fails; and how that is said."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from seqstep_cli import NAMES
from stagecraft.cli import up as serve
from stagecraft.errors import TrackingError
from stagecraft.files.home import Home, open_home
from stagecraft.mlflow import Tracker
from stagecraft.servers.server import Running


def test_a_mlflow_server_that_can_not_be_reached_is_told_within_a_minute(
    seqstep: Any, home: Home, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"http://127.0.0.1:{closed_port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    start = time.monotonic()
    for argv in (["run", "--until", "download"], ["generate", "--prefix", "time"]):
        seqstep(*argv).ends(
            1, f"seqstep: MLflow at {uri} failed", "check that it is up (MLFLOW_TRACKING_URI)"
        )
    assert time.monotonic() - start < 60


def test_a_prefect_server_that_can_not_be_reached_is_told_at_once_without_its_password(
    seqstep: Any, home: Home, closed_port: int
) -> None:
    url = f"http://me:SECRET@127.0.0.1:{closed_port}/api"
    with temporary_settings({PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: 0}):
        result = seqstep("run", "--until", "download", "--force", "download")
    shown = url.replace("me:SECRET", "***")
    result.ends(1, f"seqstep: expected Prefect's server at {shown}, got no answer", "unset PREFECT_API_URL")
    assert "SECRET" not in result.out + result.err


def test_a_flow_run_is_marked_before_anything_may_fail_or_hang(
    seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked: list[str] = []

    def outage(home: Home) -> Tracker:
        marked.extend(line for path in home.live.iterdir() for line in path.read_text().splitlines())
        raise TrackingError("the store is gone for a moment")

    monkeypatch.setattr("flows.pipeline.Tracker", outage)
    seqstep("run", "--until", "download", "--force", "download").ends(1, "gone for a moment")
    assert [line.partition(" ")[0] for line in marked] == ["flow_run"]
    assert list(home.live.iterdir()) == []


def test_a_passing_error_leaves_the_servers_up(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = [TrackingError("the store is gone for a moment"), OSError("no room"), KeyboardInterrupt()]

    def close_dead_runs(*_: Any) -> list[str]:
        raise tries.pop(0)

    monkeypatch.setattr("stagecraft.runs.pipeline_run.close_dead_runs", close_dead_runs)
    monkeypatch.setattr(serve, "_CLOSE_EVERY_S", -1)
    with pytest.raises(KeyboardInterrupt):
        serve._keep(Running(home.root, 1), lambda: None, Tracker(home), None)
    assert capsys.readouterr().err.splitlines() == [
        "seqstep: what dead runs left is closed later: the store is gone for a moment",
        "seqstep: what dead runs left is closed later: no room",
    ]


@pytest.mark.parametrize(
    ("stage", "setting", "advice"),
    [
        ("train_mlp", "mlp.learning_rate=1e30", "try a smaller mlp.learning_rate"),
        ("train_rnn_scratch", "rnn.learning_rate=1e38", "try a smaller rnn.learning_rate or rnn.clip"),
        ("train_rnn", "rnn.learning_rate=1e38", "try a smaller rnn.learning_rate or rnn.clip"),
    ],
)
def test_a_loss_that_is_no_number_stops_the_training_and_says_what_to_try(
    stage: str, setting: str, advice: str, seqstep: Any, failed: Any
) -> None:
    small = ["rnn.hidden=16", "rnn.max_tokens=2000"]
    result = seqstep("run", "--until", stage, "--set", setting, *small)
    result.ends(1, f"{stage} failed", "the loss became ", " at epoch ", advice)
    failed(stage, "the loss became ", " at epoch ", advice)


def test_a_stage_whose_run_can_not_be_recorded_has_failed(
    seqstep: Any, runs: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_run = Tracker.start_run

    def outage(self: Tracker, name: str, *args: Any, **kwargs: Any) -> str:
        if name == "verify":
            raise TrackingError("the store is gone for a moment")
        return start_run(self, name, *args, **kwargs)

    monkeypatch.setattr(Tracker, "start_run", outage)
    result = seqstep("run", "--until", "tokenize")
    result.ends(
        1, "download completed", "verify failed", "gone for a moment", "tokenize skipped", "after verify"
    )
    assert {name: run.info.status for name, run in runs().items()} == {
        "parent": "FAILED",
        "download": "FINISHED",
    }


@pytest.fixture
def small_disk(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home on a disk of 3 MB, with MLflow's database in it."""
    root = tmp_path / "disk"
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(root)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk is a tmpfs, which only root can mount")
    try:
        shutil.copy(empty_database, root / "mlflow.db")
        monkeypatch.setenv("SEQSTEP_HOME", str(root))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
        yield open_home(NAMES, None)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)


def fill(disk: Path, leave: int) -> None:
    """Leave so many bytes on a disk."""
    with (disk / "filler").open("wb") as file:
        file.write(bytes(shutil.disk_usage(disk).free - leave))


def test_a_disk_that_fills_up_while_a_text_is_fetched_is_told(
    seqstep: Any, server: Any, small_disk: Home
) -> None:
    fill(small_disk.root, leave=400_000)
    result = seqstep("run", "--until", "download", "--set", f"corpus.url={server.url('/big')}")
    where = f"the disk of {small_disk.root} has "
    result.ends(1, "download failed", "No space left on device", where, "or set SEQSTEP_HOME to a folder on")
    assert [path for path in small_disk.downloads.rglob("*") if path.is_file()] == []
    assert list(small_disk.root.rglob("*.part")) == []


@pytest.mark.parametrize("leave", [0, 20_000, 100_000])
def test_a_disk_without_room_for_the_records_is_told(seqstep: Any, small_disk: Home, leave: int) -> None:
    fill(small_disk.root, leave)
    result = seqstep("run", "--until", "ngrams")
    # The database says it in its own words; a file may meet the end of the disk before it does.
    full = ("database or disk is full", "disk I/O error", "No space left on device")
    assert result.status == 1 and any(words in result.err for words in full), result.err
    assert f"; the disk of {small_disk.root} has " in result.err, result.err
