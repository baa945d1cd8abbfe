"""The real walk fits together; a stage that is handed something else is refused before anything runs."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import flows.walk as flows_walk
import tasks
from flows.asking import ask
from flows.walk import FLOWS, all_stages, graph, walk
from seqstep.models.networks import NETWORKS
from seqstep.settings.config import PROFILES, Config, MLPConfig, RNNConfig, Section
from seqstep.settings.resolving import resolve
from stagecraft.errors import WiringError
from stagecraft.files.home import Home
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.handle import Handle, path_of, stage_of
from stagecraft.pipeline.selection import Selector
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Node, Trace, trace_of

EVERYTHING = resolve(changes=[{"comparison": {"enabled": True}, "held_out": {"networks": list(NETWORKS)}}])


@pytest.fixture(scope="session", autouse=True)
def _on_the_prefect_server() -> None:
    """Nothing runs here, so no server is needed."""


def nodes() -> Iterator[tuple[str, Node]]:
    trace = Trace()
    walk(trace, "quick", EVERYTHING)
    yield from trace.nodes.items()


HANDED = [(stage, name, value) for stage, node in nodes() for name, value in node.arguments.items()]
PARTS = [(stage, name) for stage, name, value in HANDED if isinstance(value, Handle)]
SECTIONS = [(stage, name) for stage, name, value in HANDED if isinstance(value, Section)]


class Wrong(Trace):
    """Walks the pipeline, and hands one stage something else."""

    def __init__(self, stage: str, name: str, value: Any) -> None:
        super().__init__()
        self.stage, self.name, self.value = stage, name, value

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        arguments = stage.bind(*args, **kwargs)
        if stage.name == self.stage:
            before = arguments[self.name]
            arguments[self.name] = self.value(before) if callable(self.value) else self.value
        return super().__call__(stage, **arguments)


def refusal(stage: str, name: str, value: Any) -> str:
    """Hand a stage something else; return why that is refused."""
    with pytest.raises(WiringError) as raised:
        walk(Wrong(stage, name, value), "quick", EVERYTHING)
    return str(raised.value)


def test_every_stage_is_handed_something_that_can_be_wrong() -> None:
    assert {stage for stage, _ in PARTS + SECTIONS} == set(all_stages())
    assert {stage for stage, _ in PARTS} == set(all_stages()) - {"download", "series"}


@pytest.mark.parametrize(("stage", "name"), PARTS)
def test_a_wrong_path_is_refused_by_name(stage: str, name: str) -> None:
    def misspelt(handle: Handle) -> Handle:
        return Handle(stage_of(handle), (*path_of(handle), "wrod"))

    said = refusal(stage, name, misspelt)
    assert f": {stage} is handed " in said and f".wrod as {name}, but " in said and "has no wrod; " in said


@pytest.mark.parametrize(("stage", "name"), PARTS)
def test_a_part_of_another_kind_is_refused_by_name(stage: str, name: str) -> None:
    said = refusal(stage, name, Handle("download", ("sha1",)))
    assert f": {stage} is handed download.sha1, a str, as {name}, but tasks." in said


@pytest.mark.parametrize(("stage", "name"), SECTIONS)
def test_a_wrong_section_is_refused_by_name(stage: str, name: str) -> None:
    def other(section: Section) -> Section:
        return RNNConfig() if isinstance(section, MLPConfig) else MLPConfig()

    said = refusal(stage, name, other)
    assert (
        f": {stage} is handed " in said and f"Config as {name}, but tasks." in said and " asks for " in said
    )


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_walk_of_every_profile_fits_together(profile: str, flow: str) -> None:
    assert "report" in graph(resolve(profile), flow).nodes


def test_a_stage_that_belongs_to_no_flow_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(graph.__globals__["_ENDS"], "backtest")
    with pytest.raises(WiringError, match=r"flows/walk\.py:\d+: backtest would never run, .* name it among"):
        graph(EVERYTHING)


@pytest.mark.parametrize("command", ["stages", "plan", "run"])
def test_a_walk_that_does_not_fit_together_is_refused_before_anything_runs(
    command: str, seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*args: Any) -> Config:
        config = resolve(*args)
        return config.model_copy(update={"mlp": config.rnn})

    before = sorted(home.root.rglob("*"))
    monkeypatch.setattr("flows.asking.resolve", mistaken)
    asks = "series is handed RNNConfig as mlp, but tasks.sources.series asks for MLPConfig"
    seqstep(command).ends(2, "flows/walk.py:", asks, "hand on what it asks for, or correct its hint")
    assert sorted(home.root.rglob("*")) == before


def test_the_walk_is_checked_without_what_only_runs_need() -> None:
    heavy = {"mlflow", "pandas", "prefect", "tasks.training", "torch"}
    code = (
        "import sys; from flows.walk import graph; from seqstep.settings.resolving import resolve;"
        f" graph(resolve('compare')); print({heavy} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda config: config.ngarms, "'Config' object has no attribute 'ngarms'; did you mean ngrams?"),
        (lambda config: 1 // 0, "ZeroDivisionError"),
        (lambda config: sys.exit("enough"), "SystemExit: enough"),
        (lambda config: list(Handle("tokenize")), "'Handle' object is not iterable (a Handle stands for"),
        (lambda config: len(Handle("tokenize")), "hand them on whole, or by their names)"),
        (lambda config: 3 + Handle("tokenize").word, "have no value before it has run"),
        (lambda config: tasks.ngrams(config.ngrams), "write run(STAGE, …) in the place of STAGE(…)"),
    ],
)
def test_a_mistake_in_a_walk_itself_is_told_with_its_place(wrong: Any, words: str) -> None:
    def mistaken(run: Any) -> None:
        run(tasks.download, Config().corpus, False)
        wrong(Config())

    with pytest.raises(WiringError, match=r"test_wiring\.py:\d+: ") as raised:
        trace_of(mistaken)
    assert words in str(raised.value) and raised.value.exit_status == 2


def test_what_stages_declare_of_their_parameters_and_of_others_is_there() -> None:
    """One `partial` declares for several stages, so each name is one of any stage's."""
    named = dict(nodes())
    calls = [Call(node.stage, node.arguments) for node in named.values()]
    read = {name for call in calls for name, _ in call._flat(call.settings)}
    for stage in (node.stage for node in named.values()):
        assert {*stage.aside, *stage.resolves, *filter(None, [stage.longer])} <= read
        assert all(named[judged.name].stage is judged for judged in stage.judges)


