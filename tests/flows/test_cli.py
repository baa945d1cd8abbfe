"""The commands that look: stages, configuration, help, README; and runs of a part of the pipeline."""

import argparse
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seqstep.settings.config import PROFILES
from seqstep.settings.resolving import resolve
from seqstep_cli.main import PROGRAM
from stagecraft.cli.changes import read_file
from stagecraft.cli.main import build_parser
from stagecraft.files.home import Home

ROOT = Path(__file__).parents[2]
STAGES = ["download", "verify", "tokenize", "vocab", "ngrams", "series", "train_mlp", "train_rnn_scratch"]
STAGES += ["train_rnn", "evaluate_forecasts", "evaluate_language", "report"]
NETWORKS = [f"train_held_out_{network}" for network in ("rnn_scratch", "rnn", "gru", "lstm")]
COMPARISONS = ["backtest", "compare_language", "sample_language", *NETWORKS, "compare_held_out"]
COMPARED = [
    *STAGES[:6],
    "check_backtest",
    STAGES[6],
    "check_comparison",
    *STAGES[7:-1],
    *COMPARISONS,
    "report",
]


def commands() -> dict[str, argparse.ArgumentParser]:
    """Read the commands off the parser."""
    actions = build_parser(PROGRAM)._actions
    return next(dict(action.choices) for action in actions if isinstance(action, argparse._SubParsersAction))


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_in_the_readme_and_its_help_has_an_example(command: str, seqstep: Any) -> None:
    assert re.search(rf"\bseqstep {command}\b", (ROOT / "README.md").read_text(encoding="utf-8"))
    result = seqstep(command, "--help")
    assert result.status == 0 and result.err == ""
    _, _, examples = result.out.partition("examples:\n")
    assert re.search(rf"^  seqstep {command}\b", examples, re.MULTILINE)


def test_the_command_line_is_known_without_what_only_some_commands_need() -> None:
    heavy = {"asyncio", "filelock", "mlflow", "prefect", "rich", "tenacity", "torch"}
    code = f"import sys, seqstep_cli.main; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


