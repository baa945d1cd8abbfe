"""The page of one run: what the report shows, and what is true of this run alone.

The report is computed once for all runs that come to the same result. When a run was, what it took from the
cache and how long it worked is written onto a copy of the page for each run, so none of it is in a key.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from seqstep.report.notes_figures import Compared

# They stand in the report's template; what data say is escaped there, so they stand nowhere else.
_START, _END = "<!-- this run -->", "<!-- end of this run -->"


class StageLine(NamedTuple):
    """How a stage ended in a run.

    Attributes:
        state: such as completed or cached.
        seconds: that it took in this run.
        figure: its main figure, in words.
        computed: when and by which run its result was computed, in words, if not by this one.
    """

    name: str
    state: str
    seconds: float
    figure: str
    computed: str = ""


class Cost(NamedTuple):
    """What one model of a comparison took, where it was computed."""

    comparison: str
    model: str
    seconds: float


def costs(metrics: Mapping[str, Mapping[str, float]]) -> list[Cost]:
    """Find what the models of all comparisons took, in each the dearest first.

    Args:
        metrics: the last value of each metric, by stage; `<comparison>/<model>/seconds` counts.
    """
    found = []
    for name, value in (item for values in metrics.values() for item in values.items()):
        comparison, _, model = name.removesuffix("/seconds").rpartition("/")
        if comparison and name.endswith("/seconds"):
            found.append(Cost(comparison, model, value))
    return sorted(found, key=lambda cost: (cost.comparison, -cost.seconds))


def complete(
    page: str,
    facts: Mapping[str, str],
    links: Mapping[str, str],
    stages: Sequence[StageLine],
    notes: Sequence[Compared] = (),
    spent: Sequence[Cost] = (),
) -> str:
    """Write what is true of one run onto the page of the report.

    Args:
        facts: what was run on what, when and with what.
        links: where more is to be seen; written out, so that they can be read on paper.
        notes: the notes' figures beside this run's, if they are to be compared.
        spent: what the models of comparisons took, if there are any.
    """
    environment = Environment(
        loader=PackageLoader("seqstep.report", "templates"), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("run.html.j2")
    part = template.render(facts=facts, links=links, stages=stages, notes=notes, spent=spent)
    before, _, rest = page.partition(_START)
    return before + part + rest.partition(_END)[2]
