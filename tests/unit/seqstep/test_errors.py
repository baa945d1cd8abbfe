"""The error tree: its drawing names every class, and each class has the exit status of its branch."""

import inspect

import pytest

from seqstep import errors
from seqstep.errors import InputError, OutageError, SeqstepError
from tests.error_trees import drawn_tree

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


def test_the_docstrings_tree_is_the_tree_of_classes() -> None:
    assert drawn_tree(errors) == {kind.__name__: kind.__base__.__name__ for kind in CLASSES}


@pytest.mark.parametrize("kind", CLASSES)
def test_exit_status_is_2_for_what_the_user_must_change_and_else_1(kind: type[SeqstepError]) -> None:
    assert kind.exit_status == (2 if issubclass(kind, InputError) else 1)
    assert str(kind("what, expected, got")) == "what, expected, got"


def test_no_error_is_both_the_users_and_an_outage() -> None:
    assert not [kind for kind in CLASSES if issubclass(kind, InputError) and issubclass(kind, OutageError)]
