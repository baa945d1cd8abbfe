"""What tests of several layers share: a home in a temporary folder, and servers on loopback."""

import gzip
import os
import re
import shutil
import socket
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from hypothesis import settings

from seqstep_cli import NAMES
from stagecraft import disks
from stagecraft.files.home import Home, open_home
from stagecraft.servers.environment import keep_prefect_off_the_console, prepare
from stagecraft.servers.layout import servers_of
from tests.shared import begin, keep_running, once

# A slow machine is no failure. On CI, Hypothesis' own profile stands below this one.
settings.register_profile("seqstep", settings(), deadline=None)
settings.load_profile("seqstep")

pytest_plugins = ["tests.counts", "tests.trained"]

# Cases of a test whose lines are counted.
_MEASURED = 2

TEXT = b"".join(b"line %d: the time traveller smiled, and so did the psychologist.\n" % n for n in range(40))


def free_port() -> int:
    """Find a port of loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _choose_where_everything_is_written() -> None:
    """Do so before Prefect and MLflow are imported and read it."""
    # Registered before Prefect is imported, so its end comes after Prefect has sent its last logs and events.
    folder = begin()
    for name in ("MLFLOW_TRACKING_URI", "SEQSTEP_WEBHOOK", "SEQSTEP_ABOVE"):
        os.environ.pop(name, None)
    own = folder / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    os.environ["NO_PROXY"] = "127.0.0.1"
    os.environ["SEQSTEP_HOME"] = str(own / "home")
    os.environ["PREFECT_HOME"] = str(own / "prefect")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{free_port()}/api"  # see prefect_server
    prepare(open_home(NAMES, None))
    keep_prefect_off_the_console()


# At once: the conftest of a folder that is named on the command line is imported before pytest is configured.
_choose_where_everything_is_written()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell the thorough tests from the quick ones, and put the longest files first."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        by_server = "prefect_server" in names or (Path(__file__).parent / "e2e") in item.path.parents
        if by_server and not any(item.iter_markers("smoke")) and not any(item.iter_markers("soak")):
            item.add_marker("thorough")
    _part_cases(items)
    # Files of real servers take longest.
    items.sort(key=lambda item: "e2e" not in item.path.parts)


def _part_cases(items: list[pytest.Item]) -> None:
    """Leave all but the first case of what takes long to the thorough ones, and count the lines of two alone.

    To count the lines that all run takes half as long again as the tests themselves.
    """
    cases = Counter[tuple[Path, str]]()
    for item in items:
        test = item.path, getattr(item, "originalname", item.name)
        cases[test] += 1
        if cases[test] > 1 and any(item.iter_markers("first_quick")):
            item.add_marker("thorough")
        if cases[test] > _MEASURED or hasattr(getattr(item, "obj", None), "hypothesis"):
            item.add_marker("no_cover")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure when it happens, not after the last test."""
    if report.failed and not os.environ.get("PYTEST_XDIST_WORKER"):
        sys.stderr.write(f"\nFAILED {report.nodeid}\n")


@pytest.fixture(autouse=True)
def _disks_of_its_own() -> Iterator[None]:
    """No test hears of the disks that others wrote to."""
    before = dict(disks._places)
    yield
    disks._places.clear()
    disks._places.update(before)


@pytest.fixture(autouse=True)
def _store_of_its_own() -> Iterator[None]:
    """No test, and no process of one, uses the store that another told MLflow, which keeps it there."""
    yield
    os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(scope="session")
def corpus_path() -> Path:
    """The notes' text, which is not part of the repository."""
    beside = Path(__file__).parents[2] / "shared" / "data" / "timemachine.txt"
    path = Path(os.environ.get("SEQSTEP_CORPUS") or beside)
    if not path.is_file():
        pytest.skip(f"the notes' text is not at {path}; set SEQSTEP_CORPUS to its path")
    return path


@pytest.fixture(scope="session")
def prefect_server() -> str:
    """One Prefect server for the whole session; returns the address of its API."""
    url = os.environ["PREFECT_API_URL"]
    port = int(url.removesuffix("/api").rpartition(":")[2])
    prefect, *_ = servers_of(open_home(NAMES, None), port)
    once("prefect-server", partial(keep_running, prefect))
    return url


@pytest.fixture(scope="session")
def empty_database() -> Path:
    """MLflow's tables without a row, which take seconds to make."""

    def make(folder: Path) -> None:
        from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

        folder.mkdir()
        engine = create_sqlalchemy_engine(f"sqlite:///{folder / 'mlflow.db'}")
        _initialize_tables(engine)
        engine.dispose()

    return once("empty-database", make) / "mlflow.db"


