"""One message for each run that failed, sent to a URL as chat rooms and alerting services take it."""

import platform
from datetime import UTC, datetime

import requests
from pydantic import Field
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from stagecraft.errors import StageFailedError, explain
from stagecraft.files.artifact import Frozen
from stagecraft.progress.watching import logger


class Failure(Frozen):
    """A run that failed.

    Attributes:
        text: all of it in a sentence; chat rooms show this field.
        run: the name of the run, such as a pipeline and its profile.
        run_id: its run in MLflow; None if it never got that far.
        stages: the stages that failed, with the reason.
        status: failed, or killed if its process died.
        time: when this was found, in ISO 8601.
    """

    text: str
    run: str
    run_id: str | None = None
    stages: dict[str, str] = Field(default_factory=dict)
    status: str = "failed"
    exit_status: int | None = None
    host: str
    time: str


def failure(run: str, error: BaseException) -> Failure:
    """Describe a run that ended with an error."""
    run_id, stages = None, {}
    if isinstance(error, StageFailedError):
        run_id = error.run_id
        stages = {outcome.name: outcome.reason for outcome in error.outcomes if outcome.state == "failed"}
    reason = explain(error)
    return Failure(
        text=f"{run} failed on {platform.node()}: {reason}",
        run=run,
        run_id=run_id,
        stages=stages,
        exit_status=getattr(error, "exit_status", 1),
        host=platform.node(),
        time=_now(),
    )


def dead_run(run: str, run_id: str) -> Failure:
    """Describe a run that was found dead by a later one."""
    return Failure(
        text=f"{run} was killed on {platform.node()}: its process died (run {run_id})",
        run=run,
        run_id=run_id,
        status="killed",
        host=platform.node(),
        time=_now(),
    )


def send(url: str, message: Failure, timeout_s: float) -> bool:
    """Post a message; tell whether it was delivered. One that can't be is a warning in the log.

    Only a broken connection is tried again: whatever else fails, the message may have arrived.
    """
    retrying = Retrying(
        stop=stop_after_attempt(2),
        wait=wait_fixed(1),
        retry=retry_if_exception_type(requests.ConnectionError),
        reraise=True,
    )
    try:
        retrying(requests.post, url, json=message.model_dump(), timeout=timeout_s).raise_for_status()
    except (requests.RequestException, ValueError) as error:
        # What these errors say at length holds the URL, all of which may be secret.
        answer = getattr(error, "response", None)
        reason = type(error).__name__ if answer is None else f"status {answer.status_code}"
        logger.warning("the message to the webhook could not be delivered (%s): %s", reason, message.text)
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
