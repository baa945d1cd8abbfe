"""The token of Prefect's server: made once, for its user alone, and told to no other server."""

import os
import subprocess

import psutil
import pytest

from stagecraft.cache.results import Results
from stagecraft.errors import HomeError, ServerError
from stagecraft.files.home import Home
from stagecraft.servers.announcement import announcing
from stagecraft.servers.environment import prepare
from stagecraft.servers.layout import servers_of
from stagecraft.servers.token import Token, token_of
from stagecraft.upkeep.backup import back_up

OWN = {"PREFECT_API_URL": "http://127.0.0.1:4200/api", "PREFECT_API_AUTH_STRING": "seqstep:secret"}


@pytest.fixture(autouse=True)
def private(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.private.mkdir(parents=True, exist_ok=True)
    for name in (*OWN, "PREFECT_SERVER_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)


def test_a_token_is_made_where_one_is_wanted_and_stays_the_same(home: Home) -> None:
    assert not token_of(home, wanted=False) and not home.token.exists()
    token = token_of(home, wanted=True)
    assert len(token.value) > 40 and token.value.startswith("seqstep:")
    assert home.token.stat().st_mode & 0o777 == 0o600
    assert token_of(home, wanted=True) == token


@pytest.mark.parametrize(
    "content", [b"", b"\n", b" \n", b"seqstep", b"seqstep:", b"\xff\xfe:\x80", b"a:b\nc:d"]
)
def test_what_is_no_token_is_made_anew(home: Home, content: bytes) -> None:
    home.token.write_bytes(content)
    home.token.chmod(0o600)
    token = token_of(home, wanted=True)
    assert len(token.value) > 40 and token_of(home, wanted=True) == token


def test_what_is_no_file_is_refused_by_name(home: Home) -> None:
    home.token.mkdir()
    with pytest.raises(HomeError, match=f"expected a file with a token at {home.token}"):
        token_of(home, wanted=True)


def test_one_that_others_could_read_is_made_anew(home: Home) -> None:
    before = token_of(home, wanted=True)
    home.token.chmod(0o640)
    after = token_of(home, wanted=True)
    assert after.value != before.value and home.token.stat().st_mode & 0o777 == 0o600


def test_a_users_own_is_used_and_lies_nowhere(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "me:mine \\n $x")
    for wanted in (False, True):
        assert token_of(home, wanted).value == "me:mine \\n $x"
    assert not home.token.exists()
    assert shell(token_of(home, wanted=True)) == "me:mine \\n $x"


def shell(token: Token) -> str:
    """Say a token as `up` prints it; return what programs hear then."""
    command = f"export {token.assignment}; printenv PREFECT_API_AUTH_STRING"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    shown = subprocess.run(["sh", "-c", token.command], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == done.stdout.strip()
    return done.stdout.strip()


def test_what_is_printed_leads_to_it_and_does_not_hold_it(home: Home) -> None:
    token = token_of(home, wanted=True)
    assert shell(token) == token.value
    assert token.value not in token.command + token.assignment


def test_no_command_line_holds_it_but_server_worker_and_question_do(home: Home) -> None:
    token = token_of(home, wanted=True)
    prefect, mlflow, worker = servers = servers_of(home, token=token)
    assert not any(token.value in word for server in servers for word in server.command)
    assert prefect.settings["PREFECT_SERVER_API_AUTH_STRING"] == token.value
    assert worker.settings["PREFECT_API_AUTH_STRING"] == token.value
    assert worker.headers["Authorization"].startswith("Basic ") and not mlflow.headers
    assert token.value not in repr(servers)


@pytest.mark.thorough
def test_runs_of_the_home_say_it_and_no_message_does(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with announcing(home) as announce:
        announce(OWN, {"prefect": psutil.Process()})
        assert (home.private / "servers.json").stat().st_mode & 0o777 == 0o600
        monkeypatch.setattr(os, "environ", environ := dict(os.environ))
        prepare(home)
        assert environ.items() >= OWN.items()
        with pytest.raises(ServerError, match="are up already") as caught, announcing(home):
            pass
    assert "4200" in str(caught.value) and "secret" not in str(caught.value)


def test_a_server_of_others_is_not_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with announcing(home) as announce:
        announce(OWN, {"prefect": psutil.Process()})
        environ = {**os.environ, "PREFECT_API_URL": "http://elsewhere:4200/api"}
        monkeypatch.setattr(os, "environ", environ)
        prepare(home)
    assert "PREFECT_API_AUTH_STRING" not in environ


def test_it_is_in_no_backup(home: Home) -> None:
    token = token_of(home, wanted=True)
    file = home.root / "archive.tar"
    with file.open("wb") as opened:
        back_up(home, Results(home, home.root.joinpath), opened)
    content = file.read_bytes()
    assert token.value.encode() not in content and home.token.name.encode() not in content
