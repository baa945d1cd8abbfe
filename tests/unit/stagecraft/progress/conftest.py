"""A chat room on loopback that is told of failures."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest


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
