"""A study: which points are tried next, by what came out before; kept in a database of Optuna's."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from seqstep.sweep.grid import Point
from seqstep.sweep.search import Choices, Space, Span

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial


_SAMPLER_SEEDS = 2**32  # NumPy's older random numbers, which Optuna draws, know no other


class Trial(NamedTuple):
    """A point that a study tries."""

    number: int
    point: Point


class Study:
    """Tries points of a search space, and goes on where an earlier process left it.

    Args:
        storage: a SQLite file; several studies may lie in it.
        name: of the study; one that is there is continued.
        seed: where its random numbers start. Those of a trial follow from its number, so with one trial
            at a time a study that was killed tries the same points as one that was not.
    """

    def __init__(self, storage: Path, name: str, space: Space, maximize: bool, seed: int) -> None:
        import optuna

        logging.getLogger("optuna").setLevel(logging.WARNING)
        self._seed = seed
        self._space = {key: _distribution(part) for key, part in space.items()}
        self._study = optuna.create_study(
            storage=f"sqlite:///{storage}",
            study_name=name,
            direction="maximize" if maximize else "minimize",
            load_if_exists=True,
        )

    def trials(self, count: int) -> Iterator[Trial]:
        """Yield so many trials: those of earlier processes, then new ones, each made when it is asked for."""
        known = [trial for trial in self._study.get_trials(deepcopy=False) if self._is_whole(trial)]
        for trial in known[:count]:
            yield _trial(trial.number, trial.params)
        for _ in range(count - len(known)):
            self._study.sampler = _sampler(self._seed + len(self._study.get_trials(deepcopy=False)))
            asked = self._study.ask(self._space)
            yield _trial(asked.number, asked.params)

    def tell(self, number: int, figure: float | None) -> None:
        """Say what came of a trial, unless an earlier process has; None if it failed."""
        from optuna.trial import TrialState

        state = TrialState.FAIL if figure is None else None
        self._study.tell(number, figure, state=state, skip_if_finished=True)

    def _is_whole(self, trial: "FrozenTrial") -> bool:
        """Tell whether a trial has all its values: whoever began it may have died in the middle of that."""
        if set(trial.params) == set(self._space):
            return True
        if not trial.state.is_finished():
            self.tell(trial.number, None)
        return False


def _sampler(seed: int) -> "BaseSampler":
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed % _SAMPLER_SEEDS, constant_liar=True)


def _distribution(part: Span | Choices) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(part, Choices):
        return CategoricalDistribution(part.values)
    if part.whole:
        return IntDistribution(int(part.low), int(part.high), log=part.log)
    return FloatDistribution(part.low, part.high, log=part.log)


def _trial(number: int, params: Mapping[str, Any]) -> Trial:
    return Trial(number, {name: str(value) for name, value in params.items()})
