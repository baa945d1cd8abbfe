"""What stands in a walk for the results of a stage."""

from typing import Any

from secrecy import quote
from stagecraft.errors import WiringError


class Handle:
    """What a stage will have yielded, or a part of it: `handle.part`, and so on down.

    It has no value before the stage has run, so a walk can hand it on and do nothing else with it.

    Args:
        errors: takes what it refuses, for the walk may catch it.
    """

    _stage: str
    _path: tuple[str, ...]
    _errors: list[BaseException]

    def __init__(
        self, stage: str, path: tuple[str, ...] = (), errors: list[BaseException] | None = None
    ) -> None:
        vars(self).update(_stage=stage, _path=path, _errors=[] if errors is None else errors)

    def __getattr__(self, part: str) -> "Handle":
        if part.startswith("_"):
            raise AttributeError(part)
        return Handle(self._stage, (*self._path, part), self._errors)

    def __getitem__(self, part: object) -> "Handle":
        raise self._refused(
            f"{as_written(self)}[{quote(part)}] has no value yet, for a walk hands on results and fields of"
            f" results alone; hand on all of {as_written(self)}, and take the entry in a stage"
        )

    # Else Python would go through it by numbers.
    __iter__ = None

    def __setattr__(self, part: str, value: object) -> None:
        raise self._fixed(part)

    def __delattr__(self, part: str) -> None:
        raise self._fixed(part)

    def __bool__(self) -> bool:
        raise self._refused(undecided(as_written(self)))

    def __eq__(self, other: object) -> bool:
        raise self._refused(undecided(as_written(self)))

    __hash__ = object.__hash__

    def __str__(self) -> str:
        raise self._refused(
            f"{as_written(self)} has no value yet, so it can't be put into a text; hand it on, and write the"
            " text in a stage"
        )

    __repr__ = __str__

    def _fixed(self, part: str) -> WiringError:
        return self._refused(
            f"{as_written(self)}.{part} can't be set or deleted: a result is what its stage yields; make the"
            " change in a stage, or give another name to what the walk makes"
        )

    def _refused(self, words: str) -> WiringError:
        error = WiringError(words)
        self._errors.append(error)
        return error


def undecided(handle: str) -> str:
    """Say that a walk can't decide by a handle, as it is written there."""
    return (
        f"{handle} has no value yet: its stage runs after the walk, so no decision of the walk can"
        " depend on it; decide in a stage, or by a setting"
    )


def stage_of(handle: Handle) -> str:
    """Name the stage whose results a handle stands for."""
    return handle._stage


def path_of(handle: Handle) -> tuple[str, ...]:
    """Tell which part of them it stands for, from the outside in; nothing is all of them."""
    return handle._path


def pick(handle: Handle, value: Any) -> Any:
    """Take a handle's part of a stage's value, be it a model or its JSON."""
    for part in handle._path:
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


def as_written(handle: Handle) -> str:
    """Write a handle as it stands in a walk, for messages."""
    return ".".join((handle._stage, *handle._path))
