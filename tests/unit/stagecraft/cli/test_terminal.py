"""What a terminal is sent: colours of ours, and nothing that text from elsewhere holds."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

import pytest

# Colours, the terminal's title, a link, a command that a terminal would answer, an old eight-bit one, letters
# from right to left, the start of the line; what Rich takes for mark-up, and for an emoji.
HOSTILE = (
    "\x1b[31m\x1b]0;T\x07\x1b]8;;http://h\x1b\\\x1b[6n\x9b5m\u202e\r\x00[red]x[/]\\[b] [link=http://h]:smile:"
)
SHOWN = (
    r"\u001b[31m\u001b]0;T\u0007\u001b]8;;http://h\u001b\\u001b[6n\u009b5m\u202e\u000d\u0000"
    r"[red]x[/]\[b] [link=http://h]:smile:"
)
# What Rich itself sends: colours and styles, the cursor up, shown and hidden, a line cleared.
OWN = re.compile(r"\x1b\[[0-9;]*[mA]|\x1b\[\?25[hl]|\x1b\[[0-9]*[KG]|\r")

PRELUDE = f"""
import logging, sys, warnings
from stagecraft.cli.streams import Streams
Streams()
hostile = {HOSTILE!r}
"""


def on_a_terminal(program: str, settings: Mapping[str, str] = {}) -> str:
    """Run a program whose three streams are a terminal; return what that was sent."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "400", "PYTHONUTF8": "1", **settings}
    command = [sys.executable, "-c", PRELUDE + program]
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment)
    os.close(its)
    said = b""
    with suppress(OSError):  # on Linux, what the end looks like
        while part := os.read(ours, 4096):
            said += part
    os.close(ours)
    assert process.wait() == 0, said.decode(errors="replace")
    return said.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(
    "statement", ["STREAM.write(hostile)", "print(hostile, file=STREAM)", "STREAM.writelines([hostile])"]
)
def test_nothing_reaches_a_terminal_raw(stream: str, statement: str) -> None:
    said = on_a_terminal(statement.replace("STREAM", f"sys.{stream}"))
    assert said.rstrip("\n") == SHOWN


@pytest.mark.parametrize(
    "statement",
    [
        "logging.StreamHandler().emit(logging.makeLogRecord({'msg': hostile}))",
        "warnings.showwarning(hostile, UserWarning, hostile, 1, line=hostile)",
        "sys.excepthook(ValueError, ValueError(hostile), None)",
    ],
)
def test_what_libraries_say_is_made_safe_too(statement: str) -> None:
    said = on_a_terminal(statement)
    assert SHOWN in said and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)


TABLE = """
from stagecraft.cli.tables import make_table, open_console, styled
table = make_table("stage", hostile)
table.add_row(hostile, styled((hostile, "green")))
console = open_console()
console.print(table)
console.print(hostile, highlight=False, soft_wrap=True)
console.print(styled("a ", (hostile, "bold")), soft_wrap=True)
"""


def test_tables_have_colours_of_ours_alone() -> None:
    said = on_a_terminal(TABLE)
    assert "\x1b[32m" in said and "\x1b[1m" in said
    plain = OWN.sub("", said)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", plain)
    assert plain.count(SHOWN) == 5


BARS = """
import time
from stagecraft.cli.watching import watching
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import logger
with watching([hostile, "second"], quiet=False) as watcher:
    watcher.started(hostile)
    watcher.progressed(hostile, 1, 2, {hostile: 1.0})
    watcher.noticed(hostile, hostile)
    logger.warning(hostile)
    print("printed " + hostile)
    sys.stderr.write("no end " + hostile)
    watcher.finished(Outcome(name=hostile, state="failed", reason=hostile, seconds=1.0))
print("after " + hostile)
"""


def test_bars_are_drawn_around_what_is_said_meanwhile() -> None:
    said = on_a_terminal(BARS)
    plain = OWN.sub("", said)
    assert "\x1b[?25l" in said and "✗" in plain
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", plain)
    for begin in ("printed ", "no end ", f"after {SHOWN[:9]}"):
        assert begin in plain
    assert "after" in plain.rpartition("✗")[2]


def test_a_document_means_the_same_afterwards() -> None:
    said = on_a_terminal("from stagecraft.cli.command import print_json; print_json({hostile: hostile})")
    assert json.loads(said) == {HOSTILE: HOSTILE}
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)


DATA = """
from stagecraft.cli.outputs import write_data
print("first")
write_data(hostile + "\\n")
print("last")
"""


def test_data_is_written_as_it_is_where_no_terminal_shows_it() -> None:
    assert on_a_terminal(DATA) == f"first\n{SHOWN}\nlast\n"
    done = subprocess.run([sys.executable, "-c", PRELUDE + DATA], capture_output=True, check=True)
    assert done.stdout.decode() == f"first\n{HOSTILE}\nlast\n"
