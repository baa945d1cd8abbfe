"""Which version of a model is the champion: the one that was found better, on the same data."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from stagecraft.errors import ComparisonError
from stagecraft.files.artifact import Frozen
from stagecraft.mlflow import CHAMPION, Registry, Version
from stagecraft.mlflow.data_sets import champion_of
from stagecraft.mlflow.promotions import note_promotion

#: from the names of figures to those by which models may be compared, the usual one first
Measures = Callable[[Iterable[str]], list[str]]


class Judged(Protocol):
    """What versions came to on the same data, none of which trained any of them."""

    @property
    def data(self) -> str:
        """A digest of what was measured on."""

    @property
    def targets(self) -> str:
        """The same in words."""

    @property
    def figures(self) -> Sequence[Mapping[str, float]]:
        """Of each version, by the same names; in each, less is better."""

    @property
    def notice(self) -> str:
        """Say why a figure is missing that is usual; nothing if none is."""


#: measures versions of a model on the same data
MeasureAlike = Callable[[Sequence[Version]], Judged]


class Measured(Frozen):
    """A version with its figure, and the run that trained it."""

    version: int
    value: float
    run_id: str


class Comparison(Frozen):
    """A candidate beside the champion, measured on the same data by the same figure; less is better.

    Attributes:
        data: digest of what both were measured on.
        targets: the same in words; none of it trained either.
        champion: None if there is none yet.
        min_gain: what the gain must be at least.
        lost: a champion whose files are missing or changed, which counts as none.
        is_renewed: whether the candidate has the champion's weights, with code that came later; then an equal
            figure is enough.
    """

    model: str
    metric: str
    data: str
    targets: str
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

    @property
    def measured_on(self) -> str:
        """Say what was measured on, in a sentence."""
        return f"measured on {self.targets}; none of that trained {'either' if self.champion else 'it'}"


class VersionComparer:
    """Compares versions of one model by what they come to now, on the same data.

    Args:
        judge: measures versions on the same data, none of which trained any of them.
        measures: chooses the figures that count.
    """

    def __init__(self, registry: Registry, judge: MeasureAlike, measures: Measures) -> None:
        self.registry, self.judge, self.measures = registry, judge, measures
        self._tags = registry.tracker.tags

    def compare(
        self, candidate: Version, champion: Version | None, metric: str = "", min_gain: float = 0.0
    ) -> Comparison:
        """Compare a version with the champion, by the usual figure unless another one is named.

        A champion whose files are missing or changed counts as none: nobody can use it.

        Raises:
            ArtifactError: the candidate's files are missing or changed.
            ComparisonError: this figure can't be measured for both, or is not finite.
        """
        self.registry.folder(candidate)
        lost = None if champion is None or self.registry.is_usable(champion) else int(champion.number)
        champion = None if lost else champion
        versions = [candidate, champion] if champion else [candidate]
        judged = self.judge(versions)
        metric = self._choose(versions, judged, metric)
        found = [
            _measured(version, figures[metric])
            for version, figures in zip(versions, judged.figures, strict=True)
        ]
        return Comparison(
            model=candidate.name,
            metric=metric,
            data=judged.data,
            targets="; ".join(filter(None, [judged.targets, judged.notice])),
            candidate=found[0],
            champion=found[1] if champion else None,
            min_gain=min_gain,
            lost=lost,
            is_renewed=champion is not None and self._is_renewed(candidate, champion),
        )

    def _is_renewed(self, candidate: Version, champion: Version) -> bool:
        """Tell whether a later version has the champion's weights with other code."""
        new, old = self.registry.tags(candidate), self.registry.tags(champion)
        same, other = (new.get(tag) == old.get(tag) for tag in (self._tags.content, self._tags.code))
        return same and not other and int(candidate.number) > int(champion.number)

    def _choose(self, versions: Sequence[Version], judged: Judged, metric: str) -> str:
        """Choose the figure to compare by.

        Raises:
            ComparisonError: it was not measured, or is not finite.
        """
        measured = self.measures(judged.figures[0])
        told = " and of ".join(map(str, versions))
        if not measured or (metric and metric not in measured):
            there_are = "; ".join(filter(None, [", ".join(measured) or "none", judged.notice]))
            raise ComparisonError(
                f"expected {metric or 'a figure on unseen data'} of {told}; there are: {there_are}"
            )
        chosen = metric or measured[0]
        if not all(math.isfinite(figures[chosen]) for figures in judged.figures):
            found = ", ".join(f"{figures[chosen]:g}" for figures in judged.figures)
            raise ComparisonError(f"expected a finite {chosen} of {told}, got {found}; name another --metric")
        return chosen


def promote(registry: Registry, version: Version, comparison: Comparison, data: str = "") -> None:
    """Make a version the champion, with the evidence on it, and note it in the home.

    To be called while nobody else promotes; see `promoting`.

    Args:
        data: what the data set is called whose champion it is, besides being the one promoted last.
    """
    facts = {name: getattr(comparison, name) for name in ("metric", "data", "targets", "gain", "min_gain")}
    facts |= {"value": repr(comparison.candidate.value), "run": comparison.candidate.run_id}
    if other := comparison.champion:
        facts |= {"over": other.version, "over_value": repr(other.value), "over_run": other.run_id}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    promoted = registry.tracker.tags.promoted
    evidence = {f"{promoted}.{name}": str(value) for name, value in {**facts, "at": now}.items()}
    runs = ", ".join(part.run_id for part in (comparison.candidate, other) if part)
    found = f"{comparison.reason}, {comparison.measured_on}"
    words = f"Champion since {now}: {found} (data {comparison.data}; runs {runs})."
    for alias in (champion_of(data), CHAMPION) if data else (CHAMPION,):
        registry.set_alias(version, alias, evidence, words)
        note_promotion(registry.tracker, alias, version, now)


def _measured(version: Version, value: float) -> Measured:
    return Measured(version=int(version.number), value=value, run_id=version.run_id)
