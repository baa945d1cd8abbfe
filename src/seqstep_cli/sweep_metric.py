"""Whether the points of a sweep will have its metric, as far as that is known before they run."""

from collections.abc import Sequence

from seqstep.settings.spelling import nearest
from stagecraft.errors import SelectionError
from stagecraft.pipeline.stage import Stage


def check_metric(metric: str, stages: Sequence[Stage]) -> None:
    """See that exactly one stage can record a metric.

    Args:
        metric: `NAME`, or `STAGE:NAME` where several stages have one of this name.
        stages: those that run.

    Raises:
        SelectionError: none can, or several can and none of them is named.
    """
    stage, _, name = (part.strip() for part in metric.rpartition(":"))
    named = [one for one in stages if stage in ("", one.name)]
    if not named:
        raise SelectionError(
            f"the metric {metric} is of {stage}, which is not among the stages;"
            f" {nearest(stage, [one.name for one in stages])}"
        )
    able = [one.name for one in named if one.may_record(name)]
    if not able:
        known = dict.fromkeys(record for one in named for record in one.records)
        raise SelectionError(f"no stage that is asked for records a metric {metric}; {nearest(name, known)}")
    if len(able) > 1:
        choices = ", ".join(f"{one}:{name}" for one in able)
        raise SelectionError(f"several stages record {name}; name one of them: {choices}")
