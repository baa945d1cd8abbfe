"""Who is at work: the project's code, a distribution, or the mechanism itself."""

import importlib.resources
import linecache
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import takewhile
from types import CodeType, FrameType
from typing import Any

from stagecraft.witness.places import Places

_MECHANISM = __name__.partition(".")[0]
_OWN = __name__.rpartition(".")[0]
_STAGES = (f"{_MECHANISM}.code", f"{_MECHANISM}.pipeline")
_STORES = frozenset({"mlflow", "prefect"})
#: distributions that start processes and threads, and load compiled code, for what they do themselves
_FREE = frozenset({"matplotlib", "polars", "torch", "tqdm", "triton"})
# Who reads Python files as what they are: the import system, and the one that quotes lines of them.
_READERS = frozenset({"<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>"})
# By these it hands on what stands in a file.
_TEXTS = frozenset({"get_data", "get_source"})
# Who holds patterns against names, and what of theirs hands on the names themselves.
_MATCHERS = frozenset({"glob", "pathlib", "pathlib._abc", "pathlib._local"})
_LISTING = frozenset({"iterdir", "walk"})
_RESOURCES = f"{importlib.resources.__path__[0]}{os.sep}"


#: where files and folders of code lead, for each of which many events ask
followed = cache(os.path.realpath)


def frames() -> Iterator[FrameType]:
    """List who is at work, the innermost first; the witness itself is left out."""
    frame: FrameType | None = sys._getframe()
    while frame:
        if not _name(frame).startswith(_OWN):
            yield frame
        frame = frame.f_back


def is_free(places: Places) -> bool:
    """Tell whether a distribution of the short list, or the mechanism itself, does this for itself."""
    nearest = _nearest()
    is_listed = nearest is not None and _name(nearest).partition(".")[0] in _FREE
    return (is_listed and is_library(places)) or is_mechanism(places)


def is_library(places: Places) -> bool:
    """Tell whether something that is installed does this, and no code of the project itself."""
    nearest = _nearest()
    return nearest is None or _is_installed(nearest, places)


def is_mechanism(places: Places) -> bool:
    """Tell whether the mechanism, or what keeps its records, is nearer than any code of the project."""
    is_store = False
    for frame in frames():
        top = _name(frame).partition(".")[0]
        if top == _MECHANISM:
            return True
        is_store = is_store or (top in _STORES and _is_installed(frame, places))
        if top not in sys.stdlib_module_names and not _is_installed(frame, places):
            return False
    return is_store


def is_making_stages() -> bool:
    """Tell whether the mechanism looks at the project's code, for stages that are being made."""
    nearest = _nearest()
    return nearest is not None and _name(nearest).startswith(_STAGES)


def is_behind_mechanism(is_project: Callable[[str], bool]) -> bool:
    """Tell whether the mechanism does this, maybe by code that is none of the stage's, such as a model's."""
    for frame in frames():
        if _name(frame).partition(".")[0] == _MECHANISM:
            return True
        if _is_in_a_file(frame) and is_project(_file(frame)):
            return False
    return False


def is_reading_code() -> bool:
    """Tell whether a Python file is read to be imported, or to be quoted."""
    return any(
        code.co_filename == linecache.__file__
        or (code.co_filename in _READERS and code.co_name not in _TEXTS)
        for code in _of_python()
    )


def is_looking_up() -> bool:
    """Tell whether a folder is listed to find a module, or a file of a package, by its name."""
    in_resources = (code for code in _of_python() if code.co_filename.startswith(_RESOURCES))
    return is_reading_code() or any(code.co_name == "joinpath" for code in in_resources)


def is_matching() -> bool:
    """Tell whether a folder is listed to hold a pattern against its names, which has its own event."""
    nearest = next(frames(), None)
    return nearest is not None and _name(nearest) in _MATCHERS and nearest.f_code.co_name not in _LISTING


def project_frame(is_project: Callable[[str], bool]) -> FrameType | None:
    """Find the nearest code of the project that is at work."""
    for frame in frames():
        if _is_in_a_file(frame) and is_project(_file(frame)):
            return frame
    return None


def definition_at(frame: FrameType) -> str:
    """Name the definition that code stands in, `module.function` or `module.Class.method`."""
    return f"{_name(frame)}.{frame.f_code.co_qualname.partition('.<locals>')[0]}"


def _nearest() -> FrameType | None:
    """Find the nearest code that is none of Python's own."""
    return next((frame for frame in frames() if not _is_of_python(frame)), None)


def _of_python() -> Iterator[CodeType]:
    """List what of Python's own is at work for the nearest code that is not."""
    return (frame.f_code for frame in takewhile(_is_of_python, frames()))


def _is_of_python(frame: FrameType) -> bool:
    return _name(frame).partition(".")[0] in sys.stdlib_module_names


def _name(frame: FrameType) -> str:
    name: Any = frame.f_globals.get("__name__", "")
    return name if isinstance(name, str) else ""


def _is_installed(frame: FrameType, places: Places) -> bool:
    return not _is_in_a_file(frame) or places.hold(_file(frame))


def _file(frame: FrameType) -> str:
    return followed(frame.f_code.co_filename)


def _is_in_a_file(frame: FrameType) -> bool:
    return not frame.f_code.co_filename.startswith("<")
