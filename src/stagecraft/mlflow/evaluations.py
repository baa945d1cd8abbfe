"""How good a model was found to be, and on what data: read from the runs that measured it."""

import math
import sys
from collections.abc import Mapping
from typing import NamedTuple

from stagecraft.mlflow.store import Tracker
from stagecraft.mlflow.tags import Tags


class Evaluation(NamedTuple):
    """What a run found about a model.

    Attributes:
        data: digest of what it was measured on.
        figures: by their short names, such as test_perplexity.
    """

    run_id: str
    data: str
    figures: Mapping[str, float]


def evaluation_tags(tags: Tags, part: str, content: str, data: str) -> dict[str, str]:
    """Make the tags of a run that measured a model, if there was data to measure it on.

    Args:
        part: what stands for the model in the names of the run's metrics, `<group>/<part>/<figure>`.
        content: digest of the model.
        data: digest of what it was measured on.
    """
    return {f"{tags.evaluated}.{part}": content, f"{tags.evaluated_on}.{part}": data} if data else {}


def evaluations(tracker: Tracker, part: str, content: str) -> list[Evaluation]:
    """Find what is known about a model, the newest first; runs of cached stages know it too."""
    tags = tracker.tags
    wanted = f"tags.`{tags.evaluated}.{part}` = '{content}' and attributes.status = 'FINISHED'"
    return [
        Evaluation(
            run.info.run_id,
            run.data.tags.get(f"{tags.evaluated_on}.{part}", ""),
            _figures(run.data.metrics, part),
        )
        for run in tracker.search(wanted)
    ]


def _figures(metrics: Mapping[str, float], part: str) -> dict[str, float]:
    """Take a model's figures from a run's metrics."""
    split = {tuple(name.split("/")): value for name, value in metrics.items()}
    mine = {name[2]: value for name, value in split.items() if name[1:2] == (part,) and len(name) == 3}
    # MLflow has the largest number in the place of infinity.
    return {name: value if value < sys.float_info.max else math.inf for name, value in mine.items()}
