"""Trying again what may pass: a server that restarts, a database that is busy."""

from collections.abc import Callable
from typing import TypeVar

from filelock import Timeout
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from stagecraft.artifact import Frozen
from stagecraft.errors import StagecraftError

Answer = TypeVar("Answer")


class Patience(Frozen):
    """How often something is tried that may pass.

    Attributes:
        attempts: tries in all.
        pause_s: seconds before the second try, doubled before each further one.
    """

    attempts: int = 5
    pause_s: float = 2.0

    def retry(self, ask: Callable[[], Answer]) -> Answer:
        """Do something, again if it fails for a reason that may pass.

        An error that lasts is no longer called transient: whoever asked for this need not try in turn.
        """
        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=wait_exponential(multiplier=self.pause_s) + wait_random(0, self.pause_s / 2),
            retry=retry_if_exception(is_transient),
            reraise=True,
        )
        try:
            return retrying(ask)
        except StagecraftError as error:
            error.transient = False
            raise


def is_transient(error: BaseException) -> bool:
    """Tell whether what failed may pass by itself; an error may say so in an attribute `transient`."""
    return bool(getattr(error, "transient", isinstance(error, ConnectionError | TimeoutError | Timeout)))
