"""What `prefect deploy --all` makes, and the forms that Prefect's pages show for it."""

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prefect import Flow
from prefect.events.schemas.automations import AutomationCore
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from flows import forms
from flows.walk import graph
from seqstep.config import PROFILES
from seqstep.settings import resolve

ROOT = Path(__file__).parents[2]
DEPLOYMENTS = {
    deployment["name"]: deployment
    for deployment in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
}


@pytest.fixture
def flow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Flow[Any, Any]:
    monkeypatch.chdir(ROOT)
    return load_flow_from_entrypoint(DEPLOYMENTS[request.param]["entrypoint"])


def test_there_is_one_for_each_use() -> None:
    assert set(DEPLOYMENTS) == {"nightly", "quick", "text", "series", "stage"}
    active = {
        name: [schedule["active"] for schedule in deployment.get("schedules", [])]
        for name, deployment in DEPLOYMENTS.items()
    }
    assert active == {"nightly": [True], "quick": [False], "text": [], "series": [], "stage": []}
    assert DEPLOYMENTS["nightly"]["parameters"] == {"profile": "notes"}
    assert all(deployment["concurrency_limit"]["limit"] == 1 for deployment in DEPLOYMENTS.values())
    assert all(deployment["tags"] and deployment["description"] for deployment in DEPLOYMENTS.values())


@pytest.mark.parametrize("flow", DEPLOYMENTS, indirect=True)
def test_a_deployed_flow_takes_its_parameters(flow: Flow[Any, Any], request: Any) -> None:
    deployment = DEPLOYMENTS[request.node.callspec.params["flow"]]
    values = flow.validate_parameters(deployment["parameters"])
    assert deployment["parameters"].items() <= values.items()


@pytest.mark.parametrize("flow", DEPLOYMENTS, indirect=True)
def test_the_form_of_a_deployed_flow_explains_each_field(flow: Flow[Any, Any]) -> None:
    fields = parameter_schema(flow.fn).properties
    assert {"profile", "settings", "offline"} <= set(fields)
    for name, field in fields.items():
        assert field["title"] and field["title"] != name
        assert field["description"]
    assert fields["profile"]["enum"] == list(PROFILES) and fields["profile"]["default"] == "quick"


@pytest.mark.parametrize("flow", ["stage"], indirect=True)
def test_the_form_for_one_stage_offers_all_stages(flow: Flow[Any, Any]) -> None:
    assert parameter_schema(flow.fn).properties["name"]["enum"] == list(graph(resolve("compare")).nodes)


def test_the_choices_are_those_of_the_pipeline() -> None:
    assert set(get_args(forms.StageName)) == set(graph(resolve("compare")).nodes)


def test_the_automation_is_one_that_prefect_takes() -> None:
    (automation,) = yaml.safe_load((ROOT / "automations.yaml").read_text(encoding="utf-8"))["automations"]
    assert AutomationCore.model_validate(automation).enabled


def test_the_flows_of_a_branch_end_in_its_own_comparison() -> None:
    stages = {name: set(graph(resolve("compare"), name).nodes) for name in ("pipeline", "text", "series")}
    assert {"backtest", "compare_language"} <= stages["pipeline"]
    assert "compare_language" in stages["text"] and "backtest" not in stages["text"]
    assert stages["series"] == {"series", "train_mlp", "evaluate_forecasts", "backtest", "report"}
    for name, found in stages.items():
        needs = {need for node in graph(resolve("compare"), name).nodes.values() for need in node.needs}
        assert needs <= found
