"""Where servers listen, and what they are called there."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seqstep_cli import NAMES
from stagecraft.errors import ServerError, UsageError
from stagecraft.files.home import Home
from stagecraft.servers.layout import servers_of
from stagecraft.servers.listening import check_port, is_loopback, known_names, reachable
from stagecraft.servers.model_server import model_server
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


@pytest.mark.parametrize(
    "host",
    [
        "no host",
        "a..b",
        ".",
        "a" * 300,
        "\uff0e127.0.0.1",
        "\udcff",
        "a\0b",
        "127.0.0.1\0",
        "\xad",
        "",
        "１27.0.0.1",
    ],
)
def test_what_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="expected an address of this machine in --host, got '"):
        is_loopback(host)


@pytest.mark.parametrize(
    ("host", "meant"),
    [("0", "0.0.0.0"), ("0x7f000001", "127.0.0.1"), ("127.1", "127.0.0.1"), ("2130706433", "127.0.0.1")],
)
def test_a_number_that_stands_for_an_address_is_refused_with_that(host: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"expected an address in --host, got '{host}'; write {meant} if"):
        is_loopback(host)


def test_the_last_dot_of_a_name_says_nothing() -> None:
    assert "proxy.example" in known_names("127.0.0.1", ["Proxy.Example."])


@pytest.mark.parametrize("time", ["abc", "", "0", "-1", "1.5", "1e3", "9" * 5000])
def test_a_time_for_requests_that_can_not_be_read_is_refused(
    time: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", time)
    with pytest.raises(UsageError, match="expected whole seconds, 1 at least, in MLFLOW_SCORING_SERVER"):
        model_server("serve", tmp_path, "sqlite://", "127.0.0.1", 5001)


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


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0", "::", "192.0.2.1"])
def test_both_servers_are_told_this_machines_names_alike(host: str, tmp_path: Path) -> None:
    prefect, mlflow, _ = servers_of(Home(tmp_path, NAMES), 4200, 5000, host, ["ml.example.org"])
    own = reachable(host), "localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()
    names = {*own, "ml.example.org"}
    for server, port in ((prefect, "4200"), (mlflow, "5000")):
        at = list(server.command).index(port)
        assert server.command[at - 1] == host and names <= set(server.command[at + 1 :])


@pytest.mark.parametrize("name", ["", "http://a", "a:4200", "a b", "a,b", "*", "[::1]"])
def test_what_can_be_no_name_of_a_machine_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the name of a machine in --known-as, without a port"):
        servers_of(Home(tmp_path, NAMES), known_as=[name])


def test_the_worker_is_told_where_the_servers_are(tmp_path: Path) -> None:
    *_, worker = servers_of(Home(tmp_path, NAMES), 4200, 5000, "::1")
    assert worker.settings["PREFECT_API_URL"] == "http://[::1]:4200/api"
    assert worker.settings["MLFLOW_TRACKING_URI"] == "http://[::1]:5000"
