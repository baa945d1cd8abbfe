"""After an edit those stages run whose result can depend on it, and no others; and the plan said so."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tasks
from seqstep_cli import NAMES
from stagecraft.cache.results import read
from stagecraft.files.home import Home
from stagecraft.pipeline.stage import Stage
from tests.soak import edits

ROOT = Path(__file__).resolve().parents[3]
TINY = ["rnn.epochs=2", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=500"]
TINY += ["language.test_tokens=100", "mlp.epochs=2", "samples.length=5", "samples.last_length=5"]
ALL = "download verify tokenize vocab ngrams series train_mlp train_rnn_scratch train_rnn"
ALL_STAGES = frozenset(f"{ALL} evaluate_forecasts evaluate_language report".split())

#: settings -> the stages that read them, and those whose inputs may then be others
PARAMETERS = {
    "text.min_freq=2": ("vocab", f"ngrams {edits.LANGUAGE} report"),
    "ngrams.top=5": ("ngrams", "report"),
    "mlp.learning_rate=0.01": ("train_mlp", "evaluate_forecasts report"),
    "rnn.learning_rate=0.4": (edits.RNNS, "evaluate_language report"),
    "rnn_layer.cell=gru": ("train_rnn", "evaluate_language report"),
    "samples.every=1": (edits.RNNS, "evaluate_language report"),
    "forecast.horizons=1,2": ("evaluate_forecasts", "report"),
    "language.test_tokens=50": ("evaluate_language", "report"),
    "corpus.timeout_s=60": ("", ""),
    "checkpoint_epochs=1": ("", ""),
    "series.noise_std=0.1": ("series", f"{edits.FORECASTS} report"),
}


#: edits that change what comes out -> every stage that must run
CHANGES = {
    ("src/seqstep/series/sources.py", "np.sin(", "np.cos("): f"series {edits.FORECASTS} report",
    ("src/seqstep/text/ngrams.py", "np.count_nonzero(counts > 1)", "np.count_nonzero(counts > 2)"): (
        "ngrams report"
    ),
    ("src/seqstep/text/vocab.py", 'UNKNOWN = "<unk>"', 'UNKNOWN = "<unknown>"'): (
        f"vocab ngrams {edits.LANGUAGE} report"
    ),
}
TEXT = f"tokenize vocab ngrams {edits.LANGUAGE} report"


class Copy:
    """A copy of the project, and a home in which its pipeline ran."""

    def __init__(self, folder: Path) -> None:
        self.root, self.home = folder / "project", folder / "home"
        for name in ("src", "tasks", "flows"):
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", self.root)
        self.home.mkdir()
        self.counts = {"edits": 0, "ran": 0, "cached": 0}
        self.said = ""

    def call(self, command: str, *settings: str) -> dict[str, dict[str, Any]]:
        """Run a command of the copy; return what it says of each stage."""
        paths = os.pathsep.join(map(str, (self.root / "src", self.root)))
        environment = os.environ | {"SEQSTEP_HOME": str(self.home), "PYTHONPATH": paths}
        argv = [sys.executable, "-m", "seqstep_cli.main", command, "--json", "--set", *TINY, *settings]
        done = subprocess.run(
            argv, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        self.said = done.stderr
        return {stage["name"]: stage for stage in json.loads(done.stdout)["stages"]}

    def compare(self, *settings: str) -> tuple[set[str], dict[str, dict[str, Any]]]:
        """Plan and run; hold one against the other, and return what ran and the plan."""
        plan, run = self.call("plan", *settings), self.call("run", *settings)
        ran = {name for name, stage in run.items() if stage["state"] == "completed"}
        states = {state: {n for n, s in plan.items() if s["state"] == state} for state in _STATES}
        assert ran <= states["would_run"] | states["may_run"]
        assert states["would_run"] <= ran
        assert not ran & states["cached"]
        self.counts["edits"] += 1
        self.counts["ran"] += len(ran)
        self.counts["cached"] += len(run) - len(ran)
        return ran, plan


_STATES = ("cached", "would_run", "may_run")


@pytest.fixture(scope="module")
def copy(
    tell: Callable[[str], None], prefect_server: str, empty_database: Path, tmp_path_factory: Any
) -> Iterator[Copy]:
    del prefect_server
    made = Copy(tmp_path_factory.mktemp("copy"))
    shutil.copy(empty_database, made.home / "mlflow.db")
    assert {stage["state"] for stage in made.call("run").values()} == {"completed"}
    assert "not kept" not in made.said
    yield made
    tell("{edits} edits: {ran} stages ran and {cached} were cached, each as planned".format_map(made.counts))


def check(copy: Copy, edit: edits.Edit) -> None:
    """Make an edit, which stays: exactly its stages run, for it changes none of their bytes."""
    (copy.root / edit.file).write_text(edit.text, encoding="utf-8")
    ran, plan = copy.compare()
    why = {stage: plan[stage]["reason"] for stage in ran ^ edit.stages}
    assert ran == edit.stages, f"{edit.name}: ran {sorted(ran)}, expected {sorted(edit.stages)}; {why}"
    name = edit.name.partition(":")[2].partition(":")[0]
    for stage in ran:
        if plan[stage]["state"] == "would_run":
            assert "code changed: " in plan[stage]["reason"] and name in plan[stage]["reason"]


@pytest.mark.parametrize(
    ("site", "kind"),
    [
        ("src/seqstep/text/ngrams.py:count_ngrams_up_to", "code"),
        pytest.param(
            "src/seqstep/training/minibatch.py:Minibatches._train", "docstring", marks=pytest.mark.soak
        ),
        pytest.param("src/seqstep/plots/style.py:COLOURS", "code", marks=pytest.mark.soak),
    ],
)
def test_an_edit_runs_the_stages_that_can_depend_on_it(copy: Copy, site: str, kind: str) -> None:
    check(copy, edits.make(copy.root, site, kind))


@pytest.mark.soak
def test_what_was_resumed_wrongly_is_not_served_once_the_code_is_right_again(copy: Copy) -> None:
    def train(epochs: int, *options: str) -> tuple[str, str]:
        """Run a training; return what became of it, and the digest of its weights."""
        stages = copy.call(
            "run", "series.points=200", f"mlp.epochs={epochs}", *options, "--until", "train_mlp"
        )
        trained = stages["train_mlp"]
        records = map(read, Home(copy.home, NAMES).results.glob("train_mlp/*"))
        (record,) = [record for record in records if record.key == trained["key"]]
        return trained["state"], record.value["weights"]["sha256"]

    checkpoint = copy.root / "src/seqstep/training/checkpoint.py"
    right, line = checkpoint.read_text("utf-8"), "    optimizer.load_state_dict(optimizer.state_dict()"
    wrong = "".join(each for each in right.splitlines(keepends=True) if not each.startswith(line))
    assert wrong != right
    _, first = train(3)
    checkpoint.write_text(wrong, "utf-8")
    assert train(3) == ("completed", first)
    _, resumed_wrongly = train(6)
    checkpoint.write_text(right, "utf-8")
    assert train(3) == ("cached", first)
    state, resumed = train(6)
    assert state == "completed" and resumed != resumed_wrongly
    assert train(6, "--force", "train_mlp") == ("completed", resumed)


@pytest.mark.parametrize("site", edits.SITES)
def test_the_places_that_are_edited_are_there(site: str) -> None:
    edit = edits.make(ROOT, site, "code")
    assert edit.text != (ROOT / edit.file).read_text(encoding="utf-8")


@pytest.mark.parametrize("site", edits.SITES)
def test_the_stages_that_reach_a_place_are_those_that_can_depend_on_it(site: str) -> None:
    """What the edits show by running, told by the code's part of each key alone."""
    file, _, definition = site.partition(":")
    module = file.removeprefix("src/").removesuffix(".py").replace("/", ".")
    stages: dict[str, Stage] = {name: getattr(tasks, name) for name in ALL_STAGES}
    reached = {name for name, stage in stages.items() if f"{module}.{definition}" in stage.reach.definitions}
    assert reached == set(edits.SITES[site].split())


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("setting", PARAMETERS)
def test_a_parameter_runs_the_stages_that_read_it(copy: Copy, setting: str) -> None:
    copy.call("run")
    direct, after = (frozenset(names.split()) for names in PARAMETERS[setting])
    ran, plan = copy.compare(setting)
    assert direct <= ran <= direct | after
    for stage in direct:
        assert f"parameter changed: {setting.partition('=')[0]} " in plan[stage]["reason"]


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("change", CHANGES)
def test_an_edit_that_changes_what_comes_out_runs_all_that_stands_on_it(
    copy: Copy, change: tuple[str, str, str]
) -> None:
    name, old, new = change
    path = copy.root / name
    original = path.read_text(encoding="utf-8")
    copy.call("run")
    assert original.count(old) == 1
    path.write_text(original.replace(old, new), encoding="utf-8")
    ran, _ = copy.compare()
    path.write_text(original, encoding="utf-8")
    assert ran == frozenset(CHANGES[change].split())
    assert copy.compare()[0] == set()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_an_input_that_changes_runs_what_can_depend_on_it(copy: Copy, tmp_path: Path) -> None:
    text, twin, table = (tmp_path / name for name in ("mine.txt", "twin.txt", "mine.csv"))
    text.write_text("the keeper of the lighthouse lit the lamp again and went to bed\n" * 40)
    rows = [f"{number % 7}.{number % 3}" for number in range(200)]
    table.write_text("\n".join(["load", *rows, ""]))
    series = (f"series.path={table}", "series.column=load", "mlp.epochs=2")
    source = {"download", "verify"}
    assert copy.compare(f"corpus.path={text}")[0] == source | set(TEXT.split())

    text.write_text(text.read_text() + "and a line that nobody has read\n")
    ran, plan = copy.compare(f"corpus.path={text}")
    assert source | {"tokenize", "vocab", "ngrams"} <= ran <= source | set(TEXT.split())
    assert plan["download"]["reason"] == f"input changed: {text.name}"
    shutil.copy(text, twin)
    assert copy.compare(f"corpus.path={twin}")[0] <= {*source, "report"}

    assert copy.compare(*series)[0] == {"series", *edits.FORECASTS.split(), "report"}
    table.write_text(table.read_text().replace("6.2", "5.9", 1))
    ran, plan = copy.compare(*series)
    assert ran == {"series", *edits.FORECASTS.split(), "report"}
    assert plan["series"]["reason"] == f"input changed: {table.name}"


# Last, for its edits stay.


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_hundred_edits_run_the_stages_that_can_depend_on_them(copy: Copy) -> None:
    draw = random.Random(0)
    others = [(site, kind) for site in edits.SITES for kind in edits.KINDS if kind != "code"]
    chosen = [(site, "code") for site in edits.SITES] + draw.sample(others, 110 - len(edits.SITES))
    draw.shuffle(chosen)
    failures = []
    for site, kind in chosen:
        try:
            check(copy, edits.make(copy.root, site, kind))
        except AssertionError as error:
            failures.append(str(error).splitlines()[0])
    assert failures == []
