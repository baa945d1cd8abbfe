"""Where the program `seqstep` begins, before anything is imported.

May import: the command line, once Ctrl-C can end that.
"""

import signal
import sys
from typing import NoReturn


def program() -> NoReturn:
    """Be the program; until it can close what it opens, Ctrl-C just ends it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # which shows a traceback of imports
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from seqstep_cli.main import program
    except Exception as error:  # noqa: BLE001  (no import of its own is sure to work)
        sys.exit(_refusal(error))
    program()


def _refusal(error: Exception) -> int:
    """Say in one line what kept the program from starting, and where in its own files."""
    from traceback import extract_tb  # not before Ctrl-C can end this

    files = [(frame.filename, frame.lineno) for frame in extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        files.append((error.filename, error.lineno))
    own = [place for place in files if "site-packages" not in place[0] and not place[0].startswith("<")]
    file, line = own[-1] if own else files[-1]
    words = " ".join(str(error).split())
    sys.stderr.write(
        f"seqstep: can't start: {type(error).__name__}: {words}, at {file}:{line}; correct that\n"
    )
    return 2
