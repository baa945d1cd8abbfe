"""Who is told of a failure, and what a failure stays whether anybody can be told or not."""

import logging
from typing import Any, NoReturn

import pytest

from stagecraft.errors import StagecraftError
from stagecraft.names import Names
from stagecraft.progress.notifying import FailureNotifier, notifier_of, notifying_of_failure


def fail(notifier: FailureNotifier, error: BaseException) -> None:
    """Fail, and see that the failure goes on as what it is."""
    with pytest.raises(type(error)) as raised, notifying_of_failure("small works", notifier):
        raise error
    assert raised.value is error


def test_a_failure_is_told_with_the_runs_name_and_its_reason(room: Any) -> None:
    fail(FailureNotifier(lambda: room.url("/")), StagecraftError("the store is gone"))
    (sent,) = room.messages
    assert (sent["run"], sent["status"], sent["exit_status"]) == ("small works", "failed", 1)
    assert sent["text"].endswith(": the store is gone")


def test_nobody_is_told_of_what_succeeds_or_is_interrupted(room: Any) -> None:
    notifier = FailureNotifier(lambda: room.url("/"))
    with notifying_of_failure("small works", notifier):
        pass
    fail(notifier, KeyboardInterrupt())
    assert room.messages == []


def test_a_run_that_was_found_dead_is_told(room: Any) -> None:
    FailureNotifier(lambda: room.url("/")).tell_of_dead_run("small works", "abc")
    (sent,) = room.messages
    assert (sent["run"], sent["run_id"], sent["status"]) == ("small works", "abc", "killed")


def test_without_an_address_a_failure_is_only_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    fail(FailureNotifier(lambda: ""), ValueError("not so"))
    assert caplog.records == []


def test_an_address_that_can_not_be_found_is_a_warning_beside_the_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def find() -> NoReturn:
        raise StagecraftError("expected the variable TOKEN, which https://me:SECRET@host/ needs; set it")

    with caplog.at_level(logging.WARNING, "stagecraft"):
        fail(FailureNotifier(find), ValueError("not so"))
    (record,) = caplog.records
    assert record.message == (
        "nobody was told of the failure: expected the variable TOKEN, which https://***@host/ needs; set it"
    )


def test_a_message_that_takes_too_long_is_given_up(room: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "stagecraft"):
        fail(FailureNotifier(lambda: room.url("/hangs"), timeout_s=0.5), ValueError("not so"))
    (record,) = caplog.records
    assert "ReadTimeout" in record.message


def test_where_no_configuration_is_known_a_variable_of_the_project_names_who_is_told(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = notifier_of(Names("my-works"))
    monkeypatch.delenv("MY_WORKS_WEBHOOK", raising=False)
    notifier.tell_of_dead_run("small works", "abc")
    assert room.messages == []
    monkeypatch.setenv("MY_WORKS_WEBHOOK", room.url("/"))
    notifier.tell_of_dead_run("small works", "def")
    assert [sent["run_id"] for sent in room.messages] == ["def"]
