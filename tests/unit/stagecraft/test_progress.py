"""What is logged of a run: its stages, some of its steps, its notices and ends."""

import logging

import pytest

from stagecraft.progress import LogObserver, Outcome, observer


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "stagecraft")
    return caplog


def test_steps_are_logged_at_1_2_5_10_20_50_and_at_the_last(lines: pytest.LogCaptureFixture) -> None:
    for step in range(1, 124):
        LogObserver().progressed("train", step, 123, {"loss": 0.123456})
    logged = [int(line.split()[1]) for line in lines.messages]
    assert logged == [1, 2, 5, 10, 20, 50, 100, 123]
    assert lines.messages[0] == "train: 1 of 123, loss 0.1235"


def test_a_step_of_unknown_many_without_figures_is_told_too(lines: pytest.LogCaptureFixture) -> None:
    LogObserver().progressed("download", 50, None, {})
    assert lines.messages == ["download: 50 of ?"]


@pytest.mark.parametrize(
    ("outcome", "level", "line"),
    [
        (
            Outcome(name="verify", state="completed", seconds=1.25, figure="9 bytes"),
            "INFO",
            "completed in 1.2",
        ),
        (Outcome(name="verify", state="failed", reason="wrong hash"), "ERROR", "failed in 0.0 s; wrong hash"),
        (Outcome(name="verify", state="skipped", reason="after download"), "INFO", "after download"),
    ],
)
def test_an_end_is_logged_with_its_reason_or_figure(
    outcome: Outcome, level: str, line: str, lines: pytest.LogCaptureFixture
) -> None:
    LogObserver().finished(outcome)
    assert line in lines.text and [record.levelname for record in lines.records] == [level]


def test_starts_and_notices_are_logged_and_the_log_is_what_observes_by_default(
    lines: pytest.LogCaptureFixture,
) -> None:
    observer.get().started("verify")
    observer.get().noticed("verify", "look here")
    assert lines.messages == ["verify: started", "verify: note: look here"]
