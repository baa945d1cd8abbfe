"""Which version of a model is the champion: the one that was found better, on the same data."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock

from stagecraft.errors import ComparisonError
from stagecraft.files.artifact import Frozen
from stagecraft.files.home import Home
from stagecraft.mlflow import Evaluation, Registry, Version, evaluations
from stagecraft.names import Names

#: from the names of figures to those by which models may be compared, the usual one first
Measures = Callable[[Iterable[str]], list[str]]


class Measured(Frozen):
    """A version with its figure, and the run that found it."""

    version: int
    value: float
    run_id: str


class Comparison(Frozen):
    """A candidate beside the champion, measured on the same data by the same figure; less is better.

    Attributes:
        data: digest of what both were measured on.
        champion: None if there is none yet.
        min_gain: what the gain must be at least.
        lost: a champion whose files are missing or changed, which counts as none.
        is_renewed: whether the candidate has the champion's weights, with code that came later; then an equal
            figure is enough.
    """

    model: str
    metric: str
    data: str
    candidate: Measured
    champion: Measured | None
    min_gain: float
    lost: int | None = None
    is_renewed: bool = False

    @property
    def gain(self) -> float | None:
        """What the candidate's figure is lower by, as a share of the champion's; None without one."""
        if self.champion is None:
            return None
        best = self.champion.value
        return (best - self.candidate.value) / best if best else 0.0

    @property
    def is_won(self) -> bool:
        """Whether the candidate is better, and by enough."""
        return self.is_renewed or self.gain is None or (self.gain > 0 and self.gain >= self.min_gain)

    @property
    def reason(self) -> str:
        """Say what was found, in a sentence."""
        found = f"{self.metric} of version {self.candidate.version}: {self.candidate.value:.6g}"
        if self.champion is None or self.gain is None:
            lost = f"; version {self.lost}, the champion, has missing or changed files and counts as none"
            return found + (lost if self.lost else "; there was no champion")
        against = f"{found}, of the champion, version {self.champion.version}: {self.champion.value:.6g}"
        if self.is_renewed:
            return f"{against}; the same weights, with newer code"
        if self.gain <= 0:
            return f"{against}; {f'{-self.gain:.2%} worse' if self.gain else 'no better'}"
        short = "" if self.is_won else f", expected {self.min_gain:.2%} at least"
        return f"{against}; {self.gain:.2%} better{short}"


class Judge:
    """Compares versions of one model by what is known about them.

    Args:
        part: what stands for the model in the names of the evaluations' metrics.
        measures: chooses the figures that count.
    """

    def __init__(self, registry: Registry, part: str, measures: Measures) -> None:
        self.registry, self.part, self.measures = registry, part, measures
        self._tags, self._advice = registry.tracker.tags, _advice(registry.tracker.home.names)

    def compare(
        self, candidate: Version, champion: Version | None, metric: str = "", min_gain: float = 0.0
    ) -> Comparison:
        """Compare a version with the champion, by the usual figure unless another one is named.

        A champion whose files are missing or changed counts as none: nobody can use it.

        Raises:
            ArtifactError: the candidate's files are missing or changed.
            ComparisonError: one of them was not evaluated, not by this figure, or on other data.
        """
        self.registry.folder(candidate)
        lost = None if champion is None or self.registry.is_usable(champion) else int(champion.number)
        champion = None if lost else champion
        known = self._evaluations(candidate)
        metric = self._choose(candidate, known, metric)
        mine = _by_data(known, metric)
        others = _by_data(self._evaluations(champion), metric) if champion else mine
        shared = next((data for data in mine if data in others), None)
        if not mine or not others:
            lacking = champion if mine else candidate
            raise ComparisonError(f"expected a finite {metric} of {lacking}, got none; {self._advice}")
        if shared is None:
            raise ComparisonError(
                f"expected evaluations of {candidate} and of {champion} on the same data, got"
                f" {_listed(mine)} and {_listed(others)}; {self._advice}"
            )
        return Comparison(
            model=candidate.name,
            metric=metric,
            data=shared,
            candidate=_measured(candidate, mine[shared], metric),
            champion=_measured(champion, others[shared], metric) if champion else None,
            min_gain=min_gain,
            lost=lost,
            is_renewed=champion is not None and self._is_renewed(candidate, champion),
        )

    def _is_renewed(self, candidate: Version, champion: Version) -> bool:
        """Tell whether a later version has the champion's weights with other code."""
        new, old = self.registry.tags(candidate), self.registry.tags(champion)
        same, other = (new.get(tag) == old.get(tag) for tag in (self._tags.content, self._tags.code))
        return same and not other and int(candidate.number) > int(champion.number)

    def _evaluations(self, version: Version) -> list[Evaluation]:
        """Find what is known about a version; of a champion at least what it was promoted by.

        Raises:
            ComparisonError: nothing is known.
        """
        tags = self.registry.tags(version)
        known = evaluations(self.registry.tracker, self.part, tags.get(self._tags.content, "none"))
        if f"{self._tags.promoted}.run" in tags:
            metric, value, data, run = (
                tags[f"{self._tags.promoted}.{name}"] for name in ("metric", "value", "data", "run")
            )
            known.append(Evaluation(run, data, {metric: float(value)}))
        if not known:
            raise ComparisonError(f"expected an evaluation of {version}, got none; {self._advice}")
        return known

    def _choose(self, version: Version, known: list[Evaluation], metric: str) -> str:
        """Choose the figure to compare by.

        Raises:
            ComparisonError: it was not measured.
        """
        measured = self.measures({name for evaluation in known for name in evaluation.figures})
        if not measured or (metric and metric not in measured):
            wanted = metric or "a figure on unseen data"
            there_are = ", ".join(measured) or "none; is any data left to test on?"
            raise ComparisonError(f"expected {wanted} of {version}; there are: {there_are}")
        return metric or measured[0]


