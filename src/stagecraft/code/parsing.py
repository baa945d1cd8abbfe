"""Python's syntax, read by one thread at a time.

Python 3.11 counts how deep it is in a syntax tree once for all threads, and takes what another thread counted
meanwhile for an error of its own (SystemError, python/cpython#106905).
"""

import ast
import threading
from typing import Any

_reading = threading.Lock()


def parse(source: str | bytes, name: str = "<unknown>", mode: str = "exec") -> Any:
    """Parse source text, as `ast.parse` does.

    Args:
        name: of its file, for errors.
        mode: exec for a module, eval for an expression.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it holds null bytes.
    """
    with _reading:
        try:
            return ast.parse(source, name, mode)
        except SystemError:  # a thread of some library was parsing too
            return ast.parse(source, name, mode)
