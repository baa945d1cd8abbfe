"""Which stages of a pipeline a run is about."""

from collections.abc import Iterable

from stagecraft.errors import SelectionError
from stagecraft.files.artifact import Frozen
from stagecraft.pipeline.walk import Trace


class Selector(Frozen):
    """What a user asks to be run.

    Attributes:
        only: just these stages.
        since: this stage and all that depends on it, anew.
        until: this stage and all that it depends on.
        force: these anew even if cached.
    """

    only: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    force: tuple[str, ...] = ()


class Selection(Frozen):
    """The stages that a run is about.

    Attributes:
        selected: these run, or are taken from the cache.
        forced: of these, the ones that run in any case.
        given: stages whose cached results the selected ones are given without a run of their own.
        behind: stages before these, of which only the records are needed, to know the keys.
    """

    selected: frozenset[str]
    forced: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    behind: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return name in self.selected or name in self.given or name in self.behind


def select(trace: Trace, selector: Selector) -> Selection:
    """Choose stages by the graph; several options together mean what they have in common.

    Raises:
        SelectionError: a stage does not exist, or the options have nothing in common.
    """
    for name in (*selector.only, *selector.force):
        trace.until(name)
    within = trace.until(selector.until) if selector.until else set(trace.nodes)
    selected = within & set(selector.only or within)
    anew = {*selector.force, *(trace.since(selector.since) if selector.since else ())}
    if not selected or not anew <= set(trace.nodes) or (anew and not anew & selected):
        raise SelectionError(
            f"no stage is left: {_words(selector)} have none in common;"
            f" the stages are: {', '.join(trace.nodes)}"
        )
    before = set().union(*map(trace.until, selected)) - selected
    given = before & {need for name in selected for need in trace.nodes[name].needs}
    return Selection(
        selected=frozenset(selected),
        forced=frozenset(anew & selected),
        given=frozenset(given),
        behind=frozenset(before - given),
    )


def _words(selector: Selector) -> str:
    """Repeat what was asked for."""
    return ", ".join(_options(selector))


def _options(selector: Selector) -> Iterable[str]:
    if selector.only:
        yield f"--only {' '.join(selector.only)}"
    if selector.since:
        yield f"--from {selector.since}"
    if selector.until:
        yield f"--until {selector.until}"
    if selector.force:
        yield f"--force {' '.join(selector.force)}"
