"""MLflow's scoring server for one registered model, as a child process."""

import json
import shlex
import sys
from pathlib import Path

from stagecraft.names import Names
from stagecraft.servers.listening import reachable
from stagecraft.servers.server import Server


def model_variable(names: Names) -> str:
    """Tell which variable names the folder of the model that a server is to answer with."""
    return names.variable("SERVED_MODEL")


def model_server(
    names: Names, app: str, title: str, folder: Path, tracking_uri: str, host: str, port: int
) -> Server:
    """Lay out the server of a model.

    Args:
        app: makes the application, as `module:function`, of the folder that `model_variable` names.
        title: for messages and for the name of its log.
        folder: the model's files, as MLflow wrote them.
        tracking_uri: the store; left alone, MLflow would make one in the current directory.
        host: an address of this machine to listen at.
    """
    url = f"http://{reachable(host)}:{port}"
    uvicorn = [sys.executable, "-m", "uvicorn", "--factory", app, "--host", host, "--port", str(port)]
    settings = {model_variable(names): str(folder), "MLFLOW_TRACKING_URI": tracking_uri}
    return Server(title, uvicorn, url, f"{url}/ping", settings, "--port")


def example_command(server: Server, folder: Path) -> str:
    """Write a request with the model's own example, ready to be pasted into a shell."""
    example = json.dumps(json.loads((folder / "serving_input_example.json").read_bytes()))
    header = "Content-Type: application/json"
    return shlex.join(["curl", "-H", header, "-d", example, f"{server.url}/invocations"])
