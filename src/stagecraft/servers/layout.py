"""The servers of a home, as `up` starts them: Prefect's, MLflow's and a worker."""

import sys
from collections.abc import Sequence

from stagecraft.files.home import Home
from stagecraft.servers.environment import QUIET
from stagecraft.servers.listening import LOOPBACK, known_names, reachable
from stagecraft.servers.server import Server
from stagecraft.servers.token import SERVER_VARIABLE, Token

POOL = "local"


def servers_of(
    home: Home,
    prefect_port: int = 4200,
    mlflow_port: int = 5000,
    host: str = LOOPBACK,
    known_as: Sequence[str] = (),
    token: Token = Token(),  # noqa: B008  (it can't be changed)
) -> list[Server]:
    """Lay out the servers of a project: both records lie in its home.

    Args:
        host: the address to listen on; of all addresses, programs of this machine use loopback.
        known_as: more names of this machine, besides its own.
        token: lets clients of Prefect's server in.

    Raises:
        UsageError: one of the names can't be that of a machine.
    """
    prefect, mlflow = (f"http://{reachable(host)}:{port}" for port in (prefect_port, mlflow_port))
    known = known_names(host, known_as)
    return [
        Server(
            "prefect",
            [sys.executable, "-P", "-m", "stagecraft.prefect.server", host, str(prefect_port), *known],
            prefect,
            f"{prefect}/api/health",
            # Its pages ask the server that they came from, by the name under which they were opened.
            {"PREFECT_UI_API_URL": "/api", **({SERVER_VARIABLE: token.value} if token else {})},
        ),
        Server(
            "mlflow",
            [sys.executable, "-P", "-m", "stagecraft.servers.tracking", host, str(mlflow_port), *known],
            mlflow,
            f"{mlflow}/health",
            {"MLFLOW_BACKEND_STORE_URI": home.store, "MLFLOW_ARTIFACTS_DESTINATION": str(home.artifacts)},
        ),
        Server(
            "worker",
            [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"],
            # It makes its pool when it starts.
            health=f"{prefect}/api/work_pools/{POOL}",
            headers=token.headers,
            settings={
                "PREFECT_API_URL": f"{prefect}/api",
                "MLFLOW_TRACKING_URI": mlflow,
                **token.variables,
                "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
                # Flows write to a pipe of the worker's; they would end at their next line if it is killed.
                "PREFECT_LOGGING_CONFIG_PATH": str(QUIET),
            },
        ),
    ]
