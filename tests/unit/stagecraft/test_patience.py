"""What may pass is tried again, and what lasts is given up."""

import pytest
from filelock import Timeout

from stagecraft.errors import ArtifactError, TrackingError
from stagecraft.patience import Patience, is_transient

QUICK = Patience(attempts=3, pause_s=0)


class Server:
    """Fails with the given errors, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.asked = list(errors), 0

    def ask(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_what_passes_is_waited_for() -> None:
    server = Server(TrackingError("restarts", transient=True), ConnectionResetError())
    assert (QUICK.retry(server.ask), server.asked) == ("answer", 3)


@pytest.mark.parametrize("error", [TrackingError("refused"), ArtifactError("gone"), ValueError("bad input")])
def test_what_does_not_pass_is_not_tried_again(error: Exception) -> None:
    server = Server(error)
    with pytest.raises(type(error)):
        QUICK.retry(server.ask)
    assert server.asked == 1


def test_what_lasts_is_given_up_and_is_worth_no_further_try() -> None:
    errors = [TrackingError("down", transient=True) for _ in range(5)]
    server = Server(*errors)
    with pytest.raises(TrackingError, match="down") as raised:
        QUICK.retry(server.ask)
    assert server.asked == 3 and not is_transient(raised.value)
    # What the store raised stays as it was, and is named as the cause.
    assert raised.value.__cause__ is errors[2] and is_transient(errors[2])


def test_locks_and_connections_may_pass() -> None:
    assert all(map(is_transient, (Timeout("a.lock"), ConnectionRefusedError(), TimeoutError())))
    assert not any(map(is_transient, (OSError(28, "disk full"), KeyError(), MemoryError())))
