"""What the tests of the flows share: the command line, one trained home, and what a run left."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from stagecraft.files.home import Home


@pytest.fixture(scope="session", autouse=True)
def _on_the_prefect_server(prefect_server: str) -> Iterator[None]:
    """Runs go to the session's server instead of starting one each.

    They have no heartbeat: its thread sleeps for a second, and at its end a run waits for it.
    """
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


class Result(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    def ends(self, status: int, *words: str) -> None:
        """Hold the exit status and the words against what is expected, wherever lines were broken."""
        said = " ".join((self.out + self.err).split())
        assert (self.status, [word for word in words if word not in said]) == (status, []), said


@pytest.fixture
def seqstep(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run a command in this process; whatever happens, it must not show a traceback."""
    from seqstep_cli.main import main

    def run(*argv: str) -> Result:
        capfd.readouterr()
        try:
            status = main(argv)
        except SystemExit as end:  # argparse's way to end
            status = int(end.code or 0)
        result = Result(status, *capfd.readouterr())
        assert "Traceback" not in result.out + result.err
        return result

    return run


@pytest.fixture
def runs(home: Home) -> Callable[[], dict[str, Any]]:
    """List the runs in the test's home by name, the pipeline's own as `parent`."""
    from mlflow import MlflowClient

    def by_name() -> dict[str, Any]:
        client = MlflowClient(home.store)
        found = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
        return {run.data.tags.get("seqstep.stage", "parent"): run for run in found}

    return by_name


@pytest.fixture
def failed(runs: Callable[[], dict[str, Any]]) -> Callable[..., None]:
    """See that MLflow knows a failure: the stage's run and the pipeline's say why, and no run goes on."""

    def check(stage: str, *words: str) -> None:
        found = runs()
        assert [name for name, run in found.items() if run.info.status == "RUNNING"] == []
        for run in (found[stage], found["parent"]):
            reason = run.data.tags["seqstep.error"]
            assert (run.info.status, [word for word in words if word not in reason]) == ("FAILED", [])

    return check


@pytest.fixture
def home(home: Home) -> Iterator[Home]:
    """A home of the test's own, in which no temporary file may stay."""
    yield home
    assert list(home.root.rglob("*.part")) == []
