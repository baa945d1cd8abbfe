"""A run that is killed at any point: the next one needs nothing from the user and comes to the same end."""

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.soak.injection import KINDS
from tests.soak.project import INJECTION, TINY, Project

soak = [pytest.mark.soak, pytest.mark.timeout(900)]
WHOLE = ["--set", *TINY]
# As far as one training goes, which lasts for a while.
TRAINING = ["--until", "train_rnn", "--set", *TINY, "rnn.epochs=6"]
PART = ["--until", "vocab", "--set", *TINY]

# Each kind of call early, in the middle and late, by turns before the call and after it.
# Shares of the calls of an undisturbed run; a faster one makes some fewer.
POINTS = [(kind, share) for kind in KINDS for share in (0.02, 0.5, 0.9)]
POINTS = [(kind + ("+after" if number % 2 else ""), share) for number, (kind, share) in enumerate(POINTS)]
# The same in a run of twelve cached stages, which makes about as many calls with Prefect and without.
CACHED = [("replace", 6), ("commit+after", 20), ("commit", 90), ("create_run+after", 7), ("fsync", 11)]
MOMENTS, IN_A_ROW, WITH_TEMPORARY_SERVER = 32, 8, 10


@pytest.fixture(scope="module")
def tally(tell: Callable[[str], None]) -> Iterator[list[str]]:
    """Collect what was killed where; print it at the end."""
    lines: list[str] = []
    yield lines
    tell("\n".join(["runs that were killed:", *lines, f"{len(lines)} in all"]))


@pytest.fixture(scope="module")
def make(
    prefect_server: str, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Project]]:
    """Make projects, whose runs use the session's server or start their own in a home that is quite empty."""
    made = []

    def project(temporary_server: bool = False) -> Project:
        root = tmp_path_factory.mktemp("killed") / "home"
        given = {} if temporary_server else {"server": prefect_server, "database": empty_database}
        made.append(Project(root, **given))
        return made[-1]

    yield project
    for project_ in made:
        project_.stop_processes()


class Undisturbed:
    """A run to its end.

    Attributes:
        calls: how often each kind of call was made.
        artifacts: the SHA-256 of its files.
    """

    def __init__(self, project: Project, options: list[str]) -> None:
        self.project, self.options = project, options
        counts = project.home.root.with_name("calls.json")
        start = time.monotonic()
        argv = ["count", str(counts), "--", "run", "--json", *options]
        assert project.start(*argv, program=[INJECTION]).wait() == 0
        self.seconds = time.monotonic() - start
        self.calls: dict[str, int] = json.loads(counts.read_text())
        self.artifacts = project.artifacts()

    def of(self, stages: Iterable[str]) -> dict[str, str]:
        """Take the files of some stages."""
        names = tuple(f"{stage}/" for stage in stages)
        return {name: digest for name, digest in self.artifacts.items() if name.startswith(names)}


@pytest.fixture(scope="module")
def whole(make: Callable[..., Project]) -> Undisturbed:
    """A run of the whole pipeline."""
    return Undisturbed(make(), WHOLE)


@pytest.fixture(scope="module")
def training(make: Callable[..., Project]) -> Undisturbed:
    """A run as far as a training."""
    return Undisturbed(make(), TRAINING)


def kill_at(project: Project, point: str, number: int, options: list[str]) -> None:
    """Run the pipeline, to be killed at a call."""
    argv = [point, str(max(1, number)), "--", "run", "--json", *options]
    assert project.start(*argv, program=[INJECTION]).wait() == -signal.SIGKILL


def kill_after(project: Project, seconds: float, options: list[str]) -> bool:
    """Run the pipeline, and kill it after some time; tell whether it lasted for so long."""
    process = project.start("run", "--json", *options)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -signal.SIGKILL


def check_recovery(
    project: Project, undisturbed: Undisturbed, options: list[str] | None = None
) -> dict[str, str]:
    """Run again, without doing anything else; return the states of the stages."""
    options = options or undisturbed.options
    states = project.run(*options)
    assert set(states.values()) <= {"completed", "cached"}
    assert project.artifacts() == undisturbed.of(states)
    assert "RUNNING" not in project.statuses().values()
    assert project.half_written() == []
    wait_until_gone(project)
    assert set(project.plan(*options).values()) == {"cached"}
    assert project.call("doctor") == {"findings": []}
    return states


