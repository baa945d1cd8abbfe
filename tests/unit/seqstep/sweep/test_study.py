from pathlib import Path

import pytest

from seqstep.sweep.search import Choices, Span
from seqstep.sweep.study import Study, Trial

SPACE = {
    "rnn.learning_rate": Span(0.1, 1, log=True),
    "rnn.hidden": Span(2, 9, whole=True),
    "cell": Choices(("a", "b")),
}


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database for all, whose tables take seconds to make."""
    return tmp_path_factory.mktemp("studies") / "studies.db"


def study(storage: Path, name: str, seed: int = 7) -> Study:
    return Study(storage, name, SPACE, maximize=False, seed=seed)


def figure(trial: Trial) -> float:
    return float(trial.point["rnn.learning_rate"]) + int(trial.point["rnn.hidden"])


def follow(study: Study, count: int, until: int | None = None) -> list[Trial]:
    """Go through trials, one at a time, and die in the middle of one."""
    tried = []
    for trial in study.trials(count):
        tried.append(trial)
        if trial.number == until:
            break
        study.tell(trial.number, figure(trial))
    return tried


def test_values_are_from_the_space_as_a_command_line_has_them(storage: Path) -> None:
    for trial in follow(study(storage, "values"), 5):
        assert 0.1 <= float(trial.point["rnn.learning_rate"]) <= 1
        assert 2 <= int(trial.point["rnn.hidden"]) <= 9 and trial.point["cell"] in ("a", "b")


@pytest.mark.thorough
def test_a_study_that_was_killed_tries_what_one_that_was_not_does(storage: Path) -> None:
    whole = follow(study(storage, "whole"), 14)
    follow(study(storage, "killed"), 14, until=3)
    follow(study(storage, "killed"), 14, until=11)
    assert follow(study(storage, "killed"), 14) == whole
    assert len({tuple(trial.point.items()) for trial in whole}) == 14


@pytest.mark.parametrize("seed", [2**32 - 1, 5_000_000_000, 2**63 - 1])
def test_a_study_starts_from_every_seed_that_a_run_may_have(seed: int, storage: Path) -> None:
    assert len(follow(study(storage, f"seed {seed}", seed), 2)) == 2


def test_a_study_that_ended_is_asked_for_more(storage: Path) -> None:
    first = follow(study(storage, "more"), 3)
    assert follow(study(storage, "more"), 2) == first[:2]
    assert follow(study(storage, "more"), 5)[:3] == first


def test_a_trial_without_all_its_values_and_one_that_failed_are_no_hindrance(storage: Path) -> None:
    begun = study(storage, "hindrance")
    begun._study.ask({"cell": begun._space["cell"]})
    tried = list(begun.trials(2))
    begun.tell(tried[0].number, None)
    begun.tell(tried[0].number, 3.0)
    assert [trial.number for trial in tried] == [1, 2]
    assert list(study(storage, "hindrance").trials(2)) == tried
