"""A planted secret is found nowhere but in the user's own configuration, after good and failed runs."""

import base64
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.server import Server, running
from tests.conftest import free_port
from tests.e2e.servers import environment_without
from tests.patience import ask_prefect, until

ROOT = Path(__file__).resolve().parents[2]
TEXT = b"the keeper of the lighthouse lit the lamp again.\n" * 60
PLACES = ("password", "token", "webhook", "mlflow", "mlflow_password", "mlflow_token", "prefect", "database")


class Site(ThreadingHTTPServer):
    """Serves a text to whoever knows password and token, and takes messages on a secret path."""

    def __init__(self, secrets: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.secrets, self.messages, self.served, self.part = secrets, list[Any](), 0, 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        secrets = self.server.secrets
        user = base64.b64encode(f"me:{secrets['password']}".encode()).decode()
        known = self.headers.get("Authorization") == f"Basic {user}"
        good = known and self.path == f"/text?token={secrets['token']}&part={self.server.part}"
        self.server.served += good
        self._answer(200 if good else 401, TEXT if good else b"")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = self.path == f"/hook/{self.server.secrets['webhook']}"
        if good:
            self.server.messages.append(body)
        self._answer(200 if good else 404, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class World(NamedTuple):
    """A home, servers that want secrets, and the environment of a user who knows them."""

    home: Path
    site: Site
    secrets: dict[str, str]
    environment: dict[str, str]
    said: list[str]

    def call(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a Python module as a user would, and keep what it says."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env=self.environment | variables,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        self.said.append(done.stdout + done.stderr)
        return done

    def leaks(self) -> list[str]:
        """Name each secret that is found in a file of the home or in what was said, and where."""
        places = {str(index): said.encode() for index, said in enumerate(self.said)}
        for path in self.home.rglob("*"):
            with suppress(OSError):  # it is a folder, or went meanwhile
                places[str(path.relative_to(self.home))] = path.read_bytes()
        assert any(name.endswith("prefect.db") for name in places) and "mlflow.db" in places
        return [
            f"{secret} in {place}"
            for secret, value in self.secrets.items()
            for needle in (value.encode(), base64.b64encode(f"me:{value}".encode()))
            for place, content in places.items()
            if needle in content
        ]


@pytest.fixture(scope="module")
def _world(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[World]:
    """Real servers on loopback: MLflow's and Prefect's, both with their databases in the home."""
    home = tmp_path_factory.mktemp("secrets") / "home"
    home.mkdir()
    (home / "mlflow.db").write_bytes(empty_database.read_bytes())
    secrets = {place: f"{place}-{uuid.uuid4().hex}" for place in PLACES}
    environment = environment_without("MLFLOW_", "PREFECT_")
    environment |= {"SEQSTEP_HOME": str(home), "PREFECT_HOME": str(home / ".seqstep" / "prefect")}
    mlflow, prefect = free_port(), free_port()
    run = [sys.executable, "-m"]
    servers = [
        Server(
            "mlflow",
            [
                *(*run, "mlflow", "server", "--port", str(mlflow), "--workers", "1"),
                *("--backend-store-uri", Home(home, NAMES).store),
                *("--artifacts-destination", str(home / "mlartifacts")),
            ],
            f"http://127.0.0.1:{mlflow}",
            f"http://127.0.0.1:{mlflow}/health",
            {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        ),
        Server(
            "prefect",
            [*run, "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(prefect)],
            f"http://127.0.0.1:{prefect}",
            f"http://127.0.0.1:{prefect}/api/health",
            {
                "PREFECT_SERVER_API_AUTH_STRING": f"me:{secrets['prefect']}",
                "PREFECT_HOME": environment["PREFECT_HOME"],
            },
        ),
    ]
    environment |= {
        "MLFLOW_TRACKING_URI": f"http://me:{secrets['mlflow']}@127.0.0.1:{mlflow}",
        "MLFLOW_TRACKING_USERNAME": "me",
        "MLFLOW_TRACKING_PASSWORD": secrets["mlflow_password"],
        "MLFLOW_TRACKING_TOKEN": secrets["mlflow_token"],
        "PREFECT_API_URL": f"http://127.0.0.1:{prefect}/api",
        "PREFECT_API_AUTH_STRING": f"me:{secrets['prefect']}",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    }
    with ExitStack() as stack:
        stack.enter_context(running(servers, home / ".seqstep" / "logs"))
        site = stack.enter_context(Site(secrets))
        thread = Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield World(home, site, secrets, environment, [])
        site.shutdown()
        thread.join()


@pytest.fixture
def world(_world: World) -> World:
    """The servers with a text of the test's own, and no message yet."""
    _world.site.messages.clear()
    _world.site.served, _world.site.part = 0, _world.site.part + 1
    return _world


def text_url(world: World, password: str, token: str) -> str:
    return f"http://me:{password}@{world.site.host}/text?token={token}&part={world.site.part}"


def by_assignment(world: World, _folder: Path) -> tuple[list[str], dict[str, str]]:
    """Everything literally on the command line."""
    url = text_url(world, world.secrets["password"], world.secrets["token"])
    hook = f"http://{world.site.host}/hook/{world.secrets['webhook']}"
    return ["--set", f"corpus.url={url}", f"notify.webhook={hook}"], {}


def by_file(world: World, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Everything literally in a TOML file."""
    (_, url, hook), _ = by_assignment(world, folder)
    file = folder / "mine.toml"
    lines = ["[corpus]", f'url = ["{url.partition("=")[2]}"]', "[notify]"]
    file.write_text("\n".join([*lines, f'webhook = "{hook.partition("=")[2]}"', ""]))
    return ["--config", str(file)], {}


def by_reference(world: World, _folder: Path) -> tuple[list[str], dict[str, str]]:
    """Names of environment variables on the command line; the webhook by its own variable."""
    variables = {"CORPUS_PASSWORD": world.secrets["password"], "CORPUS_TOKEN": world.secrets["token"]}
    variables["SEQSTEP_WEBHOOK"] = f"http://{world.site.host}/hook/{world.secrets['webhook']}"
    return ["--set", f"corpus.url={text_url(world, '${CORPUS_PASSWORD}', '${CORPUS_TOKEN}')}"], variables


@pytest.mark.parametrize(
    "configure",
    [*(pytest.param(way, marks=pytest.mark.soak) for way in (by_assignment, by_file)), by_reference],
)
def test_a_secret_is_used_and_kept_nowhere(world: World, tmp_path: Path, configure: Any) -> None:
    options, variables = configure(world, tmp_path)
    cli = "seqstep_cli.main"
    good = [cli, "run", "--until", "tokenize", *options]
    log = ["--log-file", str(world.home / "seqstep.log"), "--debug"]
    assert world.call(cli, "plan", *options, **variables).returncode == 0
    assert world.call(cli, "config", *options, **variables).returncode == 0
    done = world.call(*good, *log, **variables)
    assert done.returncode == 0, done.stderr
    assert world.site.served == 1 and world.site.messages == []

    for change, status in [("corpus.sha1=" + "0" * 40, 2), (f"corpus.url={closed(world, variables)}", 1)]:
        bad = [cli, "run", "--until", "tokenize", *options, "--set", change, "corpus.attempts=1"]
        assert world.call(*bad, *log, **variables).returncode == status
    assert len(world.site.messages) == 2
    assert world.call(cli, "run", "--only", "vocab", *options, "--set", "text.clean=none").returncode == 2
    assert world.call(cli, "show", "latest").returncode == 0

    world.said.append(json.dumps(world.site.messages))
    assert world.leaks() == []
    plan = world.call(cli, "plan", "--until", "tokenize", *renewed(world, options, variables), "--json")
    assert {stage["state"] for stage in json.loads(plan.stdout)["stages"]} == {"cached"}


def closed(world: World, variables: dict[str, str]) -> str:
    """An address with the same secrets where nobody answers."""
    names = ("${CORPUS_PASSWORD}", "${CORPUS_TOKEN}")
    literal = (world.secrets["password"], world.secrets["token"])
    url = text_url(world, *(names if variables else literal))
    return url.replace(world.site.host, f"127.0.0.1:{free_port()}")


def renewed(world: World, options: Sequence[str], variables: dict[str, str]) -> list[str]:
    """The same configuration after the token was renewed."""
    if variables:
        return list(options)
    return ["--set", f"corpus.url={text_url(world, 'another-password', 'another-token')}"]


def test_a_flow_that_no_command_line_started_tells_of_its_failure_and_keeps_no_secret(world: World) -> None:
    hook = f"http://{world.site.host}/hook/{world.secrets['webhook']}"
    settings = {"corpus": {"url": [text_url(world, "${CORPUS_PASSWORD}", "${CORPUS_TOKEN}")], "attempts": 1}}
    program = world.home.parent / "flow.py"
    program.write_text(
        "from stagecraft.servers.environment import prepare\n"
        "from stagecraft.files.home import open_home\n"
        "from seqstep_cli import NAMES\n"
        "prepare(open_home(NAMES, None))\n"
        "from flows.pipeline import text\n"
        f"text('quick', {settings!r}, until='verify')\n"
    )
    wrong = {"CORPUS_PASSWORD": world.secrets["password"], "CORPUS_TOKEN": "wrong"}
    done = subprocess.run(
        [sys.executable, str(program)],
        env=world.environment | wrong | {"SEQSTEP_WEBHOOK": hook, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    world.said.append(done.stdout + done.stderr)
    reason = (
        f"expected a text from http://me:${{CORPUS_PASSWORD}}@{world.site.host}/text?token=${{CORPUS_TOKEN}}"
    )
    (message,) = world.site.messages
    assert message["run"] == "text quick" and message["stages"]["download"].startswith(reason)
    assert reason in message["text"]
    api, auth = world.environment["PREFECT_API_URL"], ("me", world.secrets["prefect"])

    def tells_why(kind: str) -> bool:
        found = ask_prefect("POST", f"{api}/{kind}/filter", {}, auth=auth)
        failed = [run["state"]["message"] for run in found if run["state"]["type"] == "FAILED"]
        return any(reason in text for text in failed)

    assert tells_why("flow_runs")
    until(lambda: tells_why("task_runs"))  # the server takes note of tasks in batches
    assert world.leaks() == []


@pytest.mark.parametrize("debug", [pytest.param([], marks=pytest.mark.soak), ["--debug"]])
def test_a_database_that_can_not_be_reached_is_told_without_its_password(
    world: World, debug: list[str]
) -> None:
    address = f"me:{world.secrets['database']}@127.0.0.1:{free_port()}/db"
    run = ["seqstep_cli.main", "run", "--until", "series", *debug]
    mlflow = world.call(*run, MLFLOW_TRACKING_URI=f"http://{address}")
    assert mlflow.returncode == 1 and "MLflow at http://***@127.0.0.1" in mlflow.stderr
    unset = {"PREFECT_API_URL": "", "PREFECT_API_AUTH_STRING": ""}
    prefect = world.call(
        *run,
        PREFECT_API_DATABASE_CONNECTION_URL=f"postgresql+asyncpg://{address}",
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="10",
        **unset,
    )
    assert prefect.returncode == 1
    assert world.leaks() == []