#: sends this process a signal as soon as a module is looked for
INTERRUPTED_AT = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
sys.argv = ["seqstep", "runs"]
from seqstep_program import program
program()
"""


@pytest.mark.parametrize(
    "module", ["seqstep_cli", "stagecraft.witness.judging", "seqstep_cli.sweep", "rich.table"]
)
def test_ctrl_c_while_the_program_is_imported_just_ends_it(module: str, home: Home) -> None:
    command = [sys.executable, "-c", INTERRUPTED_AT.format(module=module)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode in (-signal.SIGINT, 130) and "Traceback" not in ended.stderr


def test_every_example_of_a_command_is_accepted_by_its_parser(capsys: pytest.CaptureFixture[str]) -> None:
    import shlex

    for name, parser in commands().items():
        examples = [line.split(" > ")[0] for line in str(parser.epilog).splitlines()[1:]]
        for example in examples:
            assert build_parser(PROGRAM).parse_args(shlex.split(example)[1:]).command in (name, "run")


def test_up_looks_at_the_names_before_it_makes_a_token(seqstep: Any, home: Home) -> None:
    seqstep("up", "--token", "--known-as", "no name").ends(2, "the name of a machine in --known-as")
    seqstep("up", "--host", "0x7f000001").ends(2, "write 127.0.0.1 if you mean it")
    assert not home.token.exists()


def test_stages_are_listed_in_order_with_what_each_needs_and_yields(seqstep: Any, home: Home) -> None:
    listed = json.loads(seqstep("stages", "--json").out)
    assert [entry["name"] for entry in listed] == STAGES
    needs = {entry["name"]: entry["needs"] for entry in listed}
    assert needs["download"] == needs["series"] == [] and needs["ngrams"] == ["tokenize", "vocab"]
    before: set[str] = set()
    for entry in listed:
        assert set(entry["needs"]) <= before and entry["yields"] and entry["description"].endswith(".")
        before.add(entry["name"])
    printed = seqstep("stages").out
    assert [stage for stage in STAGES if stage not in printed] == []


def test_compare_has_its_stages_before_the_report_and_the_other_profiles_have_their_twelve(
    seqstep: Any, home: Home
) -> None:
    listed = {
        profile: [entry["name"] for entry in json.loads(seqstep("stages", profile, "--json").out)]
        for profile in PROFILES
    }
    assert listed["quick"] == listed["notes"] == STAGES
    assert listed["compare"] == COMPARED
    best = ["check_comparison", "train_held_out_lstm", "compare_held_out"]
    assert listed["best"] == [*STAGES[:3], *best, "report"]
    seqstep("stages", "compar").ends(2, "did you mean compare?")


def test_a_plan_of_compare_names_the_comparisons(seqstep: Any, home: Home) -> None:
    plan = json.loads(seqstep("plan", "compare", "--until", "backtest", "--json").out)
    assert [stage["name"] for stage in plan["stages"]] == ["series", "check_backtest", "backtest"]
    stages = json.loads(seqstep("plan", "compare", "--json").out)["stages"]
    whole = {stage["name"]: stage["state"] for stage in stages}
    assert list(whole) == COMPARED and set(whole.values()) == {"would_run"}
    seqstep("plan", "notes", "--until", "backtest").ends(2, "there is no stage 'backtest'")


@pytest.mark.parametrize("profile", PROFILES)
def test_the_configuration_reads_back_to_itself(
    profile: str, seqstep: Any, home: Home, tmp_path: Path
) -> None:
    changes = ["--set", "rnn.epochs=7", "corpus.path=my text.txt", "forecast.horizons=1,2"]
    result = seqstep("config", profile, *changes)
    assert "# past values that a prediction sees (tau)" in result.out
    file = tmp_path / "mine.toml"
    file.write_text(result.out, encoding="utf-8")
    config = resolve("notes", [read_file(file)])
    assert (config.rnn.epochs, config.corpus.path, config.forecast.horizons) == (7, "my text.txt", (1, 2))
    assert seqstep("config", "--config", str(file)).out == result.out
    assert json.loads(seqstep("config", profile, *changes, "--json").out) == json.loads(
        config.model_dump_json()
    )


def test_until_runs_a_stage_and_all_before_it_and_nothing_else(seqstep: Any, runs: Any) -> None:
    result = seqstep("run", "--until", "vocab", "--json")
    summary = json.loads(result.out)
    ran = [stage["name"] for stage in summary["stages"]]
    assert ran == ["download", "verify", "tokenize", "vocab"]
    assert set(runs()) == {"parent", *ran} and summary["run_id"] == runs()["parent"].info.run_id
    assert "vocab: completed" in result.err


def test_after_a_failure_what_stands_on_it_is_skipped_and_the_rest_completes(
    seqstep: Any, failed: Any, runs: Any
) -> None:
    settings = [f"corpus.sha1={'0' * 40}", "mlp.epochs=1"]
    result = seqstep("run", "--json", "--set", *settings)
    stages = {stage["name"]: stage for stage in json.loads(result.out)["stages"]}
    assert result.status == 2 and list(stages) == STAGES
    series = {"series", "train_mlp", "evaluate_forecasts"}
    states = {name: stage["state"] for name, stage in stages.items()}
    assert {name for name in STAGES if states[name] == "completed"} == {"download", *series}
    assert {name for name in STAGES if states[name] == "failed"} == {"verify"}
    skipped = [stage for stage in stages.values() if stage["state"] == "skipped"]
    assert len(skipped) == 7
    assert {(stage["reason"], stage["run_id"]) for stage in skipped} == {("after verify", None)}
    failed("verify", f"expected SHA-1 {'0' * 40}")
    assert set(runs()) == {"parent", "download", "verify", *series}


def test_two_failures_are_each_blamed_for_their_own(seqstep: Any, failed: Any) -> None:
    settings = [f"corpus.sha1={'0' * 40}", "mlp.window=1000"]
    result = seqstep("run", "--json", "--set", *settings)
    reasons = {stage["name"]: stage["reason"] for stage in json.loads(result.out)["stages"]}
    assert reasons["vocab"] == reasons["evaluate_language"] == "after verify"
    assert reasons["evaluate_forecasts"] == "after series"
    assert reasons["report"] == "after verify, series"
    failed("verify", "expected SHA-1")
