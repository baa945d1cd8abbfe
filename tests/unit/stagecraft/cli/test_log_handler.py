"""A log file that can't be written: the run goes on, and says so once."""

import json
import logging
import os
import re
from pathlib import Path

import pytest

from stagecraft.cli.log_file import LogFormat, logging_to
from stagecraft.errors import UsageError
from stagecraft.progress.watching import logger


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_full_disk_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    with logging_to(Path("/dev/full"), "text"):
        logger.info("one")
        logger.info("two")
    (said,) = lines(capsys)
    assert said.startswith(
        "the run goes on without its log file: [Errno 28] No space left on device: '/dev/full'"
    )
    assert "set --log-file to another" in said


def test_a_folder_that_is_gone_is_told_once_and_used_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "run.log"
    log.parent.mkdir()
    with logging_to(log, "text"):
        logger.info("one")
        log.unlink()
        log.parent.rmdir()
        logger.info("two")
        logger.info("three")
        log.parent.mkdir()
        logger.info("four")
    (said,) = lines(capsys)
    assert "No such file or directory" in said
    assert [line.split()[-1] for line in log.read_text().splitlines()] == ["four"]


def test_a_pipe_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(UsageError, match="got: a pipe that nobody reads"),
        logging_to(tmp_path / "pipe", "text"),
    ):
        pass


def test_a_pipe_whose_reader_has_gone_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with logging_to(tmp_path / "pipe", "text"):
        logger.info("one")
        assert b"INFO one" in os.read(reader, 100)
        os.close(reader)
        logger.info("two")
    assert "Broken pipe" in lines(capsys)[0]


def test_a_character_that_can_not_be_written_is_spelled(tmp_path: Path) -> None:
    with logging_to(tmp_path / "run.log", "text"):
        logger.log(logging.INFO, "caf\udce9")
    assert "caf\\udce9" in (tmp_path / "run.log").read_text()


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_control_character_gets_into_a_log(tmp_path: Path, form: LogFormat) -> None:
    log = tmp_path / "log"
    with logging_to(log, form):
        logger.info("a \x1b[31m\x9b5m\r\n\u202eb")
    said = log.read_text().splitlines()
    assert len(said) == 1 and r"\u001b[31m\u009b5m" in said[0]
    assert form == "text" or json.loads(said[0])["message"] == "a \x1b[31m\x9b5m\r\n\u202eb"
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", said[0])
