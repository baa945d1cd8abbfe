"""What was noted of one stage while it ran."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stagecraft.errors import UsageError
from stagecraft.witness.events import see_pools_and_processes, seen_by
from stagecraft.witness.judging import Judge, Known


class UnkeyedError(UsageError):
    """A stage touched what its key does not know, and the run is strict."""


class Witness:
    """Sees what a stage touches that its key does not know.

    Args:
        tell: is told at once, in words.
        is_strict: what is noted is an error, which stops the stage there.
    """

    def __init__(self, known: Known, tell: Callable[[str], None], is_strict: bool = False) -> None:
        self._judge, self._tell, self._is_strict = Judge(known), tell, is_strict
        self._noted: dict[str, None] = {}
        self._has_ended = False

    @property
    def noted(self) -> list[str]:
        """What was noted, in words, in the order in which it was seen."""
        return list(self._noted)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See what is done here, and by the threads that are started here.

        Raises:
            UnkeyedError: something was noted, and the run is strict; also where code let that error pass.
        """
        see_pools_and_processes()
        try:
            with seen_by(self):
                yield
            for text in self._judge.flaws_of_what_is_left():
                self._note(text)
        except Exception as error:
            self._check(error)
            raise
        finally:
            self._has_ended = True
        self._check(None)

    def look_at_code(self) -> None:
        """Note code that is not followed: before the stage does anything, and again when it has ended.

        Raises:
            UnkeyedError: there is some, and the run is strict.
        """
        for text in filter(None, self._judge.flaws_of_code()):
            self._note(text)

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what an event touches.

        Raises:
            UnkeyedError: the key does not know that, and the run is strict.
        """
        if not self._has_ended and (text := self._judge.flaw(event, args)):
            self._note(text)

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted[text] = None
            self._tell(text)
        if self._is_strict:
            raise self._error()

    def _check(self, error: Exception | None) -> None:
        if self._is_strict and self._noted and not isinstance(error, UnkeyedError):
            raise self._error() from error

    def _error(self) -> UnkeyedError:
        return UnkeyedError(
            f"expected to touch nothing but what the key knows, got: {'; '.join(self._noted)};"
            " declare that in the stage's `depends`, or run without --strict: then the result is not kept"
        )
