"""The temporary server of a home: one for all who need it, and none when nobody does."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from seqstep_cli import NAMES
from stagecraft.errors import ServerError
from stagecraft.files.home import Home
from stagecraft.servers import temporary
from stagecraft.servers.temporary import temporary_server
from tests.e2e.servers import environment_without
from tests.patience import until

_USER = """
import sys
from pathlib import Path
from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.temporary import temporary_server
with temporary_server(Home(Path(sys.argv[1]), NAMES)) as address:
    print(address, flush=True)
    sys.stdin.read()
print("done", flush=True)
"""


class User:
    """A process that uses the server of a home until it is told to end."""

    def __init__(self, home: Home) -> None:
        environment = environment_without("PREFECT_") | {"PREFECT_HOME": str(home.private / "prefect")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _USER, str(home.root)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def address(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def end(self) -> str:
        """End it; return what it says, once nobody holds its standard output."""
        return self.process.communicate()[0]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home", NAMES)
    home.private.mkdir(parents=True)
    return home


@pytest.fixture
def start(home: Home) -> Iterator[Callable[[], User]]:
    """Start users."""
    users: list[User] = []

    def start() -> User:
        users.append(User(home))
        return users[-1]

    yield start
    for user in users:
        user.process.kill()
        user.end()


def servers(home: Home) -> list[psutil.Process]:
    """Find the servers of a home."""
    processes = psutil.process_iter(["cmdline"])
    return [process for process in processes if {temporary._PROGRAM, str(home.root)} <= set(_words(process))]


def _words(process: psutil.Process) -> list[str]:
    return process.info["cmdline"] or []


@pytest.mark.thorough
def test_users_that_begin_at_once_have_one_server_that_ends_with_the_last(
    home: Home, start: Callable[[], User]
) -> None:
    first, second = start(), start()
    address = first.address()
    assert second.address() == address
    assert len(servers(home)) == 1
    assert first.end() == "done\n"
    assert requests.get(f"{address}/health", timeout=60).ok
    for header in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        assert requests.get(f"{address}/health", headers=header, timeout=60).status_code == 403
    assert second.end() == "done\n"
    assert servers(home) == []


@pytest.mark.thorough
def test_the_server_of_users_that_were_killed_ends_by_itself_and_so_does_one_that_was_starting(
    home: Home, start: Callable[[], User]
) -> None:
    starting = start()
    until(lambda: servers(home))
    starting.process.send_signal(signal.SIGKILL)
    until(lambda: not servers(home))
    using = start()
    assert using.address()
    using.process.send_signal(signal.SIGKILL)
    using.end()  # the server does not hold its standard output
    until(lambda: not servers(home))


@pytest.mark.thorough
def test_a_server_that_does_not_start_is_told_with_the_place_of_its_log(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporary, "_PROGRAM", "no.such.program")
    with pytest.raises(ServerError, match=r"ended; see .*temporary\.log"), temporary_server(home):
        pass
    assert "No module named" in (home.private / "logs" / "temporary.log").read_text()
