"""What `prefect deploy --all` makes, and the forms that Prefect's pages show for it."""

import asyncio
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.deployments.steps.core import run_step
from prefect.events.schemas.automations import AutomationCore
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from flows import forms, pipeline
from flows.walk import FLOWS, all_stages, everything, graph
from seqstep.settings.config import PROFILES
from seqstep.settings.resolving import resolve
from seqstep_cli import NAMES
from stagecraft.prefect import watch_for_runs_that_never_start

ROOT = Path(__file__).parents[2]
AUTOMATIONS = ROOT / "automations.yaml"
FILE = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
DEPLOYMENTS = {deployment["name"]: deployment for deployment in FILE["deployments"]}


@pytest.fixture
def flow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Flow[Any, Any]:
    monkeypatch.chdir(ROOT)
    return load_flow_from_entrypoint(DEPLOYMENTS[request.param]["entrypoint"])


def test_there_is_one_for_each_use() -> None:
    assert set(DEPLOYMENTS) == {"nightly", "quick", "compare", "text", "series", "stage"}
    # Without the key, `prefect deploy --all` asks for schedules at a terminal.
    active = {
        name: [schedule["active"] for schedule in deployment["schedules"]]
        for name, deployment in DEPLOYMENTS.items()
    }
    assert active == {
        "nightly": [True],
        "quick": [False],
        "compare": [False],
        "text": [],
        "series": [],
        "stage": [],
    }
    assert DEPLOYMENTS["nightly"]["parameters"] == {"profile": "notes"}
    assert all(deployment["concurrency_limit"]["limit"] == 1 for deployment in DEPLOYMENTS.values())
    assert all(deployment["tags"] and deployment["description"] for deployment in DEPLOYMENTS.values())


def test_each_flow_is_found_by_its_own_name_in_whatever_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "FLOWS", dict(reversed(FLOWS.items())))
    assert {name: getattr(pipeline, name).name for name in FLOWS} == {name: name for name in FLOWS}
    with pytest.raises(AttributeError, match="there is no flow serie; did you mean series"):
        getattr(pipeline, "serie")  # noqa: B009  (as Prefect asks)


def test_the_usual_profile_is_the_first_one_in_the_form_too() -> None:
    parameters = parameter_schema(pipeline.text).model_dump()["properties"]
    assert parameters["profile"]["default"] == next(iter(PROFILES)) == forms.USUAL_PROFILE


def test_what_can_not_be_of_profiles_and_switches_is_left_out_of_what_forms_offer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = all_stages()
    monkeypatch.setitem(PROFILES, "bad", {"rnn": {"epochz": 2}})
    everything.cache_clear()
    assert all_stages() == before
    everything.cache_clear()


def test_a_form_offers_stages_that_a_profile_or_a_switch_asks_for() -> None:
    stages = set(all_stages())
    assert stages > set(graph(resolve()).nodes)
    assert stages >= set(graph(resolve("compare")).nodes) | set(graph(resolve("best")).nodes)


@pytest.mark.parametrize("flow", DEPLOYMENTS, indirect=True)
def test_a_deployed_flow_takes_its_parameters(flow: Flow[Any, Any], request: Any) -> None:
    deployment = DEPLOYMENTS[request.node.callspec.params["flow"]]
    values = flow.validate_parameters(deployment["parameters"])
    assert deployment["parameters"].items() <= values.items()


@pytest.mark.parametrize("flow", DEPLOYMENTS, indirect=True)
def test_the_form_of_a_deployed_flow_explains_each_field(flow: Flow[Any, Any]) -> None:
    fields = parameter_schema(flow.fn).properties
    assert {"profile", "settings", "offline", "strict"} <= set(fields)
    for name, field in fields.items():
        assert field["title"] and field["title"] != name
        assert field["description"]
    assert fields["profile"]["enum"] == list(PROFILES) and fields["profile"]["default"] == "quick"


@pytest.mark.parametrize("flow", ["stage"], indirect=True)
def test_the_form_for_one_stage_offers_all_stages(flow: Flow[Any, Any]) -> None:
    assert parameter_schema(flow.fn).properties["name"]["enum"] == list(graph(resolve("compare")).nodes)


def test_the_choices_are_those_of_the_pipeline() -> None:
    assert set(get_args(forms.StageName)) == set(graph(resolve("compare")).nodes)


def test_a_run_is_in_the_checkout_of_the_machine_that_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (step,) = FILE["pull"]
    assert asyncio.run(run_step(step)) == {"directory": str(ROOT)}
    assert Path.cwd() == ROOT


def test_the_automations_are_ones_that_prefect_takes() -> None:
    for automation in yaml.safe_load(AUTOMATIONS.read_text(encoding="utf-8"))["automations"]:
        assert AutomationCore.model_validate(automation).enabled


def test_runs_that_never_start_are_watched_for_once() -> None:
    for _ in range(2):
        watch_for_runs_that_never_start(AUTOMATIONS, NAMES)
    with get_client(sync_client=True) as client:
        (automation,) = client.read_automations_by_name("seqstep marks flow runs that never started")
        client.delete_automation(automation.id)


def test_the_flows_of_a_branch_end_in_its_own_comparison() -> None:
    stages = {name: set(graph(resolve("compare"), name).nodes) for name in ("pipeline", "text", "series")}
    assert {"backtest", "compare_language", "sample_language"} <= stages["pipeline"]
    assert {"compare_language", "sample_language"} <= stages["text"] and "backtest" not in stages["text"]
    assert stages["series"] == {
        "series",
        "check_backtest",
        "train_mlp",
        "evaluate_forecasts",
        "backtest",
        "report",
    }
    for name, found in stages.items():
        needs = {need for node in graph(resolve("compare"), name).nodes.values() for need in node.needs}
        assert needs <= found
