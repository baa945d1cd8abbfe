"""Whoever watches a run: what the log has of it, and that several are told alike."""

import logging
from unittest.mock import call, create_autospec

import pytest

from stagecraft.progress import watching
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import LogWatcher, Together, Watcher, logged_by, logger


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "stagecraft")
    return caplog


def test_steps_are_logged_at_1_2_5_10_20_50_and_at_the_last(lines: pytest.LogCaptureFixture) -> None:
    watcher = LogWatcher()
    for step in range(1, 124):
        watcher.progressed("train", step, 123, {"loss": 0.123456})
    logged = [int(line.split()[1]) for line in lines.messages]
    assert logged == [1, 2, 5, 10, 20, 50, 100, 123]
    assert lines.messages[0] == "train: 1 of 123, loss 0.1235"


def test_a_step_of_unknown_many_without_figures_is_told_too(lines: pytest.LogCaptureFixture) -> None:
    LogWatcher().progressed("download", 50, None, {})
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
    LogWatcher().finished(outcome)
    assert line in lines.text and [record.levelname for record in lines.records] == [level]


def test_starts_and_notices_are_logged_with_their_stage(lines: pytest.LogCaptureFixture) -> None:
    watcher = LogWatcher()
    watcher.started("verify")
    watcher.noticed("verify", "look here")
    assert lines.messages == ["verify: started", "verify: note: look here"]
    assert [vars(record)["stage"] for record in lines.records] == ["verify", "verify"]


def test_a_silence_that_has_lasted_is_broken(
    lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = LogWatcher()
    watcher.progressed("train", 7, 123, {})
    monkeypatch.setattr(watching, "_SILENCE_S", -1)
    watcher.progressed("train", 8, 123, {})
    assert lines.messages == ["train: 8 of 123"]


EVENTS: dict[str, tuple[object, ...]] = {
    "started": ("verify",),
    "progressed": ("train", 1, 2, {"loss": 0.5}),
    "noticed": ("verify", "look here"),
    "showed": ("train", "Samples", [{"text": "the time"}]),
    "finished": (Outcome(name="verify", state="completed"), []),
    "ended": ("1f2e", [Outcome(name="verify", state="completed")], []),
}


def test_several_watchers_are_told_all_that_there_is_to_tell() -> None:
    assert EVENTS.keys() == {name for name in vars(Watcher) if not name.startswith("_")}
    one, other = (create_autospec(Watcher, instance=True) for _ in range(2))
    for name, facts in EVENTS.items():
        getattr(Together(one, other), name)(*facts)
        getattr(Watcher(), name)(*facts)  # this one passes over it
    told = [getattr(call, name)(*facts) for name, facts in EVENTS.items()]
    assert one.mock_calls == other.mock_calls == told


def test_a_handler_has_what_happens_while_it_is_asked_for_and_the_log_is_as_before() -> None:
    class Keeper(logging.Handler):
        """Keeps what it is told."""

        def emit(self, record: logging.LogRecord) -> None:
            kept.append(record.getMessage())

    kept: list[str] = []
    before = logger.level, logger.propagate, [*logger.handlers]
    with logged_by(Keeper()):
        LogWatcher().started("verify")
    LogWatcher().started("train")
    assert kept == ["verify: started"]
    assert (logger.level, logger.propagate, logger.handlers) == before
