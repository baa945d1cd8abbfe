"""Whether stages that run in one process leave alone what others of them read."""

from collections.abc import Sequence

from stagecraft.code import Change, CodeError, Unseen
from stagecraft.pipeline.followed import check_unseen
from stagecraft.pipeline.stage import Stage


def check_together(stages: Sequence[Stage]) -> None:
    """See that what a stage reads is changed by nothing but what its modules do on import, or is declared.

    Raises:
        CodeError: it may be changed by code of another one, by a function of its own, or by flows.
    """
    changes = frozenset[Change]().union(*(stage.changes for stage in stages))
    for stage in stages:
        found = stage.code.meddled(stage.reach, changes, stage.folder)
        try:
            check_unseen(stage.code, found, stage.depends)
        except CodeError as error:
            raise CodeError(f"{stage.name}: {error}{_by_whom(stages, found[0])}") from None


def _by_whom(stages: Sequence[Stage], found: Unseen) -> str:
    """Say which stage it is that changes something, and what may be done about it there."""
    place = found.name, found.module, found.line
    names = [
        stage.name
        for stage in stages
        if any((one.what, one.module, one.line) == place for one in stage.changes)
    ]
    advice = "do it by a `with` of the library, or outside of functions in a module that all stages import"
    return f"; or have {names[0]}, whose code does it, {advice}" if names else ""
