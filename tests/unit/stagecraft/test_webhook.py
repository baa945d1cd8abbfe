import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
import requests

from stagecraft.errors import StageFailedError
from stagecraft.progress import Outcome
from stagecraft.webhook import death, failure, send
from tests.patience import PATIENCE_S, until


class ChatRoom(ThreadingHTTPServer):
    """Keeps the messages that it is sent; some paths answer otherwise."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.messages: list[Any] = []
        self.closing = Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class _Answers(BaseHTTPRequestHandler):
    server: ChatRoom

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append(json.loads(body))
        if "hangs" in self.path:
            self.server.closing.wait()
        self.send_response(503 if "fails" in self.path else 200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def room() -> Iterator[ChatRoom]:
    with ChatRoom() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


def outcomes() -> list[Outcome]:
    reason = "http://me:SECRET@host/text answered with status 500; try again later"
    return [
        Outcome(name="download", state="failed", reason=reason.replace("me:SECRET", "***"), exit_status=1),
        Outcome(name="verify", state="skipped", reason="after download"),
    ]


def test_a_message_says_which_stage_failed_and_why_in_one_sentence_and_in_fields(room: ChatRoom) -> None:
    words = "download: http://me:SECRET@host/text answered with status 500; try again later"
    message = failure("pipeline quick", StageFailedError(words, 1, "abc", outcomes()))
    assert send(room.url("/SECRET"), message, 5)
    (sent,) = room.messages
    reason = "http://***@host/text answered with status 500; try again later"
    assert sent["text"] == f"pipeline quick failed on {sent['host']}: download: {reason}"
    assert (sent["run"], sent["run_id"], sent["exit_status"], sent["status"], sent["stages"]) == (
        "pipeline quick", "abc", 1, "failed", {"download": reason},
    )  # fmt: skip


def test_a_run_that_was_found_dead_is_told_as_killed(room: ChatRoom) -> None:
    assert send(room.url("/"), death("pipeline quick", "abc"), 5)
    (sent,) = room.messages
    assert (sent["status"], sent["run_id"]) == ("killed", "abc") and "its process died" in sent["text"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/fails/SECRET", "status 503"), ("/hangs/SECRET", "ReadTimeout"), ("", "ConnectionError"), ("x", "")],
)
def test_a_message_that_can_not_be_delivered_is_one_warning_without_the_url(
    room: ChatRoom, closed_port: int, path: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    timeout_s = 0.5 if "hangs" in path else PATIENCE_S
    url = room.url(path) if path.startswith("/") else f"http://127.0.0.1:{closed_port}/SECRET"
    with caplog.at_level(logging.WARNING, "stagecraft"):
        assert not send(
            "not a URL SECRET" if path == "x" else url, failure("text quick", OSError()), timeout_s
        )
    (record,) = caplog.records
    assert reason in record.message and "SECRET" not in record.message and "text quick" in record.message
    until(lambda: len(room.messages) == (1 if path.startswith("/") else 0))


def test_an_error_of_a_library_is_told_by_its_type_and_without_secrets() -> None:
    error = requests.ConnectionError("no way to http://me:SECRET@host/?t=SECRET")
    assert "SECRET" not in failure("text quick", error).model_dump_json()
