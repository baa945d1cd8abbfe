"""A person's view of the pages: Debian's Chromium, without a window."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# MLflow greets a new visitor with an assistant and a tour, which cover half of the page.
_SEEN = {
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
}


@dataclass
class View:
    """A page, what it asked for, and what went wrong on it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._asked)
        self.page.on("console", self._said)
        self.page.on("pageerror", self._failed)

    def hosts(self) -> set[str]:
        """Name the machines that the page asked for something."""
        return {urlsplit(url).hostname or "" for url in self.requests} - {""}

    def open(self, url: str) -> Page:
        """Go to an address, also if only what stands behind its # is another one."""
        self.page.goto("about:blank")
        self.page.goto(url)
        return self.page

    def text(self) -> str:
        """Read what stands on the page."""
        return str(self.page.evaluate("document.body.innerText"))

    def pictures(self) -> list[int]:
        """Measure the pictures, in their own pixels; 0 for one that is broken."""
        widths: list[int] = self.page.evaluate("[...document.images].map(image => image.naturalWidth)")
        return widths

    def curves(self) -> dict[str, int]:
        """Count the points of every curve that is drawn on the page, by its name."""
        drawn: list[dict[str, Any]] = self.page.evaluate(
            "[...document.querySelectorAll('.js-plotly-plot')].flatMap(plot =>"
            " plot.data.map(curve => ({name: curve.name, points: (curve.y || []).length})))"
        )
        return {curve["name"]: curve["points"] for curve in drawn if curve["name"]}

    def overflow(self) -> int:
        """Measure by how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _failed(self, error: Error) -> None:
        self.errors.append(str(error))


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@contextmanager
def view(browser: Browser, width: int = 1200, height: int = 900, scheme: str = "light") -> Iterator[View]:
    """Open a window of a size, for a person who prefers light or dark pages."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        service_workers="block",
    )
    context.add_init_script(
        f"try {{ Object.entries({json.dumps(_SEEN)}).forEach(seen => localStorage.setItem(...seen)) }}"
        " catch {}"  # a page without an address has no storage
    )
    yield View(context.new_page())
    context.close()


def chart(mlflow: str, experiment: str, runs: list[str], metric: str) -> str:
    """Address the chart of a metric of several runs."""
    asked = {"runs": runs, "metric": metric, "experiments": [experiment], "plot_metric_keys": [metric]}
    listed = "&".join(f"{name}={quote(json.dumps(value))}" for name, value in asked.items())
    return f"{mlflow}/#/metric?{listed}&x_axis=step"
