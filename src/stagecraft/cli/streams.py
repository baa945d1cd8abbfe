"""The standard streams of a program: what can't be written there is lost, and ends nothing that it does.

All that is written to them goes through `visible`: no control character of a file's or a server's reaches a
terminal. What knows what it does, such as a table with colours, writes to `as_is`.
"""

import errno
import io
import os
import select
import sys
from typing import Any, TextIO, cast

from secrecy import visible

_IN, _OUT, _ERROR = range(3)
# What a pipe that is full is given to have room again.
_PATIENCE_S = 10


class _Patient(io.FileIO):
    """A standard stream that takes what it can't write.

    Attributes:
        broken: why something was lost; None as long as nothing was.
    """

    broken: OSError | None = None

    def write(self, data: Any) -> Any:
        """Write as much as there is room for."""
        try:
            written = super().write(data)
            # A pipe that is not to be waited for is full; once nobody read it, nothing more is waited for.
            if written is None and select.select([], [self], [], 0 if self.broken else _PATIENCE_S)[1]:
                written = super().write(data)
            if written is None:
                raise OSError(errno.EAGAIN, "nobody reads it")
            return written
        except OSError as error:
            self.broken = self.broken or error
            return len(data)


class _Visible(io.TextIOWrapper):
    """Text for people."""

    def write(self, text: str) -> int:
        """Write control characters as text."""
        super().write(visible(text))
        return len(text)


class _AsIs(io.TextIOBase):
    """The same stream for what may hold control characters."""

    def __init__(self, stream: _Visible) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write text as it is."""
        return io.TextIOWrapper.write(self._stream, text)

    def flush(self) -> None:
        """Write what waits."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Tell whether a terminal shows it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Tell its number."""
        return self._stream.fileno()


def as_is(stream: TextIO) -> TextIO:
    """Open a stream for what may hold control characters."""
    return cast(TextIO, _AsIs(stream)) if isinstance(stream, _Visible) else stream


class Streams:
    """Standard output and standard error, in the place of those that Python opened.

    One that is closed leads nowhere, so that no file that is opened later takes its number. A character
    that an encoding does not know is spelled as Python does it in strings.
    """

    def __init__(self) -> None:
        for number in (_IN, _OUT, _ERROR):
            _keep_open(number)
        self._out, error = (_Patient(number, "w", closefd=False) for number in (_OUT, _ERROR))
        sys.stdout = sys.__stdout__ = _text(self._out, sys.stdout, self._out.isatty())  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = _text(error, sys.stderr, True)  # type: ignore[misc]

    def lost(self) -> str:
        """Say why output was lost; nothing if none was, or if whoever read it had enough."""
        sys.stdout.flush()
        error = self._out.broken
        return "" if error is None or error.errno == errno.EPIPE else str(error.strerror)


def _keep_open(number: int) -> None:
    """Have a stream lead nowhere if it is closed; what is opened gets the lowest number that is free."""
    try:
        os.fstat(number)
    except OSError:
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _text(raw: io.FileIO, before: TextIO | None, line_buffering: bool) -> io.TextIOWrapper:
    """Write text to a stream, in the encoding that Python chose for the one before."""
    encoding = before.encoding if before else "utf-8"
    buffer = io.BufferedWriter(raw)
    return _Visible(buffer, encoding, errors="backslashreplace", line_buffering=line_buffering)
