"""Which stages of a pipeline a run is about."""

from collections.abc import Iterable

from stagecraft.artifact import Frozen
from stagecraft.errors import SelectionError
from stagecraft.walk import Trace


class Wish(Frozen):
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


def select(trace: Trace, wish: Wish) -> Selection:
    """Choose stages by the graph; several wishes together mean what they have in common.

    Raises:
        SelectionError: a stage does not exist, or the wishes have nothing in common.
    """
    for name in (*wish.only, *wish.force):
        trace.until(name)
    within = trace.until(wish.until) if wish.until else set(trace.nodes)
    selected = within & set(wish.only or within)
    anew = {*wish.force, *(trace.since(wish.since) if wish.since else ())}
    if not selected or not anew <= set(trace.nodes) or (anew and not anew & selected):
        raise SelectionError(
            f"no stage is left: {_words(wish)} have none in common; the stages are: {', '.join(trace.nodes)}"
        )
    before = set().union(*map(trace.until, selected)) - selected
    given = before & {need for name in selected for need in trace.nodes[name].needs}
    return Selection(
        selected=frozenset(selected),
        forced=frozenset(anew & selected),
        given=frozenset(given),
        behind=frozenset(before - given),
    )


def _words(wish: Wish) -> str:
    """Repeat what was asked for."""
    return ", ".join(_options(wish))


def _options(wish: Wish) -> Iterable[str]:
    if wish.only:
        yield f"--only {' '.join(wish.only)}"
    if wish.since:
        yield f"--from {wish.since}"
    if wish.until:
        yield f"--until {wish.until}"
    if wish.force:
        yield f"--force {' '.join(wish.force)}"
