"""What the tests counted, printed below their results, whichever process they ran in."""

from collections.abc import Callable

import pytest
from xdist.workermanage import WorkerController

_told = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Note something that is printed at the end, whether tests fail or not."""
    return request.config.stash[_told].append


def pytest_configure(config: pytest.Config) -> None:
    """Begin a session with nothing told."""
    config.stash[_told] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was told to the process that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["told"] = session.config.stash[_told]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    """Take what a process hands over at its end; one that crashed hands nothing over."""
    node.config.stash[_told] += getattr(node, "workeroutput", {}).get("told", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print it."""
    if config.stash[_told]:
        terminalreporter.section("counted")
        terminalreporter.write_line("\n".join(config.stash[_told]))
