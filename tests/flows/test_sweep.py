"""Sweeps that end by themselves: what they print and record, and what they take from earlier ones."""

import csv
import json
import shlex
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from seqstep_cli import NAMES, sweep
from seqstep_cli.main import PROGRAM
from seqstep_cli.sweep_points import Points
from seqstep_cli.sweep_request import SweepRequest
from stagecraft.cli.main import build_parser
from stagecraft.cli.request import open_results
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import SelectionError
from stagecraft.files.home import Home
from stagecraft.mlflow import Tracker
from stagecraft.runs.history import History, PipelineRun

ROOT = Path(__file__).parents[2]
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
        (
            "--grid comparison.enabled=true,false --until backtest --metric backtest/mean/rmse_k001",
            ["comparison.enabled=false: there is no stage 'backtest'"],
        ),
        (
            "--search held_out.networks=gru,lstm held_out.alone=false,true --trials 3",
            ["held_out.alone=true: expected --metric NAME, for evaluate_language"],
        ),
        (
            "--grid seed=0,1 --metric langage/rnn/test_perplexity",
            ["did you mean language/rnn/test_perplexity?"],
        ),
        (
            "--grid seed=0,1 --metric language/rn/test_perplexity",
            ["did you mean language/rnn/test_perplexity?"],
        ),
        ("--grid seed=0,1 --metric train_rm:train/loss", ["train_rm, which is not among", "mean train_rnn?"]),
        ("--grid seed=0,1 --metric train_rnn:train/los", ["train_rnn:train/los", "did you mean train/loss?"]),
        ("--grid seed=0,1 --metric verify:train/loss", ["verify:train/loss; there are: corpus/bytes"]),
        (
            "--grid seed=0,1 --metric train/loss",
            ["several stages record train/loss", "train_rnn_scratch:train/loss, train_rnn:train/loss"],
        ),
        (
            "--flow series --until series --grid rnn.hidden=4,8 --metric series/points",
            ["results of the flow series depend on, got rnn.hidden, which nothing that would run reads"],
        ),
        (
            "--grid text.min_freq=0,5",
            ["vocabularies differ (text.min_freq); --metric language/rnn/test_bits_per_char compares them"],
        ),
        ("--grid rnn.max_tokens=500,900", ["differ in rnn.max_tokens; no figure compares them"]),
        (
            "--search seed=0..9 --trials 3",
            ["got seed, whose best value is chance; --grid seed=0,1,2 reports"],
        ),
        ("--grid notify.timeout_s=1,2", ["got notify.timeout_s, which nothing that would run reads"]),
        (
            "--search rnn.hidden=4..8 mlp.window=4,8 --trials 3 --only ngrams --metric ngrams/trigram_types",
            ["got rnn.hidden"],
        ),
        ("--grid mlp.window=4,8 --until train_mlp --metric train/loss", ["records a metric train/loss"]),
        (
            "--grid seed=0,1 --set corpus.path=mine.txt --metric forecast/mlp/rmse_k001",
            ["no stage that is asked for records", "only a text was given, so the flow text runs"],
        ),
    ],
)
def test_a_sweep_that_means_nothing_is_refused_before_anything_runs(
    argv: str, words: list[str], seqstep: Any, home: Home
) -> None:
    before = home.database.read_bytes()
    result = seqstep("sweep", *argv.split())
    result.ends(2, "seqstep: ", *words)
    assert result.out == "" and home.database.read_bytes() == before


def wanted(*argv: str) -> SweepRequest:
    return SweepRequest(build_parser(PROGRAM).parse_args(["sweep", *argv]), Workplace(NAMES))


SHOWN = [line.strip() for line in (ROOT / "README.md").read_text("utf-8").splitlines()]
SHOWN = [line for line in SHOWN if line.startswith("seqstep sweep")] + sweep.COMMANDS[0].examples


@pytest.mark.parametrize("line", SHOWN)
def test_every_sweep_that_is_shown_to_users_is_accepted(line: str, home: Home) -> None:
    request = wanted(*shlex.split(line, comments=True)[2:])
    assert request.count > 1 and home.database.read_bytes()


def test_a_grid_may_give_its_points_the_stages_that_the_profile_has_not(home: Home) -> None:
    part = ["--until", "compare_held_out", "--metric", "compare/held_out/mixture/perplexity"]
    grid = wanted("--grid", "held_out.networks=gru,lstm", *part)
    search = wanted("--search", "held_out.networks=gru,lstm", "held_out.hidden=8..64", "--trials", "3", *part)
    assert (grid.count, search.count) == (2, 3)
    selected = [asked.request.selection.selected for asked in grid.trials(None)]
    assert ["train_held_out_lstm" in stages for stages in selected] == [False, True]


def points_of(request: SweepRequest) -> Points:
    """Points that record nothing, for what becomes of one."""
    nothing: Any = None
    results = open_results(Workplace(NAMES).home)
    return Points(request.args, nothing, results, nothing, request.names, request.metric, 1)


