"""Make the pictures of the pages that the docs show: `python -m tests.e2e.screenshots PREFECT MLFLOW FOLDER`.

PREFECT and MLFLOW are the addresses of servers that `seqstep up` started, on which a run has ended.
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.browser import View, chart, chromium, view
from tests.patience import PATIENCE_S, ask_prefect

_TRAININGS = ("train_rnn", "train_rnn_scratch")


class Shown:
    """The newest run of the pipeline, as the servers know it."""

    def __init__(self, prefect: str, mlflow: str) -> None:
        self.prefect, self.mlflow = prefect, mlflow
        asked = {"experiment_ids": [self.experiment()], "filter": "tags.`seqstep.pipeline` LIKE 'pipeline%'"}
        self.run_id = self._search(asked)[0]["info"]["run_id"]
        asked["filter"] = f"tags.`mlflow.parentRunId` = '{self.run_id}'"
        self.stages = {run["info"]["run_name"]: run["info"]["run_id"] for run in self._search(asked)}
        tags = {run["info"]["run_name"]: run["data"]["tags"] for run in self._search(asked)}
        #: of stages that were cached, the runs that computed them
        self.sources = {
            name: tag["value"] for name in tags for tag in tags[name] if tag["key"] == "seqstep.cached_from"
        }

    def experiment(self) -> str:
        """The experiment's id in MLflow."""
        asked = {"experiment_name": "seqstep"}
        answer = requests.get(
            f"{self.mlflow}/api/2.0/mlflow/experiments/get-by-name", params=asked, timeout=PATIENCE_S
        )
        return str(answer.json()["experiment"]["experiment_id"])

    def ask(self, path: str, **body: Any) -> Any:
        """Ask Prefect's API."""
        return ask_prefect("POST", f"{self.prefect}/api/{path}", body)

    def report(self) -> bytes:
        """Read the report."""
        asked = {"run_uuid": self.run_id, "path": "report.html"}
        return requests.get(f"{self.mlflow}/get-artifact", params=asked, timeout=PATIENCE_S).content

    def _search(self, asked: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.mlflow}/api/2.0/mlflow/runs/search", json=asked, timeout=PATIENCE_S)
        return answer.json()["runs"]


def take(shown: Shown, browser: Browser, folder: Path) -> None:
    """Take all pictures."""
    mlflow = f"{shown.mlflow}/#/experiments/{shown.experiment()}"
    runs = [shown.stages[name] for name in _TRAININGS]
    (flow_run,) = shown.ask("flow_runs/filter", sort="START_TIME_DESC", limit=1)
    with window(browser) as at:
        at.open(f"{mlflow}/runs?workflowType=machine_learning").get_by_text("matching runs").wait_for()
        keep(at.page, folder / "page_mlflow_runs.png")
        at.open(chart(shown.mlflow, shown.experiment(), runs, "train/perplexity"))
        keep(at.page, folder / "page_mlflow_chart.png")
        computed = {**shown.stages, **shown.sources}
        at.open(f"{mlflow}/runs/{computed['evaluate_forecasts']}/artifacts/plots/k_step.png")
        keep(at.page, folder / "page_mlflow_plot.png")
        at.open(f"{shown.prefect}/runs/flow-run/{flow_run['id']}").get_by_text(
            "Task Runs", exact=True
        ).click()
        keep(at.page, folder / "page_prefect_run.png")
        wanted = {"key": {"any_": ["run"]}, "flow_run_id": {"any_": [flow_run["id"]]}}
        (record,) = shown.ask("artifacts/filter", artifacts=wanted)
        at.open(f"{shown.prefect}/artifacts/artifact/{record['id']}")
        keep(at.page, folder / "page_prefect_record.png")
    with tempfile.NamedTemporaryFile(suffix=".html") as file:
        file.write(shown.report())
        file.flush()
        for name, width, scheme in (("wide", 1200, "light"), ("phone", 400, "dark")):
            with window(browser, width, 1150 if width > 400 else 1000, scheme) as at:
                at.open(Path(file.name).as_uri())
                keep(at.page, folder / f"page_report_{name}.png")


@contextmanager
def window(browser: Browser, width: int = 1200, height: int = 800, scheme: str = "light") -> Iterator[View]:
    """Open a window that is as patient as a slow machine asks for."""
    with view(browser, width, height, scheme) as opened:
        opened.page.set_default_timeout(60_000)
        yield opened


def keep(page: Page, path: Path) -> None:
    """Write what is seen as a picture, in few colours, when the page has come to rest."""
    page.wait_for_timeout(5000)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    prefect, mlflow, folder = sys.argv[1:]
    with chromium() as browser:
        take(Shown(prefect, mlflow), browser, Path(folder))