@pytest.fixture
def home(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home of the test's own, with MLflow's database in it."""
    root = tmp_path / "home"
    root.mkdir()
    shutil.copy(empty_database, root / "mlflow.db")
    monkeypatch.setenv("SEQSTEP_HOME", str(root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # MLflow sets it when it is told a store
    return open_home(NAMES, None)


class CorpusServer(ThreadingHTTPServer):
    """Serves a text, and each way in which a server can fail."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.requests: Counter[str] = Counter()
        self.bodies: list[bytes] = []  # the next answers of /changing
        self.closing = Event()

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away early is part of the tests."""


class _Answers(BaseHTTPRequestHandler):
    server: CorpusServer

    def do_GET(self) -> None:
        self.server.requests[self.path] += 1
        count = self.server.requests[self.path]
        match re.split("(?<!^)[/?]", self.path)[0]:
            case "/ok":
                self._answer(200, TEXT)
            case "/flaky":
                self._answer(*((500, b"") if count <= 2 else (200, TEXT)))
            case "/wrong":
                self._answer(200, b"another text\n")
            case "/html":
                self._answer(200, b"<!DOCTYPE html>\n<html><body>please log in</body></html>")
            case "/fails" | "/busy":
                self._answer(500 if self.path == "/fails" else 429, b"")
            case "/hangs":
                self.server.closing.wait()
            case "/stalls":
                self._answer(200, TEXT, length=len(TEXT) + 100)
                self.server.closing.wait()
            case "/truncated":
                self._answer(200, TEXT, length=len(TEXT) + 100)
            case "/cut-off":
                self.connection.close()
            case "/loop":
                self._answer(302, b"", location="/loop")
            case "/astray":
                self._answer(302, b"", location="ftp://host/text")
            case "/changing":
                self._answer(200, self.server.bodies.pop(0))
            case "/big":
                self._answer(200, b"x" * 500_000)
            case "/endless":
                self._answer(200, b"x" * 500_000, length=None)
            case "/empty":
                self._answer(200, b"")
            case "/part":
                self._answer(206, TEXT[:100])
            case "/nothing":
                self._answer(204, b"")
            case "/unnumbered":
                self._answer(200, TEXT, headers={"Content-Length": "many"}, length=None)
            case "/two-lengths":
                self._answer(200, TEXT, headers={"Content-Length": f"{len(TEXT)}, 7"}, length=None)
            case "/packed":
                self._answer(200, gzip.compress(TEXT), headers={"Content-Encoding": "gzip"})
            case "/deflated":
                self._answer(200, zlib.compress(TEXT), headers={"Content-Encoding": "deflate"})
            case "/packed-and-cut":
                self._answer(200, gzip.compress(TEXT)[:-20], headers={"Content-Encoding": "gzip"})
            case "/packed-and-more":
                self._answer(200, gzip.compress(TEXT) + b"more", headers={"Content-Encoding": "gzip"})
            case "/not-packed":
                self._answer(200, TEXT, headers={"Content-Encoding": "gzip"})
            case "/packed-bomb":
                self._answer(200, gzip.compress(b"x" * 500_000), headers={"Content-Encoding": "gzip"})
            case "/unasked":
                self._answer(200, TEXT, headers={"Content-Encoding": "br"})
            case "/file.gz":
                self._answer(200, gzip.compress(TEXT, mtime=0))
            case _:
                self._answer(404, b"not here")

    def _answer(
        self,
        status: int,
        body: bytes,
        length: int | None = -1,
        location: str = "",
        headers: Mapping[str, str] = {},
    ) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        if location:
            self.send_header("Location", location)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def _corpus_server() -> Iterator[CorpusServer]:
    with CorpusServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def server(_corpus_server: CorpusServer) -> CorpusServer:
    """The corpus server, with no requests counted yet."""
    _corpus_server.requests.clear()
    return _corpus_server


@pytest.fixture(scope="session")
def text() -> bytes:
    """What the corpus server serves at /ok."""
    return TEXT


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """A port of loopback where nobody listens, and nobody else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def corpus_url(corpus_path: Path) -> Iterator[str]:
    """Where the notes' text is served over loopback HTTP."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    handler = partial(Quiet, directory=str(corpus_path.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{corpus_path.name}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Small networks only lose time to threads that wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
