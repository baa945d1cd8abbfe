"""Sweeps that end by themselves: what they print and record, and what they take from earlier ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from stagecraft.history import History
from stagecraft.home import Home
from stagecraft.tracking import Tracker

PART = ["--until", "train_mlp", "--set", "mlp.epochs=2", "series.points=200"]
METRIC = ["--metric", "valid/mse"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("", ["expected points, got none", "--grid rnn.hidden=128,256", "--trials 20 --search"]),
        ("--grid rnn.hidden=", ["expected values of rnn.hidden, such as", "got none"]),
        ("--grid rnn.hidden", ["expected KEY=V1,V2,…", "got 'rnn.hidden'"]),
        ("--grid rnn.hiden=1,2", ["there is no setting rnn.hiden; did you mean rnn.hidden?"]),
        ("--grid rnn.hidden=8,0", ["rnn.hidden can't be '0'", "greater than 0"]),
        ("--grid seed=0,1 --grid seed=2", ["expected seed in the grid once"]),
        ("--grid seed=0,1 --until verfy", ["there is no stage 'verfy'"]),
        ("--grid seed=0,1 --until train_mlp", ["expected --metric NAME, for evaluate_language"]),
        ("--grid seed=0,1 --jobs 0", ["--jobs: expected a whole number from 1, got '0'"]),
        ("--grid seed=0,1 --trials 3", ["--trials N and --search KEY=LOW..HIGH together"]),
        ("--grid seed=0,1 --search rnn.clip=1..2 --trials 3", ["expected --grid or --search, got both"]),
        ("--search rnn.clip=1..2", ["--trials N and --search KEY=LOW..HIGH together"]),
        ("--search rnn.clip=0..2 --trials 3", ["rnn.clip can't be '0'", "largest norm"]),
        ("--search rnn.clip=2..1 --trials 3", ["expected the lower end of rnn.clip first"]),
    ],
)
def test_a_sweep_that_means_nothing_is_refused_before_anything_runs(
    argv: str, words: list[str], seqstep: Any, home: Home
) -> None:
    before = home.database.read_bytes()
    result = seqstep("sweep", *argv.split())
    result.ends(2, "seqstep: ", *words)
    assert result.out == "" and home.database.read_bytes() == before


def test_points_run_below_one_run_and_one_that_fails_does_not_keep_the_others_from_it(
    seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", _roots())
    command = ["sweep", "--grid", "mlp.window=4,8,190", *METRIC, *PART, "--json"]
    first = seqstep(*command)
    assert first.status == 1 and "1 of 3 points failed; mlp.window=190: failed: train_mlp: " in first.err
    document = json.loads(first.out)
    states = {point["settings"]["mlp.window"]: point["state"] for point in document["points"]}
    assert states == {4: "completed", 8: "completed", 190: "failed"}
    done = [point for point in document["points"] if point["state"] == "completed"]
    assert document["best"]["figure"] == min(point["figure"] for point in done)
    assert "seqstep run quick --set mlp.epochs=2 series.points=200 mlp.window=" in document["best"]["command"]

    tracker = Tracker(home)
    sweep = tracker.client.get_run(document["run_id"])
    assert sweep.info.status == "FAILED" and "1 of 3 points failed" in sweep.data.tags["seqstep.error"]
    assert sweep.data.metrics["valid/mse"] == document["best"]["figure"]
    assert sweep.data.params["grid.mlp.window"] == "4, 8, 190"
    below = History(tracker).below(document["run_id"])
    assert {run.run_id: run.figure("valid/mse") for run in below} == {
        point["run_id"]: point["figure"] for point in done
    }
    names = {tracker.client.get_run(point["run_id"]).info.run_name for point in done}
    assert names == {"mlp.window=4", "mlp.window=8"}
    table = tracker.open_uri(f"runs:/{document['run_id']}/sweep.csv").read_text()
    assert table.splitlines()[0] == "mlp.window,valid/mse,seconds,state,run_id,reason"
    assert len(table.splitlines()) == 4 and table.count("failed") == 1
    assert tracker.open_uri(f"runs:/{document['run_id']}/plots/sweep.png").stat().st_size > 10_000

    again = json.loads(seqstep(*command).out)
    assert again["run_id"] == document["run_id"]
    assert [point for point in again["points"] if point["state"] == "completed"] == done

    seqstep("sweep", "--grid", "mlp.window=4,8", "--metric", "valid/mes", *PART).ends(
        2, "there is no metric 'valid/mes'; there are: series/points, train/mse, valid/mse"
    )


def test_a_search_goes_on_with_its_earlier_trials(
    seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", _roots())
    command = ["sweep", "--search", "mlp.learning_rate=0.001..0.1:log", *METRIC, *PART]
    first = json.loads(seqstep(*command, "--trials", "1", "--json").out)
    assert [point["state"] for point in first["points"]] == ["completed"]
    second = json.loads(seqstep(*command, "--trials", "2", "--json").out)
    shown = [(point["settings"], point["figure"], point["seconds"]) for point in second["points"]]
    assert shown[:1] == [(point["settings"], point["figure"], point["seconds"]) for point in first["points"]]
    assert len(shown) == 2
    third = seqstep(*command, "--trials", "2")
    third.ends(0, "mlp.learning_rate", "valid/mse", "completed", "best", "again seqstep run quick --set")
    assert third.out.count("completed") == 2


def _roots() -> str:
    root = Path(__file__).parents[2]
    return f"{root / 'src'}:{root}"
