"""The error tree: its drawing names every class, and every error can be put into words."""

import inspect

import pytest

from stagecraft import errors
from stagecraft.errors import BusyError, StagecraftError, TrackingError, UsageError, explain
from tests.error_trees import drawn_tree

CLASSES = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, StagecraftError)
]


def test_the_docstrings_tree_is_the_tree_of_classes() -> None:
    assert drawn_tree(errors) == {kind.__name__: kind.__base__.__name__ for kind in CLASSES}


def test_exit_status_is_2_for_what_the_user_must_change_75_for_what_is_busy_and_else_1() -> None:
    status = {kind: 2 if issubclass(kind, UsageError) else 1 for kind in CLASSES}
    assert {kind: kind.exit_status for kind in CLASSES} == {**status, BusyError: 75}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TrackingError("made for the user"), "made for the user"),
        (ValueError("not made for the user"), "ValueError: not made for the user"),
        (KeyError(), "KeyError"),
        (IsADirectoryError(21, "Is a directory", "/x"), "[Errno 21] Is a directory: '/x'"),
        (
            OSError(30, "Read-only file system", "/x"),
            "expected a folder that can be written for /x, got: Read-only file system; mount its disk for",
        ),
        (
            OSError(30, "Read-only file system"),  # as a changed time of a file has it
            "expected a folder that can be written for the home, got: Read-only file system",
        ),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device; the disk of /"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (TrackingError(f"got {'x' * 60_000}; do"), f"got {'x' * 149}…{'x' * 49}; (60,001 characters) do"),
    ],
)
def test_an_error_is_put_into_words(error: BaseException, words: str) -> None:
    assert explain(error).startswith(words)
