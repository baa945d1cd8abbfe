"""What modules of a project touch while they are imported, remembered for all stages that use them.

A module is imported once in a process, by whichever stage comes first, or before any stage.
"""

import os
from functools import cache
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

from stagecraft.witness import stack
from stagecraft.witness.events import WORK, Seer, seen_by, seer_here
from stagecraft.witness.lasting import Work, left_by
from stagecraft.witness.places import Places
from stagecraft.witness.touching import Touch, Touching

_CODE = frozenset({"exec", "import"})
# By the name of the module.
_touched: dict[str, dict[Touch, None]] = {}


class _Importing:
    """Sees what a module touches while it is imported; so does who watches the stage that imports it."""

    def __init__(self, module: str, stage: Seer | None) -> None:
        self.stage, self._touched = stage, _touched.setdefault(module, {})
        self._begun: list[Work] = []
        self._has_ended = False

    def end(self) -> None:
        """Look away: threads that a library started meanwhile may go on for good."""
        self._has_ended = True
        left_by(self._begun)

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Remember what is touched."""
        if event == WORK and not (self._has_ended or stack.is_library(_places())):
            self._begun.append(Work(*args))
        # Who watches a stage remembers which definition loaded code; and for stages that are made folders are
        # listed by the dozen.
        is_told = (
            event == WORK
            or (event in _CODE and self.stage)
            or (event == "os.scandir" and stack.is_making_stages())
        )
        touch = None if self._has_ended or is_told else _touching().touch(event, args)
        if touch and touch.verb != "loaded" and not stack.is_making_stages():
            self._touched[touch] = None
        if self.stage:
            self.stage.see(event, args)


def touched_by(module: str) -> list[Touch]:
    """List what a module touched when it was last imported."""
    return list(_touched.get(module, ()))


@cache
def see_imports() -> None:
    """See what modules of projects touch when they are imported, from now on."""
    load = SourceFileLoader.exec_module

    def seen_load(self: SourceFileLoader, module: ModuleType) -> None:
        if _places().hold(self.path) or _places().hold(os.path.realpath(self.path)):
            load(self, module)
            return
        _touched.pop(module.__name__, None)
        above = seer_here()
        seer = _Importing(module.__name__, above.stage if isinstance(above, _Importing) else above)
        try:
            with seen_by(seer):
                load(self, module)
        finally:
            seer.end()

    # Tracebacks and warnings leave it out, as they do the import system's own.
    seen_load.__code__ = seen_load.__code__.replace(co_filename=load.__code__.co_filename)
    SourceFileLoader.exec_module = seen_load  # type: ignore[assignment, method-assign]


@cache
def _places() -> Places:
    """Find what lies where nothing needs a key, whichever home is in use."""
    return Places([])


@cache
def _touching() -> Touching:
    return Touching(_places(), lambda file: not _places().hold(file))
