"""A real store in a temporary home, and records on it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.mlflow import Record, Tracker
from stagecraft.pipeline.stage import Stage, matches


@pytest.fixture(scope="session")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    home = Home(tmp_path_factory.mktemp("home"), NAMES)
    home.private.mkdir()
    return Tracker(home, home.store)


@pytest.fixture
def new_record(tracker: Tracker) -> Callable[[], Record]:
    """Make a record on a run of its own."""

    def make() -> Record:
        run_id = tracker.start_run("stage", {})
        return Record(tracker, run_id, lambda done, total, figures: None, lambda text: None)

    return make


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text("The keeper kept the lamp.\nThe lamp kept the keeper, one wave at a time.\n" * 40)
    return path


@pytest.fixture(scope="session")
def declares() -> Callable[[Stage, Record], None]:
    """See that a stage recorded metrics of all the names that it declares, and no others."""

    def check(stage: Stage, record: Record) -> None:
        assert [name for name in record.metrics if not stage.may_record(name)] == []
        unused = [
            known for known in stage.records if not any(matches(name, known) for name in record.metrics)
        ]
        assert unused == []

    return check
