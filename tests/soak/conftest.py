"""Rooms of the soak: each folder is one, and a run of it goes on where the last one was broken off."""

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: the folders beside this file, and what takes minutes of the tests of real servers and of the command line
ROOMS = [
    *sorted(path.name for path in Path(__file__).parent.iterdir() if list(path.glob("test_*.py"))),
    "e2e",
    "flows",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what chooses a room."""
    parser.addoption("--room", choices=["all", *ROOMS], default="all", help="the room of the soak to run")


def pytest_configure(config: pytest.Config) -> None:
    """Note what passes, with the sources as they are now."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Passed(), "passed")


class Passed:
    """What passed, in a file; only the process that hands out the tests writes it."""

    def __init__(self) -> None:
        self.path = ROOT / ".soak" / f"{_sources()}.txt"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that passed."""
        if report.when == "call" and report.passed:
            self.path.parent.mkdir(exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out other rooms, and what passed already; a room that is through begins anew."""
    room, path = config.getoption("--room", default="all"), ROOT / ".soak" / f"{_sources()}.txt"
    known = set(path.read_text("utf-8").splitlines()) if path.exists() else set()
    soak = [item for item in items if any(item.iter_markers("soak"))]
    chosen = [item for item in soak if room in ("all", item.path.parent.name)]
    left = [item for item in chosen if item.nodeid not in known] or chosen
    if out := [item for item in soak if item not in left]:
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)


def _sources() -> str:
    """Digest the project's code, as it is."""
    digest = hashlib.sha256()
    for folder in ("src", "tasks", "flows", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