def test_an_end_of_no_flow_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flows_walk._ENDS, "ngrams", flows_walk.End("txet", lambda _config: True))
    with pytest.raises(WiringError, match=r"ngrams .* no flow that there is; did you mean text"):
        graph(Config())


def test_an_end_that_is_not_wanted_need_not_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flows_walk._ENDS, "extra", flows_walk.End("text", lambda config: config.seed == 5))
    assert "extra" not in graph(Config()).nodes
    with pytest.raises(WiringError, match=r"flows/walk\.py: _ENDS has extra, which the walk does not call"):
        graph(Config(seed=5))


def test_a_flow_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FLOWS, "sound", "From the sound.")
    with pytest.raises(WiringError, match="FLOWS has sound, in which no stage of _ENDS ends"):
        graph(Config())


def test_a_table_of_stages_is_not_called_like_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "held_out", tasks.train_held_out, raising=False)
    with pytest.raises(WiringError, match=r"called like the module tasks\.held_out"):
        graph(EVERYTHING)


def test_a_result_inside_of_a_section_is_refused() -> None:
    def mistaken(run: Any) -> None:
        found = run(tasks.download, Config().corpus, False)
        run(tasks.verify, found, Config().corpus.model_copy(update={"sha1": found.sha1}))

    with pytest.raises(WiringError, match="verify is handed results of stages inside of a CorpusConfig"):
        trace_of(mistaken)


@pytest.mark.parametrize(("profile", "offline"), [("quick", True), ("notes", False), ("quick", False)])
def test_the_walk_is_checked_as_it_will_be_run(
    profile: str, offline: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant = (profile, offline)

    def wrong(run: Any, profile: str, config: Config, offline: bool = False) -> None:
        walk(run, profile, config, offline)
        if (profile, offline) == meant:
            raise WiringError("wrong then")

    monkeypatch.setattr(flows_walk, "walk", wrong)
    asked = partial(ask, "", selector=Selector(), changes=[])
    with pytest.raises(WiringError, match="wrong then"):
        asked(profile=profile, offline=offline)
    asked(profile=profile, offline=not offline)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"reads": lambda config: 1}, "download: `reads` failed: TypeError"),
        ({"reads": lambda *_, **__: "text"}, "download: `reads` failed: TypeError: expected paths or None"),
        ({"resolves": {"corpus.path": lambda path: path.nope}}, "download: `resolves of corpus.path` failed"),
    ],
)
def test_what_a_stage_says_of_itself_and_fails_is_told_with_its_name(
    changed: dict[str, Any], words: str, seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changed.items():
        monkeypatch.setattr(tasks.download, name, value)
    for command in ("stages", "plan", "run"):
        seqstep(command).ends(2, words, "correct its `Stage(…)`")


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("command", ["stages", "plan", "run"])
def test_a_setting_that_was_changed_past_its_class_is_refused_before_anything_runs(
    command: str, seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*args: Any) -> Config:
        config = resolve(*args)
        unheld = config.mlp.model_copy(update={"hidden": (size for size in (8, 16))})
        return config.model_copy(update={"mlp": unheld})

    before = sorted(home.root.rglob("*"))
    monkeypatch.setattr("flows.asking.resolve", mistaken)
    seqstep(command).ends(2, "flows/walk.py:", "series is handed", "MLPConfig.hidden: Input should be a ")
    assert sorted(home.root.rglob("*")) == before
