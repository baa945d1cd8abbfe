"""The profile `compare`, tiny and from end to end: both comparisons run, reach the report, and are cached."""

import json
import subprocess
import sys
from typing import Any

import pandas as pd

from seqstep.forecasters.table import FORECASTERS
from seqstep.models.networks import NETWORKS
from seqstep.text.ngram_models.table import MODELS
from stagecraft.files.home import Home

TINY = ["rnn.epochs=1", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=1000"]
TINY += ["language.test_tokens=500", "mlp.epochs=1", "series.points=300", "forecast.horizons=1,4"]
TINY += ["backtest.seeds=0", "backtest.season=1", "gru.updates=2", "gru.window=8", "comparison.orders=2,3"]
TINY += ["comparison.resamples=50", "samples.length=2", "samples.last_length=2", "sampling.length=20"]
TINY += ["held_out.epochs=1", "held_out.hidden=8"]
TABLES = {"backtest": "errors.csv", "compare_language": "start.csv", "compare_held_out": "held_out.csv"}


def test_a_run_compares_all_models_and_a_second_one_has_nothing_to_do(
    seqstep: Any, runs: Any, home: Home
) -> None:
    # In a process of its own, which has imported nothing yet, so that it is seen what stages load.
    program = [
        sys.executable,
        "-m",
        "seqstep_cli.main",
        "run",
        "compare",
        "--json",
        "--strict",
        "--set",
        *TINY,
    ]
    done = subprocess.run(program, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    first = json.loads(done.stdout)
    states = {stage["name"]: stage["state"] for stage in first["stages"]}
    assert len(states) == 22 and set(states.values()) == {"completed"}
    found = runs()
    folder = home.root / "mlartifacts"
    tables = {
        stage: pd.read_csv(folder / found[stage].info.run_id / "artifacts" / name)
        for stage, name in TABLES.items()
    }
    assert set(tables["backtest"]["model"]) == set(FORECASTERS)
    assert set(tables["compare_language"]["model"]) == {*MODELS, "rnn_scratch", "rnn"}
    networks = {f"held_out_{network}" for network in NETWORKS}
    assert set(tables["compare_held_out"]["model"]) >= {*MODELS, *networks, "networks_together"}
    metrics = found["parent"].data.metrics
    assert {
        "backtest/gru_direct/rmse_k004",
        "compare/start/rnn/perplexity",
        "compare/words/witten_bell/bits_per_char",
        "compare/words/unknown_share",
        "samples/witten_bell/copied_share_t0.5",
    } <= set(metrics)
    page = (folder / first["run_id"] / "artifacts" / "report.html").read_text("utf-8")
    for words in (
        "All forecasters from the same origins",
        "on the same unseen text",
        "What each model took",
        "Samples at several",
    ):
        assert words in page
    again = json.loads(seqstep("plan", "compare", "--json", "--set", *TINY).out)
    assert {stage["state"] for stage in again["stages"]} == {"cached"}
