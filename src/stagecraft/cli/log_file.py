"""A run's log lines in a file, for runs that nobody watches."""

import json
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from secrecy import in_line
from stagecraft.disks import writes_to
from stagecraft.errors import UsageError, explain
from stagecraft.files.opening import why_not
from stagecraft.progress.watching import logged_by

LogFormat = Literal["text", "json"]
LOG_FORMATS = get_args(LogFormat)


class _Text(logging.Formatter):
    """`2026-11-02T01:00:03+01:00 INFO download: started`, one line each."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{_time(record)} {record.levelname} {in_line(record.getMessage())}"


class _JSON(logging.Formatter):
    """One document a line: time, level, stage (null for what concerns the whole run), message."""

    def format(self, record: logging.LogRecord) -> str:
        stage = getattr(record, "stage", None)
        message = record.getMessage().removeprefix(f"{stage}: ")
        document = {"time": _time(record), "level": record.levelname, "stage": stage, "message": message}
        return json.dumps(document, ensure_ascii=False)


@contextmanager
def logging_to(path: Path | None, form: LogFormat) -> Iterator[None]:
    """Append log lines to a file, if one is given, and the error that ends what is done here.

    The file may be renamed meanwhile, as logrotate does. What can't be written any more is lost, which is
    said once on standard error; the run goes on.

    Raises:
        UsageError: it can't be written.
    """
    if path is None:
        yield
        return
    from stagecraft.cli.log_handler import PatientHandler

    writes_to(path.absolute().parent, "set --log-file to another")
    try:
        handler = PatientHandler(path)
    except OSError as error:
        raise UsageError(
            f"expected a file that can be written at {path}, got: {why_not(error, path)};"
            " set --log-file to another"
        ) from None
    handler.setFormatter(_JSON() if form == "json" else _Text())
    with closing(handler), logged_by(handler):
        try:
            yield
        except BaseException as error:
            text = explain(error) if isinstance(error, Exception) else "interrupted"
            handler.handle(logging.makeLogRecord({"levelname": "ERROR", "msg": text}))
            raise


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")
