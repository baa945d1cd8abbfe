"""MLflow's scoring server for one registered model, as a child process."""

import ipaddress
import json
import shlex
import socket
import sys
from pathlib import Path

from stagecraft.errors import UsageError
from stagecraft.servers import Server

_APP = "stagecraft.tracking.scoring:make_app"


def model_server(title: str, folder: Path, tracking_uri: str, host: str, port: int) -> Server:
    """Lay out the server of a model.

    Args:
        title: for messages and for the name of its log.
        folder: the model's files, as MLflow wrote them.
        tracking_uri: the store; left alone, MLflow would make one in the current directory.
        host: an address of this machine to listen at.
    """
    url = f"http://{_reachable(host)}:{port}"
    uvicorn = [sys.executable, "-m", "uvicorn", "--factory", _APP, "--host", host, "--port", str(port)]
    settings = {"SEQSTEP_SERVED_MODEL": str(folder), "MLFLOW_TRACKING_URI": tracking_uri}
    return Server(title, uvicorn, url, f"{url}/ping", settings, "--port")


def example_command(server: Server, folder: Path) -> str:
    """Write a request with the model's own example, ready to be pasted into a shell."""
    example = json.dumps(json.loads((folder / "serving_input_example.json").read_bytes()))
    header = "Content-Type: application/json"
    return shlex.join(["curl", "-H", header, "-d", example, f"{server.url}/invocations"])


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    Raises:
        UsageError: it is no address of a network.
    """
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise UsageError(f"expected an address of this machine in --host, got {host!r}: {error}") from None
    return all(ipaddress.ip_address(address).is_loopback for address in found)


def _reachable(host: str) -> str:
    """Turn an address to listen at into one that can be asked."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  (compared with, not bound to)
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"  # noqa: S104
    return f"[{host}]" if ":" in host else host
