"""What a person sees in a browser: MLflow's pages, Prefect's pages, and the report for who wants neither."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.e2e.browser import CHROMIUM, View, chromium, view
from tests.e2e.servers import TINY, Up
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium; apt-get install chromium")

EPOCHS = 3
SETTINGS = [f"rnn.{name}={value}" for name, value in {**TINY, "epochs": EPOCHS}.items()]
PATIENCE_MS = 1000 * PATIENCE_S
TRAININGS = ("train_rnn", "train_rnn_scratch")


class Seen(NamedTuple):
    """Servers on which the pipeline ran twice, and what those runs printed."""

    up: Up
    first: dict[str, Any]
    second: dict[str, Any]

    def stage(self, name: str) -> str:
        """Name the run in MLflow that computed a stage."""
        return str({stage["name"]: stage["run_id"] for stage in self.first["stages"]}[name])

    def page(self, run_id: str, part: str = "") -> str:
        """Address a run's page in MLflow."""
        return f"{self.up.mlflow}/#/experiments/{self.experiment}/runs/{run_id}{part}"

    @property
    def experiment(self) -> str:
        """The experiment's id in MLflow."""
        path = f"{self.up.mlflow}/api/2.0/mlflow/experiments/get-by-name"
        answer = requests.get(path, params={"experiment_name": "seqstep"}, timeout=PATIENCE_S).json()
        return str(answer["experiment"]["experiment_id"])

    def report(self) -> str:
        """Read the report as MLflow's server hands it out."""
        answer = requests.get(
            f"{self.up.mlflow}/get-artifact",
            params={"run_uuid": self.second["run_id"], "path": "report.html"},
            timeout=PATIENCE_S,
        )
        assert answer.ok, answer.text
        return answer.content.decode()


@pytest.fixture(scope="module")
def seen(up: Up) -> Seen:
    first, second = (up.seqstep("run", "--set", *SETTINGS) for _ in range(2))
    assert {stage["state"] for stage in first["stages"]} == {"completed"}
    assert {stage["state"] for stage in second["stages"]} == {"cached"}
    return Seen(up, first, second)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        browser.contexts  # noqa: B018  (fails at once if it did not start)
        yield browser


@pytest.fixture
def window(browser: Browser) -> Iterator[View]:
    """A window whose pages ask only this machine for anything."""
    expect.set_options(timeout=PATIENCE_MS)
    with view(browser, 1400) as window:
        window.page.set_default_timeout(PATIENCE_MS)
        yield window
        assert window.hosts() <= {"127.0.0.1"}


def test_mlflow_lists_the_pipelines_runs_under_names_that_tell_them_apart(seen: Seen, window: View) -> None:
    page = window.open(f"{seen.up.mlflow}/#/experiments/{seen.experiment}/runs?workflowType=machine_learning")
    names = page.get_by_role("link", name=re.compile(r"^quick \d\d-\d\d [\d:]{8} · rnn.max_tokens=500"))
    expect(names).to_have_count(2)
    first, second = names.all_inner_texts()
    assert first != second


def test_a_pipelines_run_says_what_it_is_and_leads_to_its_stages_and_charts(seen: Seen, window: View) -> None:
    page = window.open(seen.page(seen.first["run_id"]))
    expect(page.get_by_text("From the text and from the series to tested forecasts.")).to_be_visible()
    expect(page.get_by_role("link", name="evaluate_language").first).to_be_visible()
    page.get_by_text("Show more").click()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="train/perplexity").click()
    chart = View(opened.value)
    expect(chart.page.locator(".js-plotly-plot")).to_have_count(1)
    chart.page.wait_for_function("document.querySelector('.js-plotly-plot').data.length >= 2")
    assert chart.curves() == dict.fromkeys(TRAININGS, EPOCHS)


def test_mlflow_shows_the_plots_of_a_run(seen: Seen, window: View) -> None:
    page = window.open(seen.page(seen.stage("train_rnn"), "/artifacts/plots/loss.png"))
    expect(page.get_by_text("history.csv")).to_be_visible()
    page.wait_for_function("[...document.images].some(image => image.naturalWidth >= 1200)")


def test_mlflow_shows_what_a_training_read_and_what_it_does(seen: Seen, window: View) -> None:
    page = window.open(seen.page(seen.stage("train_rnn")))
    expect(page.get_by_text("Train the same network around the library's recurrent layer.")).to_be_visible()
    expect(page.get_by_role("button", name="tokens_char.npy")).to_be_visible()
    expect(page.get_by_role("link", name="seqstep-rnn").first).to_be_visible()


