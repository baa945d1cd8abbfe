"""Real servers, as `seqstep up` starts them."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import free_port
from tests.e2e.servers import ROOT, Up, environment_without


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    home = tmp_path_factory.mktemp("home")
    environment = environment_without("PREFECT_", "MLFLOW_")
    environment |= {"SEQSTEP_HOME": str(home), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    command = [sys.executable, "-m", "seqstep_cli.main", "up", "--json"]
    ports = ["--prefect-port", str(free_port()), "--mlflow-port", str(free_port())]
    with subprocess.Popen(
        [*command, *ports],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        urls = json.loads(process.stdout.readline())
        addresses = {"PREFECT_API_URL": f"{urls['prefect']}/api", "MLFLOW_TRACKING_URI": urls["mlflow"]}
        environment |= addresses | {"PREFECT_HOME": str(home / ".seqstep/prefect")}
        yield Up(environment, urls["prefect"], urls["mlflow"], home, process.pid)
        process.terminate()


@pytest.fixture(scope="module")
def deployed(up: Up) -> None:
    """Make the deployments known to the servers."""
    up.call("prefect", "--no-prompt", "deploy", "--all")
