"""A Prefect server that fails during a run."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from seqstep_cli import NAMES
from stagecraft import disks
from stagecraft.errors import ServerError, UsageError
from stagecraft.prefect.health import answering, check_server


@pytest.mark.parametrize(
    ("room", "advice"),
    [(1000, "the disk of {} has 1,000 bytes left; free some space there, or"), (1 << 40, "run again, which")],
)
def test_what_it_says_comes_with_the_disk_that_is_full_if_one_is(
    room: int, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "_places", {tmp_path: "set HERE to another"})
    monkeypatch.setattr(disks, "room", lambda _: room)
    with pytest.raises(ServerError) as caught, answering():
        raise httpx.ReadTimeout("no answer\nin ten lines")
    assert str(caught.value).startswith(f"Prefect's server failed: no answer; {advice.format(tmp_path)}")


class _Locked(BaseHTTPRequestHandler):
    """Answers to questions about its health, and asks for a password else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/health" else 401)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class _Another(_Locked):
    """Answers whatever it is asked."""

    answer = b"hello"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer)


class _JSON(_Another):
    answer = b'{"hello": 1}'


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (_Locked, "got status 401; set PREFECT_API_AUTH_STRING"),
        (_Another, "got an answer that is none of Prefect's (JSONDecodeError); start it"),
        (_JSON, "got an answer that is none of Prefect's (ValueError); start it"),
    ],
)
def test_a_server_that_is_of_no_use_is_told_with_the_way_out(
    answers: type[BaseHTTPRequestHandler], words: str
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/api"
        with temporary_settings({PREFECT_API_URL: url}), pytest.raises(ServerError) as caught:
            check_server(NAMES)
        server.shutdown()
    assert words in str(caught.value)


def test_other_errors_are_let_through() -> None:
    with pytest.raises(KeyError), answering():
        raise KeyError("stage")


@pytest.mark.parametrize(
    "url", ["x", "ftp://h/api", "http://", "http://h:x/api", "http://h\x01/", "http://h:99999/api"]
)
def test_what_is_no_address_of_a_server_is_refused_in_words(url: str) -> None:
    with temporary_settings({PREFECT_API_URL: url}), pytest.raises(UsageError) as caught:
        check_server(NAMES)
    assert str(caught.value).startswith("expected PREFECT_API_URL to be the address of a server, got ")
