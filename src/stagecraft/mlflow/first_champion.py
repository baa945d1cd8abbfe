"""The first champion of a data set: the best of the versions that were evaluated alike."""

import math
from collections.abc import Sequence

from stagecraft.mlflow.evaluations import evaluations
from stagecraft.mlflow.promotion import Measures
from stagecraft.mlflow.registry import Registry, Version


def best_evaluated_alike(
    registry: Registry, part: str, measures: Measures, versions: Sequence[Version], metric: str = ""
) -> Version:
    """Choose among versions the best of those that were evaluated on the same data as the first one.

    Args:
        part: what stands for the model in the names of the evaluations' metrics.
        versions: at least one, the latest first; an equal figure does not take its place.

    Returns:
        the first one if it was not evaluated.
    """
    tracker, tags = registry.tracker, registry.tracker.tags
    known = {
        version: evaluations(tracker, part, registry.tags(version).get(tags.content, "none"))
        for version in dict.fromkeys(versions)
    }
    first, figures = versions[0], dict[Version, float]()
    latest = next(iter(known[first]), None)
    measured = measures(latest.figures) if latest else []
    chosen = metric if metric in measured else next(iter(measured), "")
    for version, found in known.items():
        alike = [one.figures.get(chosen, math.inf) for one in found if latest and one.data == latest.data]
        figures[version] = alike[0] if alike and registry.is_usable(version) else math.inf
    return min(figures, key=lambda version: figures[version])