def wait_until_gone(project: Project, seconds: float = 10) -> None:
    """Wait for the processes of a home to end; the next run only asks them to."""
    end = time.monotonic() + seconds
    while project.processes():
        assert time.monotonic() < end, project.processes()
        time.sleep(0.1)


def cached(states: dict[str, str]) -> str:
    """Say how much of a run was cached."""
    return f"{list(states.values()).count('cached')} of {len(states)} stages were kept"


# A sample for every day.


@pytest.mark.soak
def test_after_a_kill_the_next_run_needs_nothing_and_comes_to_the_same_end(
    make: Any, training: Undisturbed, tally: list[str]
) -> None:
    project = make()
    kill_at(project, "log_artifact+after", 6, PART)
    tally.append(f"at log_artifact+after 6: {cached(check_recovery(project, training, PART))}")


@pytest.mark.soak
def test_a_killed_training_goes_on_to_the_same_weights_and_losses(
    make: Any, training: Undisturbed, tally: list[str]
) -> None:
    project = make()
    kill_at(project, "rename:/train_rnn/+after", 3, TRAINING)
    check_resumed(project, training, 3)
    tally.append("in train_rnn, after epoch 3")


# The whole.


@pytest.mark.parametrize(("point", "share"), [pytest.param(*point, marks=soak) for point in POINTS])
def test_after_a_kill_at_a_call_the_next_run_comes_to_the_same_end(
    point: str, share: float, make: Any, whole: Undisturbed, tally: list[str]
) -> None:
    project = make()
    number = round(share * whole.calls[point.partition("+")[0]])
    kill_at(project, point, number, WHOLE)
    tally.append(f"at {point} {number}: {cached(check_recovery(project, whole))}")


@pytest.mark.parametrize("number", [pytest.param(number, marks=soak) for number in range(MOMENTS)])
def test_after_a_kill_at_a_random_moment_the_next_run_comes_to_the_same_end(
    number: int, make: Any, whole: Undisturbed, tally: list[str]
) -> None:
    project = make()
    seconds = random.Random(number).uniform(0, whole.seconds)
    killed = kill_after(project, seconds, WHOLE)
    states = check_recovery(project, whole)
    tally.append(f"after {seconds:.2f} s{'' if killed else ' (had ended)'}: {cached(states)}")


@pytest.mark.parametrize(
    "number", [pytest.param(number, marks=soak) for number in range(WITH_TEMPORARY_SERVER)]
)
def test_after_a_kill_with_a_temporary_server_in_an_empty_home_nothing_of_it_is_left(
    number: int, make: Any, whole: Undisturbed, tally: list[str]
) -> None:
    project = make(temporary_server=True)
    seconds = random.Random(100 + number).uniform(0, 2 * whole.seconds)
    killed = kill_after(project, seconds, WHOLE)
    left = len(project.processes())
    states = check_recovery(project, whole)
    told = f"{left} processes left" if killed else "had ended"
    tally.append(f"after {seconds:.2f} s in an empty home ({told}): {cached(states)}")


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_run_that_is_killed_again_and_again_still_comes_to_the_same_end(
    make: Any, whole: Undisturbed, tally: list[str]
) -> None:
    project, draw = make(), random.Random(200)
    for _ in range(IN_A_ROW):
        seconds = draw.uniform(0, whole.seconds)
        kill_after(project, seconds, WHOLE)
        tally.append(f"after {seconds:.2f} s, in one home")
    check_recovery(project, whole)


@pytest.mark.parametrize("number", [pytest.param(number, marks=soak) for number in (2, 8, 20, 33, 45, 57)])
def test_a_kill_while_mlflows_tables_are_made_does_not_spoil_the_home(
    number: int, make: Any, training: Undisturbed, tally: list[str]
) -> None:
    project = make()
    project.home.database.unlink()
    kill_at(project, "commit", number, TRAINING)
    check_recovery(project, training)
    tally.append(f"at commit {number} in an empty home")


