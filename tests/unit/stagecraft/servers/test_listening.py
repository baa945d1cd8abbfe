"""Where servers listen, and what they are called there."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from mlflow.server.security_utils import is_allowed_host_header, should_block_cors_request

from seqstep_cli import NAMES
from stagecraft.errors import ServerError, UsageError
from stagecraft.files.home import Home
from stagecraft.servers.listening import check_port, is_loopback, reachable
from stagecraft.servers.server import Server, servers_of
from tests.conftest import free_port


class Taken(NamedTuple):
    """An address where somebody listens."""

    host: str
    port: int


@pytest.fixture(params=["127.0.0.1", "::1"])
def taken(request: pytest.FixtureRequest) -> Iterator[Taken]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as server:
        try:
            server.bind((request.param, 0))
        except OSError:
            pytest.skip(f"this machine has no {request.param}")
        server.listen()
        yield Taken(request.param, server.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_is_known_by_address_and_by_name(host: str) -> None:
    assert is_loopback(host)


def test_every_other_address_is_open_to_others() -> None:
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("::")
    assert not is_loopback("192.0.2.1")
    with pytest.raises(UsageError, match="expected an address of this machine in --host, got 'no host'"):
        is_loopback("no host")


def test_where_a_server_can_be_asked_follows_from_where_it_listens() -> None:
    hosts = ["127.0.0.1", "0.0.0.0", "::1", "::", "fd00::2", "host1"]
    asked = ["127.0.0.1", "127.0.0.1", "[::1]", "[::1]", "[fd00::2]", "host1"]
    assert [reachable(host) for host in hosts] == asked


def test_a_port_in_use_is_told_from_an_address_that_can_not_be_had(taken: Taken) -> None:
    with pytest.raises(ServerError, match=f"expected port {taken.port} to be free for it, got one in use"):
        check_port("it", taken.host, taken.port, "--port")
    with pytest.raises(UsageError, match=r"it to listen at 192\.0\.2\.1, port \d+, got: Cannot assign"):
        check_port("it", "192.0.2.1", taken.port, "--port")


def test_a_free_port_is_free_again_at_once(taken: Taken) -> None:
    port = free_port()
    check_port("it", taken.host, port, "--port")
    check_port("it", taken.host, port, "--port")


def options(server: Server) -> dict[str, str]:
    words = list(server.command)
    return {word: words[number + 1] for number, word in enumerate(words[:-1]) if word.startswith("--")}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_mlflow_answers_to_whoever_is_let_in_from_elsewhere_and_to_nobody_else(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, mlflow, _ = servers_of(Home(tmp_path, NAMES), 4200, 5000, host)
    hosts, origins = (
        options(mlflow)[name].split(",") for name in ("--allowed-hosts", "--cors-allowed-origins")
    )
    name = host if host == "192.0.2.1" else socket.gethostname()
    for known in (name, reachable(host)):
        assert is_allowed_host_header(hosts, f"{known}:5000")
        assert not should_block_cors_request(f"http://{known}:5000", "POST", origins)
    assert not is_allowed_host_header(hosts, "evil.example:5000")
    assert should_block_cors_request("http://evil.example", "POST", origins)
    monkeypatch.setenv("MLFLOW_SERVER_ALLOWED_HOSTS", "mlflow.example.org")
    assert "--allowed-hosts" not in options(servers_of(Home(tmp_path, NAMES), 4200, 5000, host)[1])


def test_on_loopback_mlflow_keeps_its_own_list(tmp_path: Path) -> None:
    _, mlflow, worker = servers_of(Home(tmp_path, NAMES), 4200, 5000, "::1")
    assert "--allowed-hosts" not in options(mlflow)
    assert worker.settings["PREFECT_API_URL"] == "http://[::1]:4200/api"