def test_a_trial_whose_values_leave_no_such_stage_fails_alone(home: Home) -> None:
    part = ["--until", "train_rnn", "--metric", "train/loss", "--trials", "9"]
    request = wanted("--search", "held_out.networks=gru", "held_out.alone=false", *part)
    asked = request.want(5, {"held_out.networks": "gru", "held_out.alone": "true"})
    ended = points_of(request)._known(asked)
    assert ended and (ended.number, ended.state, ended.run_id) == (5, "failed", "")
    assert "there is no stage 'train_rnn'" in ended.reason and ended.settings["held_out.alone"] is True


def test_a_metric_that_only_a_run_tells_of_ends_a_sweep_with_its_first_point_and_later_fails_one(
    home: Home,
) -> None:
    request = wanted("--grid", "seed=0,1", "--metric", "forecast/mlp/rmse_k005")
    first, second = request.trials(None)
    points = points_of(request)
    run = PipelineRun(run_id="abc", name="", status="", started="", seconds=0, parameters={})
    with pytest.raises(SelectionError, match="there is no metric 'forecast/mlp/rmse_k005'"):
        points._completed(first, run, [])
    points._is_measured = True
    ended = points._completed(second, run, [])
    assert (ended.number, ended.state, ended.run_id) == (1, "failed", "abc")


def test_points_run_below_one_run_and_one_that_fails_does_not_keep_the_others_from_it(
    seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", _roots())
    command = ["sweep", "--grid", "mlp.window=4,8,190", *METRIC, *PART, "--json"]
    first = seqstep(*command)
    assert first.status == 1 and "1 of 3 points failed; mlp.window=190: failed: series: " in first.err
    document = json.loads(first.out)
    states = {point["settings"]["mlp.window"]: point["state"] for point in document["points"]}
    assert states == {4: "completed", 8: "completed", 190: "failed"}
    done = [point for point in document["points"] if point["state"] == "completed"]
    assert document["best"]["figure"] == min(point["figure"] for point in done)
    assert "seqstep run quick --set mlp.epochs=2 series.points=200 mlp.window=" in document["best"]["command"]

    tracker = Tracker(home)
    above = tracker.client.get_run(document["run_id"])
    assert above.info.status == "FAILED" and "1 of 3 points failed" in above.data.tags["seqstep.error"]
    assert above.data.metrics["valid/mse"] == document["best"]["figure"]
    assert above.data.params["grid.mlp.window"] == "4, 8, 190"
    below = History(tracker).below(document["run_id"])
    assert {run.run_id: run.figure("valid/mse") for run in below} == {
        point["run_id"]: point["figure"] for point in done
    }
    names = {tracker.client.get_run(point["run_id"]).info.run_name for point in done}
    assert names == {"mlp.window=4", "mlp.window=8"}
    table = tracker.open_uri(f"runs:/{document['run_id']}/sweep.csv").read_text()
    header, *rows = csv.reader(table.splitlines())
    assert header == ["mlp.window", "valid/mse", "seconds", "state", "run_id", "reason"]
    assert [row[3] for row in rows] == ["completed", "completed", "failed"]
    assert tracker.open_uri(f"runs:/{document['run_id']}/plots/sweep.png").stat().st_size > 10_000

    again = json.loads(seqstep(*command).out)
    assert again["run_id"] == document["run_id"]
    assert [point for point in again["points"] if point["state"] == "completed"] == done

    seqstep("sweep", "--grid", "mlp.window=4,8", "--metric", "valid/mes", *PART).ends(
        2, "no stage that is asked for records a metric valid/mes; did you mean valid/mse?"
    )


@pytest.mark.soak
def test_over_seeds_the_mean_and_the_spread_are_told_and_not_the_luckiest(
    seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", _roots())
    command = ["sweep", "--grid", "mlp.window=4,8", "seed=0,1", *METRIC, *PART]
    document = json.loads(seqstep(*command, "--json").out)
    figures: dict[int, list[float]] = {4: [], 8: []}
    for point in document["points"]:
        figures[point["settings"]["mlp.window"]].append(point["figure"])
    best, other = document["over_seeds"]
    assert {group["settings"]["mlp.window"]: group["mean"] for group in (best, other)} == {
        window: pytest.approx(fmean(found)) for window, found in figures.items()
    }
    assert best["mean"] < other["mean"] and best["seeds"] == 2
    assert best["spread"] == pytest.approx(stdev(figures[best["settings"]["mlp.window"]]))
    assert document["best"] == {**best, "command": document["best"]["command"]}
    assert "seed=" not in document["best"]["command"]
    above = Tracker(home).client.get_run(document["run_id"])
    assert above.data.metrics["valid/mse"] == best["mean"] and "seqstep.best" not in above.data.tags
    assert above.data.metrics["sweep/spread"] == best["spread"]
    said = f"mlp.window={best['settings']['mlp.window']}: {best['mean']:.6g} ± {best['spread']:.2g}"
    seqstep(*command).ends(0, f"over seeds {said} (mean and standard deviation of 2 seeds)", "again seqstep")


@pytest.mark.soak
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
    return f"{ROOT / 'src'}:{ROOT}"