@pytest.mark.parametrize("temporary_server", [False, True])
@pytest.mark.parametrize(("point", "number"), [pytest.param(*point, marks=soak) for point in CACHED])
def test_a_run_with_nothing_to_do_can_be_killed_too(
    point: str,
    number: int,
    temporary_server: bool,
    make: Any,
    whole: Undisturbed,
    full_home: dict[bool, Project],
    tally: list[str],
) -> None:
    if temporary_server not in full_home:
        full_home[temporary_server] = make(temporary_server=temporary_server)
        full_home[temporary_server].run(*WHOLE)
    project = full_home[temporary_server]
    kill_at(project, point, number, WHOLE)
    assert set(check_recovery(project, whole).values()) == {"cached"}
    tally.append(f"at {point} {number} with nothing to do")


@pytest.fixture(scope="module")
def full_home() -> dict[bool, Project]:
    """Projects in which all is cached, with a temporary server and without, made when they are needed."""
    return {}


# Trainings.


def epochs_of(project: Project, run_id: str, metric: str) -> list[tuple[int, float]]:
    """List a run's values of a metric by step."""
    sql = "select step, value from metrics where run_uuid = ? and key = ? order by step"
    return project.query(sql, run_id, metric)


def run_of(project: Project, stage: str) -> str:
    """Find the run that computed the result of a stage that is kept."""
    (run_id,) = {result.run_id for result in project.results() if result.stage == stage}
    return run_id


def check_resumed(project: Project, undisturbed: Undisturbed, epoch: int | None = None) -> int:
    """Run again; see that the training went on where it was, and return after which epoch."""
    killed = next(iter(project.query("select run_uuid from runs where name = 'train_rnn'")))[0]
    states = check_recovery(project, undisturbed)
    assert states["train_rnn"] == "completed"
    run_id, other = (run_of(each, "train_rnn") for each in (project, undisturbed.project))
    tags = dict(project.query("select key, value from tags where run_uuid = ?", run_id))
    assert tags["seqstep.resumed_from"] == killed
    said = tags["mlflow.note.content"]
    found = next(number for number in range(1, 7) if f"goes on after epoch {number} of 6" in said)
    assert epoch in (None, found)
    for metric in ("train/loss", "train/perplexity"):
        losses = epochs_of(project, run_id, metric)
        assert [step for step, _ in losses] == [1, 2, 3, 4, 5, 6]
        assert losses == epochs_of(undisturbed.project, other, metric)
    return found


@pytest.mark.parametrize("point", ["rename:/train_rnn/", "rename:/train_rnn/+after"])
@pytest.mark.parametrize("epoch", [pytest.param(epoch, marks=soak) for epoch in (2, 4, 6)])
def test_a_training_killed_at_a_checkpoint_goes_on_to_the_same_weights_and_losses(
    point: str, epoch: int, make: Any, training: Undisturbed, tally: list[str]
) -> None:
    project = make()
    kill_at(project, point, epoch, TRAINING)
    kept = epoch if "after" in point else epoch - 1
    check_resumed(project, training, kept)
    tally.append(f"in train_rnn, at the checkpoint of epoch {epoch}, resumed after {kept}")


@pytest.mark.parametrize("number", [pytest.param(number, marks=soak) for number in range(4)])
def test_a_training_killed_in_an_epoch_goes_on_to_the_same_weights_and_losses(
    number: int, make: Any, training: Undisturbed, tally: list[str]
) -> None:
    project, draw = make(), random.Random(300 + number)
    epoch = draw.randint(1, 4)
    process = project.start("run", "--json", *TRAINING)
    while not list(project.home.checkpoints.glob(f"train_rnn/*/{epoch:08d}")):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(draw.uniform(0, 0.2))
    process.kill()
    assert process.wait() == -signal.SIGKILL
    tally.append(f"in train_rnn, resumed after epoch {check_resumed(project, training)}")


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_more_epochs_go_on_from_the_checkpoint_and_equal_a_training_of_that_length(
    make: Any, training: Undisturbed
) -> None:
    project = make()
    project.run(*TRAINING, "rnn.epochs=4")
    shorter = run_of(project, "train_rnn")
    project.run(*TRAINING)
    longer, other = "", run_of(training.project, "train_rnn")
    for result in project.results():
        if result.stage == "train_rnn" and result.run_id != shorter:
            longer = result.run_id
    tags = dict(project.query("select key, value from tags where run_uuid = ?", longer))
    assert tags["seqstep.resumed_from"] == shorter
    assert epochs_of(project, longer, "train/loss") == epochs_of(training.project, other, "train/loss")
    assert project.artifacts_of(longer) == training.project.artifacts_of(other)
