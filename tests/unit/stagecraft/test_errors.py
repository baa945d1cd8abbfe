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
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device; free some space, or"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_an_error_is_put_into_words(error: BaseException, words: str) -> None:
    assert explain(error).startswith(words)
