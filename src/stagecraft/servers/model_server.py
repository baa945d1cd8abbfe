"""The server of one registered model, as a child process."""

import json
import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from secrecy import quote
from stagecraft.errors import UsageError
from stagecraft.servers.listening import known_names, reachable
from stagecraft.servers.server import Server

# For a request.
_TIME = "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT"


def model_server(
    title: str, folder: Path, tracking_uri: str, host: str, port: int, known_as: Sequence[str] = ()
) -> Server:
    """Lay out the server of a model.

    Args:
        title: for messages and for the name of its log.
        folder: the model's files, as MLflow wrote them.
        tracking_uri: the store; left alone, MLflow would make one in the current directory.
        host: an address of this machine to listen at.
        known_as: more names of this machine, besides its own.

    Raises:
        UsageError: one of the names can't be that of a machine, or the time for a request can't be read.
    """
    time = os.environ.get(_TIME)
    if time is not None and not re.fullmatch("[1-9][0-9]{0,8}", time):
        raise UsageError(f"expected whole seconds, 1 at least, in {_TIME}, got {quote(time)}; correct it")
    url = f"http://{reachable(host)}:{port}"
    program = [sys.executable, "-P", "-m", "stagecraft.servers.scoring"]
    command = [*program, str(folder), host, str(port), *known_names(host, known_as)]
    return Server(title, command, url, f"{url}/ping", {"MLFLOW_TRACKING_URI": tracking_uri}, "--port")


def example_command(server: Server, folder: Path) -> str:
    """Write a request with the model's own example, ready to be pasted into a shell."""
    example = json.dumps(json.loads((folder / "serving_input_example.json").read_bytes()))
    header = "Content-Type: application/json"
    return shlex.join(["curl", "-H", header, "-d", example, f"{server.url}/invocations"])
