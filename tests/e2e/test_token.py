"""Servers that ask for a token, by the words that `up` prints."""

import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import requests
from playwright.sync_api import expect

from tests.conftest import free_port
from tests.e2e.browser import CHROMIUM, chromium, view
from tests.e2e.servers import ROOT, environment_without
from tests.patience import PATIENCE_S


class Locked(NamedTuple):
    """Servers that ask for a token, and a user who was told nothing but what `up` printed."""

    environment: dict[str, str]
    prefect: str
    password: str
    export: str

    def call(self, script: str) -> str:
        """Run lines in a shell; fail with what they printed if one fails."""
        command = ["sh", "-e", "-c", script.replace("prefect ", f"{sys.executable} -m prefect ")]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    home = tmp_path_factory.mktemp("home")
    environment = environment_without("PREFECT_", "MLFLOW_")
    environment |= {"SEQSTEP_HOME": str(home), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    environment |= {"PREFECT_HOME": str(home / ".seqstep/prefect")}
    ports = ["--prefect-port", str(free_port()), "--mlflow-port", str(free_port())]
    command = [sys.executable, "-m", "seqstep_cli.main", "up", "--token", *ports]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(process.stdout.readline())
        show = lines[1].split("`")[1]
        password = subprocess.run(["sh", "-c", show], capture_output=True, text=True, check=True).stdout
        assert password and not any(password in line for line in lines)
        (export,) = (line.strip() for line in lines if "export" in line)
        yield Locked(environment, lines[0].split()[1], password, export)
        process.terminate()


def test_who_has_no_token_is_refused(locked: Locked) -> None:
    for auth in (None, ("seqstep", "guessed")):
        answer = requests.post(f"{locked.prefect}/api/flows/count", auth=auth, timeout=PATIENCE_S)
        assert answer.status_code == 401


def test_a_run_of_the_home_needs_to_be_told_nothing(locked: Locked) -> None:
    locked.call(f"{sys.executable} -m seqstep_cli.main run --until series --force series")
    user, _, password = locked.password.strip().partition(":")
    url = f"{locked.prefect}/api/flow_runs/count"
    assert requests.post(url, auth=(user, password), timeout=PATIENCE_S).json() == 1


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium; apt-get install chromium")
def test_the_pages_open_with_the_password_that_up_names(locked: Locked) -> None:
    expect.set_options(timeout=1000 * PATIENCE_S)
    with chromium() as browser, view(browser) as window:
        window.page.goto(f"{locked.prefect}/v2/flows")
        window.page.get_by_role("textbox").fill(locked.password.strip())
        window.page.keyboard.press("Enter")
        expect(window.page.get_by_role("link", name="pipeline").first).to_be_visible()


@pytest.mark.soak
def test_what_is_deployed_by_the_line_that_up_prints_is_run_by_the_worker(locked: Locked) -> None:
    run = "prefect deployment run series/series -p until=series --watch"
    assert "Completed" in locked.call(f"{locked.export}\nprefect --no-prompt deploy --all >/dev/null\n{run}")