@contextmanager
def promoting(home: Home) -> Iterator[None]:
    """Keep others on this home from choosing a champion at the same time."""
    with FileLock(home.private / "promote.lock"):
        yield


def promote(registry: Registry, version: Version, comparison: Comparison) -> None:
    """Make a version the champion, with the evidence on it."""
    facts = {name: getattr(comparison, name) for name in ("metric", "data", "gain", "min_gain")}
    facts |= {"value": repr(comparison.candidate.value), "run": comparison.candidate.run_id}
    if other := comparison.champion:
        facts |= {"over": other.version, "over_value": repr(other.value), "over_run": other.run_id}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    promoted = registry.tracker.tags.promoted
    evidence = {f"{promoted}.{name}": str(value) for name, value in {**facts, "at": now}.items()}
    runs = ", ".join(part.run_id for part in (comparison.candidate, other) if part)
    words = f"Champion since {now}: {comparison.reason} (data {comparison.data}; runs {runs})."
    registry.set_champion(version, evidence, words)


def _advice(names: Names) -> str:
    """Say what a user does whose versions can't be compared."""
    return (
        f"versions are compared on the same data only: `{names.project} run` with the settings that trained a"
        " version evaluates it, with --force STAGE anew"
    )


def _by_data(known: list[Evaluation], metric: str) -> dict[str, Evaluation]:
    """Take the newest evaluation on each data that has a finite figure, the newest data first."""
    found: dict[str, Evaluation] = {}
    for evaluation in known:
        if math.isfinite(evaluation.figures.get(metric, math.inf)):
            found.setdefault(evaluation.data, evaluation)
    return found


def _measured(version: Version, evaluation: Evaluation, metric: str) -> Measured:
    return Measured(version=int(version.number), value=evaluation.figures[metric], run_id=evaluation.run_id)


def _listed(found: dict[str, Evaluation]) -> str:
    return ", ".join(f"{data} (run {evaluation.run_id[:8]})" for data, evaluation in found.items())
