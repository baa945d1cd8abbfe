"""Standard streams that can't be written: what the program does goes on, and it says what was lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# It prints more than any buffer holds, does its work, and prints once more.
PROGRAM = """
import sys
from pathlib import Path
from stagecraft.cli.streams import Streams

streams = Streams()
print("Größe – 1\\n" * 20_000)
sys.stderr.write("Fehler – 2\\n" * 20_000)
Path(sys.argv[1]).write_text("done")
print("3")
if lost := streams.lost():
    sys.stderr.write(f"lost: {lost}\\n")
sys.exit(5 if lost else 4)
"""


def call(work: Path, redirections: str) -> subprocess.CompletedProcess[str]:
    command = f'"$0" -c "$1" "$2" {redirections}'
    return subprocess.run(
        ["bash", "-c", command, sys.executable, PROGRAM, str(work)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("redirections", "status"),
    [
        (">&-", 4),
        ("2>&-", 4),
        (">&- 2>&-", 4),
        ("<&- >&- 2>&-", 4),
        (">/dev/full", 5),
        ("2>/dev/full", 4),
        (">/dev/full 2>/dev/full", 5),
        ("| true; exit ${PIPESTATUS[0]}", 4),
    ],
)
def test_what_the_program_does_goes_on(tmp_path: Path, redirections: str, status: int) -> None:
    if "/dev/full" in redirections and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    result = call(tmp_path / "work", redirections)
    assert result.returncode == status, result.stderr[-300:]
    assert (tmp_path / "work").read_text() == "done"
    assert "Traceback" not in result.stderr and "Exception" not in result.stderr
    if status == 5 and "2>" not in redirections:
        assert result.stderr.splitlines()[-1] == "lost: No space left on device"


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_pipe_that_blocks_nobody_is_waited_for_a_while(tmp_path: Path, name: str) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    program = PROGRAM.replace(
        "streams = Streams()",
        "from stagecraft.cli import streams as waiting\nwaiting._PATIENCE_S = 0.2\nstreams = Streams()",
    )
    command = [sys.executable, "-c", program, str(tmp_path / "work")]
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, name: writer}
    result = subprocess.run(command, **given, encoding="utf-8", check=False)  # type: ignore[call-overload]
    assert result.returncode == (5 if name == "stdout" else 4)
    assert (tmp_path / "work").read_text() == "done"
    if name == "stdout":
        assert result.stderr.splitlines()[-1] == "lost: nobody reads it"
    os.close(reader)
    os.close(writer)


def test_a_slow_reader_of_a_pipe_that_blocks_nobody_gets_all(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "work")]
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL) as process:
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as read:
            assert read.read() == "Größe – 1\n" * 20_000 + "\n3\n"
        assert process.wait() == 4


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_character_that_the_encoding_lacks_is_spelled(tmp_path: Path, encoding: str) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "work")]
    result = subprocess.run(
        command, env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False
    )
    assert result.returncode == 4
    line = result.stdout.decode(encoding).splitlines()[0]
    assert line == {"ascii": "Gr\\xf6\\xdfe \\u2013 1", "latin-1": "Größe \\u2013 1"}[encoding]
    assert result.stderr.decode(encoding).splitlines()[0] == "Fehler \\u2013 2"


def test_a_closed_stream_gives_its_number_to_no_file(tmp_path: Path) -> None:
    program = """
import json, os, subprocess, sys
from stagecraft.cli.streams import Streams

Streams()
with open(sys.argv[1], "w") as file:
    number = file.fileno()
    subprocess.run(["sh", "-c", "echo astray; echo astray >&2"], check=False)
    json.dump(number, file)
"""
    command = ["bash", "-c", 'exec "$0" -c "$1" "$2" <&- >&- 2>&-', sys.executable, program]
    subprocess.run([*command, str(tmp_path / "file")], check=True)
    assert json.loads((tmp_path / "file").read_text()) > 2
