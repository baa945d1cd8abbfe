"""Trying again what may pass: a server that restarts, a database that is busy."""

from collections.abc import Callable
from typing import TypeVar

from stagecraft.errors import TrackingError
from stagecraft.files.artifact import Frozen

_Answer = TypeVar("_Answer")


class Patience(Frozen):
    """How often something is tried that may pass.

    Attributes:
        attempts: tries in all.
        pause_s: seconds before the second try, doubled before each further one.
    """

    attempts: int = 5
    pause_s: float = 2.0

    def retry(self, ask: Callable[[], _Answer]) -> _Answer:
        """Do something, again if it fails for a reason that may pass.

        Raises:
            TrackingError: the store's error lasted; it is not called transient, so nobody need try in turn.
        """
        from tenacity import (
            Retrying,
            retry_if_exception,
            stop_after_attempt,
            wait_exponential,
            wait_random,
        )

        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=wait_exponential(multiplier=self.pause_s) + wait_random(0, self.pause_s / 2),
            retry=retry_if_exception(is_transient),
            reraise=True,
        )
        try:
            return retrying(ask)
        except TrackingError as error:
            raise TrackingError(str(error)) from error


def is_transient(error: BaseException) -> bool:
    """Tell whether what failed may pass by itself; an error may say so in an attribute `transient`."""
    from filelock import Timeout

    return bool(getattr(error, "transient", isinstance(error, ConnectionError | TimeoutError | Timeout)))
