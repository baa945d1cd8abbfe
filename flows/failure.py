"""Who is told of a run that failed, and the configuration that a command line hands to its flow."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from seqstep.config import Config, NotifyConfig
from seqstep.errors import ConfigError
from stagecraft.progress import logger

if TYPE_CHECKING:
    from stagecraft.webhook import Failure

_WEBHOOK_VARIABLE = "SEQSTEP_WEBHOOK"

#: of a run that this process started itself: Prefect keeps parameters, so those hold no secrets
handed_over: ContextVar[Config | None] = ContextVar("handed_over", default=None)


class Herald:
    """Sends what became of runs to the configured webhook, if there is one."""

    def __init__(self, config: NotifyConfig | None = None) -> None:
        self.config = config or NotifyConfig()

    def tell(self, message: "Failure") -> None:
        """Send a message."""
        from stagecraft.webhook import send

        try:
            url = self.config.webhook.reveal() or os.environ.get(_WEBHOOK_VARIABLE, "")
        except ConfigError as error:
            logger.warning("nobody was told of the failure: %s (notify.webhook)", error)
            return
        if url:
            send(url, message, self.config.timeout_s)

    def tell_of_death(self, run: str, run_id: str) -> None:
        """Tell of a run that was found dead."""
        from stagecraft.webhook import death

        self.tell(death(run, run_id))


@contextmanager
def heralded(run: str) -> Iterator[Herald]:
    """Tell of it if what is done here fails; the herald is given its configuration when that is known."""
    herald = Herald()
    try:
        yield herald
    except Exception as error:
        from stagecraft.webhook import failure

        herald.tell(failure(run, error))
        raise
