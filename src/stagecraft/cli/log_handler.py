"""A log file that a run does not depend on."""

import logging
import sys
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler

from secrecy import visible
from stagecraft.errors import explain
from stagecraft.files.opening import open_at_once


class PatientHandler(WatchedFileHandler):
    """Appends to a file, which may be renamed meanwhile; where that fails it says so once, and goes on."""

    _is_told = False

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=open_at_once)

    def format(self, record: logging.LogRecord) -> str:
        """Write a line, which may be shown on a terminal."""
        return visible(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Append a line."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def close(self) -> None:
        """Close the file, with what could not be written before."""
        try:
            super().close()
        except OSError as error:
            self._tell(error)

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Say what went wrong."""
        if error := sys.exception():
            self._tell(error)

    def _tell(self, error: BaseException) -> None:
        if not self._is_told:
            self._is_told = True
            if isinstance(error, OSError):
                error = OSError(error.errno, error.strerror, self.baseFilename)
            sys.stderr.write(f"the run goes on without its log file: {explain(error)}\n")
