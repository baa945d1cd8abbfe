"""Prefect's log records, without secrets: they hold tracebacks, in which any library may have put a URL."""

import logging

from secrecy import redact

_LOGGERS = ("prefect.flow_runs", "prefect.task_runs", "prefect.engine", "prefect.states")
_formatter = logging.Formatter()


def _without_secrets(record: logging.LogRecord) -> bool:
    """Put a record's text and traceback in words that can be kept; let it pass."""
    record.msg, record.args = redact(record.getMessage()), ()
    if record.exc_info:
        record.exc_text = redact(_formatter.formatException(record.exc_info))
        record.exc_info = None
    return True


def keep_secrets_out_of_logs() -> None:
    """See to it that no run logs a secret, wherever its records go."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_without_secrets)
