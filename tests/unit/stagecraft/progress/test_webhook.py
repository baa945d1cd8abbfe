"""One message for each run that failed, as a chat room takes it."""

import logging
from typing import Any

import pytest
import requests

from stagecraft.errors import StageFailedError
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.webhook import dead_run, failure, send
from tests.patience import PATIENCE_S, until


def outcomes() -> list[Outcome]:
    reason = "http://me:SECRET@host/text answered with status 500; try again later"
    return [
        Outcome(name="download", state="failed", reason=reason.replace("me:SECRET", "***"), exit_status=1),
        Outcome(name="verify", state="skipped", reason="after download"),
    ]


def test_a_message_says_which_stage_failed_and_why_in_one_sentence_and_in_fields(room: Any) -> None:
    words = "download: http://me:SECRET@host/text answered with status 500; try again later"
    message = failure("pipeline quick", StageFailedError(words, 1, "abc", outcomes()))
    assert send(room.url("/SECRET"), message, 5)
    (sent,) = room.messages
    reason = "http://***@host/text answered with status 500; try again later"
    assert sent["text"] == f"pipeline quick failed on {sent['host']}: download: {reason}"
    assert (sent["run"], sent["run_id"], sent["exit_status"], sent["status"], sent["stages"]) == (
        "pipeline quick", "abc", 1, "failed", {"download": reason},
    )  # fmt: skip


def test_a_run_that_was_found_dead_is_told_as_killed(room: Any) -> None:
    assert send(room.url("/"), dead_run("pipeline quick", "abc"), 5)
    (sent,) = room.messages
    assert (sent["status"], sent["run_id"]) == ("killed", "abc") and "its process died" in sent["text"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/fails/SECRET", "status 503"), ("/hangs/SECRET", "ReadTimeout"), ("", "ConnectionError"), ("x", "")],
)
def test_a_message_that_can_not_be_delivered_is_one_warning_without_the_url(
    room: Any, closed_port: int, path: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    timeout_s = 0.5 if "hangs" in path else PATIENCE_S
    url = room.url(path) if path.startswith("/") else f"http://127.0.0.1:{closed_port}/SECRET"
    with caplog.at_level(logging.WARNING, "stagecraft"):
        assert not send(
            "not a URL SECRET" if path == "x" else url, failure("text quick", OSError()), timeout_s
        )
    (record,) = caplog.records
    assert reason in record.message and "SECRET" not in record.message and "text quick" in record.message
    until(lambda: len(room.messages) == (1 if path.startswith("/") else 0))


def test_an_error_of_a_library_is_told_by_its_type_and_without_secrets() -> None:
    error = requests.ConnectionError("no way to http://me:SECRET@host/?t=SECRET")
    assert "SECRET" not in failure("text quick", error).model_dump_json()
