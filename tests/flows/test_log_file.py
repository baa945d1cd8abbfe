"""The log file of a run that nobody watches."""

import json
import re
from pathlib import Path
from typing import Any

import pytest


def test_a_log_file_of_text_has_time_level_stage_and_message_and_grows(
    seqstep: Any, home: Any, tmp_path: Path
) -> None:
    log = tmp_path / "seqstep.log"
    run = ["run", "--until", "verify", "--log-file", str(log)]
    first = seqstep(*run)
    assert (first.status, first.err) == (0, "")  # cron mails what is written there
    lines = log.read_text().splitlines()
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d (INFO|ERROR) .+"
    assert [line for line in lines if not re.fullmatch(pattern, line)] == []
    assert any(re.search(r"INFO verify: completed in .* bytes as expected", line) for line in lines)
    assert re.search(r"INFO run [0-9a-f]{32}: 2 of 2 stages ran", lines[-1])
    assert seqstep(*run).status == 0
    again = log.read_text().splitlines()
    assert again[: len(lines)] == lines and "0 of 2 stages ran" in again[-1]


def test_a_log_file_of_json_has_one_document_a_line_and_ends_with_the_error(
    seqstep: Any, home: Any, tmp_path: Path
) -> None:
    log, missing = tmp_path / "seqstep.log", tmp_path / "none.txt"
    options = ["--log-file", str(log), "--log-format", "json", "--set", f"corpus.path={missing}"]
    result = seqstep("run", "--until", "verify", *options)
    result.ends(2, f"the text {missing} can't be read")
    assert "ERROR download: failed" in result.err and "INFO" not in result.err
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert {tuple(record) for record in records} == {("time", "level", "stage", "message")}
    reason = f"the text {missing} can't be read: No such file or directory"
    failed = [record["message"] for record in records if record["stage"] == "download"]
    assert failed[0] == "started" and failed[-1].startswith("failed in ") and reason in failed[-1]
    assert records[-1]["level"] == "ERROR" and records[-1]["stage"] is None
    assert records[-1]["message"] == f"download: {reason}"


def test_what_ends_a_run_before_its_first_stage_is_in_the_log_file_too(
    seqstep: Any, home: Any, tmp_path: Path
) -> None:
    log = tmp_path / "seqstep.log"
    seqstep("run", "--set", "rnn.epochs=0", "--log-file", str(log)).ends(2, "rnn.epochs can't be")
    assert "ERROR rnn.epochs can't be '0'" in log.read_text()


@pytest.mark.parametrize("name", ["no/such/folder.log", "."])
def test_a_log_file_that_can_not_be_written_is_refused(
    seqstep: Any, home: Any, tmp_path: Path, name: str
) -> None:
    result = seqstep("run", "--log-file", str(tmp_path / name))
    result.ends(2, "expected a file that can be written at", "set --log-file to another")
