"""The program that serves a model, with requests that are too long, too many, given up, or none."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import pytest
import requests

from stagecraft.servers.model_server import model_server
from stagecraft.servers.server import running
from tests.conftest import free_port
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.thorough

MIB = 1 << 20
# Goes on as long as the file is there that the text names, and makes it longer; else answers at once.
MODEL = """
from pathlib import Path
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

class Model(PythonModel):
    def predict(self, context, model_input: list[str], params=None) -> list[str]:
        (text,) = model_input
        while (file := Path(text)).is_file():
            with file.open("a") as opened:
                opened.write(".")
        if text == "break":
            raise KeyError(text)
        return [text]

set_model(Model())
"""


class Served(NamedTuple):
    """A server, and where it logs."""

    url: str
    log: Path

    @property
    def place(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)

    def send(self, *parts: bytes) -> tuple[int, str, bytes]:
        """Send bytes; return the answer's status, the type of its content, and that."""
        with socket.create_connection(self.place, timeout=PATIENCE_S) as connection:
            with suppress(OSError):  # it may have answered before it has all
                for part in parts:
                    connection.sendall(part)
            answer = HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()

    def begin(self, text: str) -> socket.socket:
        """Ask for a prediction, and do not wait for the answer."""
        connection = socket.create_connection(self.place, timeout=PATIENCE_S)
        body = json.dumps({"inputs": [text]}).encode()
        connection.sendall(head(f"Content-Length: {len(body)}") + body)
        return connection


def head(*lines: str, path: str = "/invocations", method: str = "POST") -> bytes:
    """Write the head of a request that closes its connection."""
    usual = ["Host: localhost", "Connection: close", "Content-Type: application/json"]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *usual, *lines, "", ""]).encode()


