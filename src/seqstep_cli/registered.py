"""How a command names a registered model, which version answers then, and what is loaded of it."""

import re
import sys
from typing import TYPE_CHECKING

from secrecy import quote
from seqstep.errors import ModelError
from seqstep_cli import NAMES
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    from stagecraft.mlflow import Registry
    from stagecraft.mlflow.answering import Answerer

PREFIX = NAMES.model("")
#: what follows a model's name in the help of commands
FORM = "NAME[/VERSION]"
CHOICE = (
    "the champion of the data set, or else the version of the latest run on it, unless a version (rnn/3) or"
    " an alias (rnn@latest) is given"
)

_NAME = re.compile(rf"(?:{PREFIX})?([\w-]+?)(?:/([1-9][0-9]*)|@([\w-]+))?", re.ASCII)


def split_name(model: str) -> tuple[str, str]:
    """Split `rnn/3` or `rnn@champion` into the registered name and what is wanted of it.

    Raises:
        ModelError: it is written in another way.
    """
    match = _NAME.fullmatch(model)
    if not match:
        raise ModelError(
            f"expected a model as NAME, NAME/VERSION or NAME@ALIAS, such as rnn/3, got {quote(model)}"
        )
    return PREFIX + match[1], match[2] or match[3] or ""


def open_registry(workplace: Workplace) -> "Registry":
    """Open the registry of the store in use."""
    from stagecraft.mlflow import Registry, Tracker

    return Registry(Tracker(workplace.home))


def part_of(name: str) -> str:
    """Name what stands for a registered model in stages and metrics: rnn_scratch for seqstep-rnn-scratch."""
    return name.removeprefix(PREFIX).replace("-", "_")


def training_of(name: str) -> str:
    """Name the stage that trains a registered model."""
    return f"train_{part_of(name)}"


def choose(registry: "Registry", model: str, data: str = "") -> "Answerer":
    """Find the version that answers; see `find_answer`.

    Args:
        data: what the data set is called that is asked for, if the command says so.
    """
    from stagecraft.mlflow.answering import find_answer

    name, wanted = split_name(model)
    return find_answer(registry, name, training_of(name), wanted, data)


def named(answer: "Answerer") -> dict[str, object]:
    """Say in a document which version answers."""
    return {"model": str(answer.version), "answered_by": answer.document()}


def say_who(answer: "Answerer") -> None:
    """Say which version answers, beside what it answers."""
    sys.stderr.write(f"seqstep: {answer}\n")
