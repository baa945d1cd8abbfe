"""What Prefect's pages show of a run: bars, tables and links, which cost no stage its result."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient

from stagecraft.cache.result import Kept
from stagecraft.mlflow import Tracker
from stagecraft.pipeline.selection import Selector
from stagecraft.prefect import pages
from stagecraft.prefect.summaries import of_run, of_stage
from stagecraft.progress.outcome import Outcome
from tests.patience import PATIENCE_S, ask_prefect, until

pytestmark = pytest.mark.usefixtures("in_prefect")

Artifacts = dict[str, dict[str, Any]]


@pytest.fixture
def artifacts(workshop: Any, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read the artifacts of the workshop's last run, by key."""
    monkeypatch.setattr(pages, "_PATIENCE_S", PATIENCE_S)

    def ask(what: str, **wanted: Any) -> Any:
        return ask_prefect("POST", f"{prefect_server}/{what}/filter", wanted)

    def read() -> Artifacts:
        ours = {"any_": [workshop.flow_run]}
        found = ask("artifacts", artifacts={"flow_run_id": ours}, limit=200)
        shown = {item["task_run_id"] for item in found if item["task_run_id"]}
        names: dict[str | None, str] = {}

        def known() -> bool:
            tasks = ask("task_runs", flow_runs={"id": ours})
            names.update({task["id"]: task["name"].partition("-")[0] for task in tasks})
            return shown <= set(names)

        until(known)  # the server takes note of tasks in batches
        return {item["key"]: {**item, "task": names.get(item["task_run_id"])} for item in found}

    return read


def show_a_table(workshop: Any) -> None:
    """Have the second stage show a table."""
    rows = '[{"round": 1, "total": 4.00001}, {"round": 2, "total": float("nan")}]'
    code = f'    def to_dict(self, orient):\n        """List the rows."""\n        return {rows}\n'
    workshop.edit("drawing", "    def savefig", f"{code}\n    def savefig")
    workshop.edit(
        "stages", "    table = record", '    record.show_table("The sums!", draw(""))\n    table = record'
    )


def test_a_stage_has_a_bar_a_table_and_a_record_at_its_task(workshop: Any, artifacts: Any) -> None:
    show_a_table(workshop)
    outcomes = workshop.run()
    found = artifacts()
    assert {key: (item["type"], item["task"]) for key, item in found.items()} == {
        "gather-record": ("markdown", "gather"),
        "add-progress": ("progress", "add"),
        "add-the-sums": ("table", "add"),
        "add-record": ("markdown", "add"),
        "page-record": ("markdown", "page"),
        "run": ("markdown", None),
    }
    bar = found["add-progress"]
    assert (bar["data"], bar["description"]) == (100, "add: 3 of 3, sums/total 12")
    assert json.loads(found["add-the-sums"]["data"]) == [
        {"round": 1, "total": 4.0},
        {"round": 2, "total": ""},
    ]
    record = found["add-record"]["data"]
    assert outcomes["add"].run_id in record and "Sum up." in record and "first run" in record
    assert all(name in record for name in ("sums.toml", "plots/sum.png", "mlflow ui --backend-store-uri"))
    assert all(name in found["run"]["data"] for name in ("gather", "12.0 in all", "completed"))


def test_a_cached_stage_links_to_the_run_that_computed_it(workshop: Any, artifacts: Any) -> None:
    first = workshop.run()
    workshop.run()
    found = artifacts()
    assert set(found) == {"gather-record", "add-record", "page-record", "run"}
    assert {item["task"] for item in found.values()} == {"gather", "add", "page", None}
    record = found["add-record"]["data"]
    assert record.startswith("**cached**") and f"cached, computed by run `{first['add'].run_id}`" in record


def test_a_table_that_is_shown_is_no_part_of_a_key(workshop: Any) -> None:
    workshop.run()
    show_a_table(workshop)
    assert workshop.states() == {"gather": "cached", "add": "cached", "page": "cached"}


def test_a_failed_stage_says_why_on_its_page(workshop: Any, artifacts: Any) -> None:
    workshop.run(Selector(until="gather"), words=200)
    record = artifacts()["gather-record"]
    assert record["description"] == "gather: failed"
    # with its place, for it is a fault in the code
    assert re.search(r"why: ValueError: at most 100 words at .*stages\.py:\d+", record["data"])


def test_artifacts_that_cannot_be_written_fail_nothing(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: Any) -> None:
        raise OSError("no room on the server http://me:SECRET@host/api")

    monkeypatch.setattr(SyncPrefectClient, "create_artifact", fail)
    assert set(workshop.states().values()) == {"completed"}
    said = [record.message for record in caplog.records if record.name == "stagecraft"]
    assert [text for text in said if "no room on the server" in text] == [
        "Prefect's pages lack what could not be written there: no room on the server http://***@host/api"
    ]


class Server(Tracker):
    """A store that a server shows, without the server."""

    def __init__(self) -> None:
        self.uri, self.experiment_id = "https://me:secret@mlflow.example.org/team/", "7"


def test_links_lead_to_the_pages_of_a_server_and_tell_no_password() -> None:
    file = Kept(uri="runs:/1f2e/plots/a b.png", sha256="", bytes=1, kind="image/png", place="/elsewhere")
    outcome = Outcome(name="add", state="cached", run_id="5d6c", computed_by="1f2e", figure="a|b *c*")
    text = of_stage(Server(), "Sum up.", outcome, [file]) + of_run(Server(), "9a8b", [outcome], [file])
    page = "https://mlflow.example.org/team/#/experiments/7/runs"
    assert f"[5d6c]({page}/5d6c)" in text and f"computed by run [1f2e]({page}/1f2e)" in text
    assert f"[plots/a b.png]({page}/1f2e/artifacts/plots/a%20b.png)" in text
    assert "| add | cached | 0.0 | a\\|b \\*c\\* |" in text and f"[9a8b]({page}/9a8b)" in text
    assert "secret" not in text and "mlflow ui" not in text and str(Path("/elsewhere")) not in text