def test_mlflow_lists_the_registered_models(seen: Seen, window: View) -> None:
    page = window.open(f"{seen.up.mlflow}/#/models")
    for name in ("seqstep-mlp", "seqstep-rnn", "seqstep-rnn-scratch"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_attached()


def flow_runs(seen: Seen) -> tuple[str, str]:
    """Name both flow runs, the earlier first."""
    first, second = seen.up.ask("flow_runs/filter", sort="START_TIME_ASC")
    return first["id"], second["id"]


def test_prefect_shows_twelve_tasks_and_which_of_them_were_cached(seen: Seen, window: View) -> None:
    for flow_run, state in zip(flow_runs(seen), ("Completed", "Cached"), strict=True):
        page = window.open(f"{seen.up.prefect}/runs/flow-run/{flow_run}")
        page.get_by_text("Task Runs", exact=True).click()
        expect(page.get_by_text(state, exact=True)).to_have_count(12 + (state == "Completed"))
        lines = window.text().splitlines()
        assert {stage["name"] for stage in seen.first["stages"]} <= set(lines)


def test_prefects_new_pages_ask_this_machine_alone_too(seen: Seen, window: View) -> None:
    window.page.goto(f"{seen.up.prefect}/v2/runs")
    expect(window.page.get_by_role("link", name="pipeline").first).to_be_visible()
    window.page.wait_for_load_state("networkidle")


def test_prefect_shows_tables_bars_and_the_way_to_mlflow(seen: Seen, window: View) -> None:
    first, second = flow_runs(seen)
    found = {(item["flow_run_id"], item["key"]): item for item in seen.up.ask("artifacts/filter", limit=200)}
    keys = {key for flow_run, key in found if flow_run == first}
    assert keys >= {f"{stage['name'].replace('_', '-')}-record" for stage in seen.first["stages"]}
    assert keys >= {"run", "train-mlp-progress", "train-rnn-progress", "train-rnn-scratch-progress"}

    def show(flow_run: str, key: str) -> Any:
        return window.open(f"{seen.up.prefect}/artifacts/artifact/{found[flow_run, key]['id']}")

    expect(show(first, "ngrams-most-common-n-grams").get_by_text("the keeper", exact=True)).to_be_visible()
    page = show(first, "evaluate-forecasts-forecast-errors-by-horizon")
    expect(page.get_by_text("k064", exact=True)).to_be_visible()
    page = show(second, "train-rnn-record")
    expect(page.get_by_text("cached, computed by run")).to_be_visible()
    link = page.get_by_role("link", name=seen.stage("train_rnn")[:8])
    window.open(str(link.get_attribute("href")))
    expect(page.get_by_role("heading", name="train_rnn")).to_be_visible()
    page = show(second, "run")
    link = page.get_by_role("link", name="report.html")
    expect(link).to_have_attribute("href", seen.page(seen.second["run_id"], "/artifacts/report.html"))


def test_evaluations_compare_by_the_parameters_of_what_they_measure(seen: Seen) -> None:
    path = f"{seen.up.mlflow}/api/2.0/mlflow/runs/get"
    runs = [
        requests.get(path, params={"run_id": run_id}, timeout=PATIENCE_S).json()["run"]["data"]
        for run_id in (seen.stage("evaluate_language"), seen.first["run_id"], seen.second["run_id"])
    ]
    for data in runs:
        params = {item["key"]: item["value"] for item in data["params"]}
        assert (params["rnn.epochs"], params["rnn.hidden"]) == (str(EPOCHS), "8")
        assert "language/rnn/test_perplexity" in {item["key"] for item in data["metrics"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_the_report_is_whole_on_any_screen(
    seen: Seen, browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(seen.report(), encoding="utf-8")
    with view(browser, width, scheme=scheme) as window:
        page = window.open(file.as_uri())
        assert len(window.pictures()) == 9 and min(window.pictures()) > 0
        assert window.errors == []
        assert [url for url in window.requests if not url.startswith(("data:", "file:", "about:"))] == []
        assert window.overflow() == 0
        assert page.locator(".cached").count() == 12
        assert page.locator("img:not([alt]), img[alt='']").count() == 0
        for box in page.locator(".wide").all():
            box.scroll_into_view_if_needed()
            assert (box.bounding_box() or {"width": 0})["width"] <= width
        assert readable(page) == []


def readable(page: Any) -> list[str]:
    """Find texts whose colour is too near to what is behind them (WCAG AA: a contrast of 4.5)."""
    found: list[str] = page.evaluate(
        """() => {
          const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
          const numbers = text => text.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
          const behind = node => {
            for (; node; node = node.parentElement) {
              const colour = numbers(getComputedStyle(node).backgroundColor);
              if (colour.length === 3 || colour[3] > 0) return colour;
            }
            return [255, 255, 255];
          };
          const poor = node => {
            const both = [light(numbers(getComputedStyle(node).color)), light(behind(node))];
            return (Math.max(...both) + .05) / (Math.min(...both) + .05) < 4.5;
          };
          return [...document.querySelectorAll('h1, h2, a, dt, dd, td, th, figcaption, pre, .mark')]
            .filter(poor).map(node => node.textContent.slice(0, 40));
        }"""
    )
    return found


def test_on_paper_the_report_is_light_and_no_table_is_cut(
    seen: Seen, browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(seen.report(), encoding="utf-8")
    with view(browser, 680, scheme="dark") as window:
        page = window.open(file.as_uri())
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert window.overflow() == 0 and readable(page) == []
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_the_report_says_what_was_run_on_what(seen: Seen) -> None:
    page, first = seen.report(), {stage["name"]: stage for stage in seen.first["stages"]}
    for text in (seen.second["run_id"], "builtin:lighthouse", "noisy sine", "rnn.epochs = 3", "torch 2."):
        assert text in page
    assert all(stage["run_id"][:8] in page for stage in first.values())
    assert seen.up.tags(seen.stage("verify"))["sha1"] in page
    assert "the notes" not in re.sub(r"as in\s+the notes", "", page)  # only the profile of that name compares


def test_the_notes_figures_stand_beside_those_of_a_run_of_their_profile(seen: Seen) -> None:
    settings = [*SETTINGS, "corpus.path=builtin:lighthouse"]
    done = seen.up.seqstep("run", "notes", "--set", *settings)
    answer = requests.get(
        f"{seen.up.mlflow}/get-artifact",
        params={"run_uuid": done["run_id"], "path": "report.html"},
        timeout=PATIENCE_S,
    )
    page = answer.content.decode()
    for text in ("1.0247", "499,128", "0.063", ">the notes<"):
        assert text in page, shlex.join(json.dumps(done["stages"]).split()[:20])
    assert "3,221" in page and re.search(r"lines</th>.*−[\d,]+</td></tr>", page)
