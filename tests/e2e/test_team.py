"""A team's set-up: servers on PostgreSQL, and homes that share no folder, as on machines of their own."""

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.layout import servers_of
from stagecraft.servers.server import Server, running
from tests.conftest import free_port
from tests.e2e.servers import ROOT, TINY, Up, environment_without
from tests.patience import PATIENCE_S

WORK_POOL = "--no-prompt", "work-pool", "create", "local", "--type", "process", "--overwrite"
DEPLOY = "--no-prompt", "deploy", "--all"
SETTINGS = [f"rnn.{name}={value}" for name, value in TINY.items()]

pytestmark = pytest.mark.soak


def programs() -> Path | None:
    """Find PostgreSQL's programs, which Debian keeps off the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A database server with the databases `prefect` and `mlflow`; returns `user@host:port`."""
    bin_ = programs()
    if bin_ is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    # It refuses to be run by root, and another user can't look into pytest's own folders.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="seqstep-postgres-"))
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()

    def call(program: str, *argv: str) -> None:
        command = [bin_ / program, *argv]
        done = subprocess.run(command, capture_output=True, text=True, user=user, cwd=folder, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    call("initdb", "--auth=trust", "--username=seqstep", "--no-sync", "-D", str(data))
    patiently = ("-w", "-t", str(PATIENCE_S))
    listen = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -p {port}"
    call("pg_ctl", "-D", str(data), "-l", str(folder / "log"), *patiently, "-o", listen, "start")
    try:
        for name in ("prefect", "mlflow"):
            call("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "seqstep", name)
        yield f"seqstep@127.0.0.1:{port}"
    finally:
        call("pg_ctl", "-D", str(data), *patiently, "-m", "fast", "stop")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def team(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The two servers and a worker with homes of their own, and the home of somebody who uses them."""
    homes = {name: tmp_path_factory.mktemp(name) for name in ("servers", "worker", "client")}
    prefect, mlflow, worker = servers_of(Home(homes["servers"], NAMES), free_port(), free_port())
    clean = environment_without("PREFECT_", "MLFLOW_", "SEQSTEP_HOME")
    addresses = {"PREFECT_API_URL": f"{prefect.url}/api", "MLFLOW_TRACKING_URI": mlflow.url}

    def at(name: str) -> dict[str, str]:
        home = {"SEQSTEP_HOME": str(homes[name]), "PREFECT_HOME": str(homes[name] / "prefect")}
        return {**home, "PREFECT_WORKER_QUERY_SECONDS": "1"}

    database = {"PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{postgres}/prefect"}
    store = {
        "MLFLOW_BACKEND_STORE_URI": f"postgresql+psycopg2://{postgres}/mlflow",
        "MLFLOW_ARTIFACTS_DESTINATION": str(homes["servers"] / "artifacts"),
    }
    servers = [
        Server("prefect", prefect.command, prefect.url, prefect.health, at("servers") | database),
        Server("mlflow", mlflow.command, mlflow.url, mlflow.health, at("servers") | store),
        Server("worker", worker.command, "", worker.health, at("worker") | addresses),
    ]
    # Deployed from a checkout that is gone when the worker runs: its own lies elsewhere.
    checkout = tmp_path_factory.mktemp("checkout")
    with running(servers[:2], homes["servers"] / "logs") as started:
        up = Up(clean | at("client") | addresses, prefect.url, mlflow.url, homes["client"])
        for name in ("flows", "prefect.yaml"):
            (checkout / name).symlink_to(ROOT / name)
        for argv in (WORK_POOL, DEPLOY):
            up.call("prefect", *argv, cwd=checkout)
        shutil.rmtree(checkout)
        started.start(servers[2])
        yield up


def test_a_worker_elsewhere_runs_the_pipeline_once(team: Up) -> None:
    first = team.trigger("pipeline/quick", settings={"rnn": TINY})
    assert team.ends(first) == "COMPLETED"
    assert team.tasks(first, 12) == {"Completed": 12}
    second = team.trigger("pipeline/quick", settings={"rnn": TINY})
    assert team.ends(second) == "COMPLETED"
    assert team.tasks(second, 12) == {"Cached": 12}


def test_what_the_worker_computed_is_cached_for_the_client(team: Up) -> None:
    assert not (team.home / ".seqstep" / "results").exists()
    plan = team.seqstep("plan", "--set", *SETTINGS)
    assert {stage["state"] for stage in plan["stages"]} == {"cached"}
    run = team.seqstep("run", "--set", *SETTINGS)
    assert Counter(stage["state"] for stage in run["stages"]) == {"cached": 12}
    assert team.seqstep("doctor")["findings"] == []


def test_its_models_answer_at_the_client(team: Up) -> None:
    text = team.seqstep("generate", "--prefix", "the keeper", "--length", "5")["text"]
    assert text.startswith("the keeper") and len(text) == len("the keeper") + 5


def test_what_the_client_computes_is_cached_for_the_worker(team: Up) -> None:
    smaller = {**TINY, "hidden": 7}
    run = team.seqstep("run", "--set", *SETTINGS, "rnn.hidden=7", "--until", "train_rnn")
    made = {stage["name"] for stage in run["stages"] if stage["state"] == "completed"}
    assert "train_rnn" in made
    deployed = team.trigger("pipeline/quick", settings={"rnn": smaller}, until="train_rnn")
    assert team.ends(deployed) == "COMPLETED"
    assert team.tasks(deployed, 5) == {"Cached": 5}
