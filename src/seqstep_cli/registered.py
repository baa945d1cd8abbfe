"""How a command names a registered model, and what it loads for that name."""

import re
from typing import TYPE_CHECKING, Any

from seqstep.errors import ModelError
from seqstep_cli import NAMES
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    from seqstep.text.codec import Codec
    from stagecraft.mlflow import Registry, Version

PREFIX = NAMES.model("")
#: what follows a model's name in the help of commands
FORM = "NAME[/VERSION]"
CHOICE = (
    "the champion, or else the latest version, unless a version (rnn/3) or an alias (rnn@latest) is given"
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
            f"expected a model as NAME, NAME/VERSION or NAME@ALIAS, such as rnn/3, got {model!r}"
        )
    return PREFIX + match[1], match[2] or match[3] or ""


def open_registry(workplace: Workplace) -> "Registry":
    """Open the registry of the store in use."""
    from stagecraft.mlflow import Registry, Tracker

    return Registry(Tracker(workplace.home))


def find_language_model(workplace: Workplace, model: str) -> "tuple[Any, Codec, Version]":
    """Load a registered language model, what it reads texts with, and which version it is."""
    from seqstep.models.bundle import load_language_model

    registry = open_registry(workplace)
    version = registry.find(*split_name(model))
    parts = registry.parts(version)
    loaded, spec = load_language_model(parts["weights.safetensors"], parts["model.json"])
    return loaded, spec.codec(), version
