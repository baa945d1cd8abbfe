"""Who is told of a run that failed, or that was found dead."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stagecraft.errors import explain
from stagecraft.names import Names
from stagecraft.progress.watching import logger

if TYPE_CHECKING:
    from stagecraft.progress.webhook import Failure


class FailureNotifier:
    """Sends what became of runs to a webhook, if there is one.

    Args:
        find_url: finds its address; empty for none.
        timeout_s: seconds after which a message is given up.
    """

    def __init__(self, find_url: Callable[[], str], timeout_s: float = 10.0) -> None:
        self._find_url, self._timeout_s = find_url, timeout_s

    def tell(self, message: "Failure") -> None:
        """Send a message."""
        from stagecraft.progress.webhook import send

        try:
            url = self._find_url()
        except Exception as error:  # noqa: BLE001  (the failure itself is what the user must learn of)
            logger.warning("nobody was told of the failure: %s", explain(error))
            return
        if url:
            send(url, message, self._timeout_s)

    def tell_of_dead_run(self, run: str, run_id: str) -> None:
        """Tell of a run that was found dead."""
        from stagecraft.progress.webhook import dead_run

        self.tell(dead_run(run, run_id))


def notifier_of(names: Names) -> FailureNotifier:
    """Make the notifier that a variable of the environment asks for, where no configuration is known."""
    return FailureNotifier(lambda: os.environ.get(names.variable("WEBHOOK"), ""))


@contextmanager
def notifying_of_failure(run: str, notifier: FailureNotifier) -> Iterator[None]:
    """Tell of it if what is done here fails."""
    try:
        yield
    except Exception as error:
        from stagecraft.progress.webhook import failure

        notifier.tell(failure(run, error))
        raise