def chunks(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("model")
    (place / "code.py").write_text(MODEL)
    mlflow.pyfunc.save_model(place / "model", python_model=place / "code.py", pip_requirements=[])
    server = model_server("serve", place / "model", f"sqlite:///{place}/mlflow.db", "127.0.0.1", free_port())
    with running([server], place):
        yield Served(server.url, place / "serve.log")


@pytest.fixture
def long(tmp_path: Path, served: Served) -> Iterator[Callable[[], tuple[socket.socket, Path]]]:
    """Begin requests that do not end; gives the connection of each, and the file that it makes longer."""
    with ExitStack() as opened:

        def begin() -> tuple[socket.socket, Path]:
            file = tmp_path / str(len(list(tmp_path.iterdir())))
            file.touch()
            opened.callback(file.unlink, missing_ok=True)
            return opened.enter_context(served.begin(str(file))), file

        yield begin


def sizes(files: Sequence[Path]) -> list[int]:
    return [file.stat().st_size for file in files]


def test_short_requests_are_answered_beside_twenty_long_ones(
    served: Served, long: Callable[[], tuple[socket.socket, Path]]
) -> None:
    files = [long()[1] for _ in range(20)]
    until(lambda: all(sizes(files)))
    answer = requests.post(f"{served.url}/invocations", json={"inputs": ["short"]}, timeout=PATIENCE_S)
    assert answer.json() == {"predictions": ["short"]}
    before = sizes(files)
    until(lambda: all(now > then for now, then in zip(sizes(files), before, strict=True)))


def test_the_work_for_a_client_that_has_gone_stops(
    served: Served, long: Callable[[], tuple[socket.socket, Path]]
) -> None:
    (connection, file), (_, other) = long(), long()
    until(lambda: all(sizes([file, other])))
    connection.close()

    def has_stopped() -> bool:
        before, others = sizes([file, other])
        until(lambda: other.stat().st_size > others)
        return file.stat().st_size == before

    until(has_stopped)
    assert "nobody waits for a request any more" in served.log.read_text()


BODY = b'{"inputs": ["%s"]}' % (b"a" * MIB)


@pytest.mark.parametrize(
    "parts",
    [
        (head(f"Content-Length: {len(BODY)}"), BODY),
        (head("Transfer-Encoding: chunked"), chunks(BODY)),
        (head("Content-Length: 5", "Transfer-Encoding: chunked"), chunks(BODY)),
        (head("Expect: 100-continue", f"Content-Length: {len(BODY)}"),),
    ],
    ids=["by-length", "by-chunks", "by-both", "before-it-is-sent"],
)
def test_a_request_that_is_too_long_is_refused_however_it_is_framed(
    parts: tuple[bytes, ...], served: Served
) -> None:
    status, _, body = served.send(*parts)
    assert status == 413 and "at most 1048576 bytes" in json.loads(body)["message"]


def test_a_request_in_chunks_that_is_not_too_long_is_answered(served: Served) -> None:
    status, _, body = served.send(head("Transfer-Encoding: chunked"), chunks(b'{"inputs": ["a"]}'))
    assert (status, json.loads(body)) == (200, {"predictions": ["a"]})


def test_a_body_in_very_many_chunks_is_refused(served: Served) -> None:
    chunked = head("Transfer-Encoding: chunked")
    most, more = (b"1\r\nx\r\n" * count for count in (1000, 500_000))
    assert served.send(chunked, most, b"0\r\n\r\n")[0] == 400  # no JSON, but read
    status, content_type, body = served.send(chunked, more)
    assert (status, content_type) == (413, "application/json")
    assert "at most 1000 chunks" in json.loads(body)["message"]


def test_a_head_of_very_many_lines_is_refused(served: Served) -> None:
    assert served.send(head(*["a:"] * 100_000))[0] == 400


def test_an_answer_that_was_given_is_followed_by_no_other(served: Served) -> None:
    with socket.create_connection(served.place, timeout=PATIENCE_S) as connection:
        begun = head("Transfer-Encoding: chunked", path="/nothing")
        connection.sendall(begun.replace(b"Connection: close", b"Connection: keep-alive"))
        until(lambda: b"expected POST" in connection.recv(4096))
        connection.sendall(b"zz\r\n")
        assert connection.recv(4096) == b""


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((head(path="/docs", method="GET"),), 404),
        ((head(path="/openapi.json", method="GET"),), 404),
        ((head("Content-Length: 0", path="/invocations/"),), 404),
        ((head(method="GET"),), 405),
        ((b"no HTTP\r\n\r\n",), 400),
        ((b"GET /ping HTTP/1.1\r\n\r\n",), 400),
        ((b"GET /ping HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",), 403),
        ((head("Origin: http://evil.example", "Content-Length: 0"),), 403),
        ((head("Content-Length: 0"),), 400),
        ((head("Content-Length: 6"), b'"\xff\xfe"  '), 400),
        ((head("Transfer-Encoding: chunked"), b"zz\r\n"), 400),
        ((head("Content-Type: application/json; charset=latin-1", "Content-Length: 2"), b"{}"), 400),
        ((head("Content-Length: 20"), b'{"inputs":["break"]}'), 500),
    ],
)
def test_every_other_answer_is_the_documented_json(
    parts: tuple[bytes, ...], expected: int, served: Served
) -> None:
    status, content_type, body = served.send(*parts)
    assert (status, content_type) == (expected, "application/json")
    document = json.loads(body)
    assert document.keys() == {"error_code", "message"} and all(document.values())


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (["a b " * 100_000, 3], "('3', 'Expected type str, but got int')"),
        ([[]] * 9000, "('[]', 'Expected type str, but got list')"),
        ("a b " * 100_000, "Expected list, but got str"),
        (["break", "a b" * 100_000], "the model failed"),
    ],
)
def test_an_error_says_its_reason_and_repeats_no_request(inputs: Any, reason: str, served: Served) -> None:
    answer = requests.post(f"{served.url}/invocations", json={"inputs": inputs}, timeout=PATIENCE_S)
    message = answer.json()["message"]
    assert answer.status_code in (400, 500) and reason in message and len(message) < 600


def test_a_body_that_breaks_off_leaves_a_line_in_the_log(served: Served) -> None:
    with socket.create_connection(served.place) as connection:
        connection.sendall(head("Content-Length: 500") + b'{"inp')
    until(lambda: "a request broke off after 5 bytes of its body" in served.log.read_text())
