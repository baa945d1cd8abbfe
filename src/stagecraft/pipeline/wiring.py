"""Whether a walk fits together: what a stage is handed is there, and is what its function asks for.

Told from syntax, so that nothing heavy is imported; what can't be told so is let pass.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from stagecraft.code import Hint, hint_of
from stagecraft.errors import WiringError, nearest
from stagecraft.pipeline.handle import Handle, dotted
from stagecraft.pipeline.stage import Stage

# These names of a handle's are not those of parts.
_TAKEN = ("path", "pick", "stage")


def lay_out(stage: Stage, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what a stage is handed out by the names of its parameters.

    Raises:
        WiringError: it takes more, fewer or others.
    """
    try:
        return stage.bind(*args, **kwargs)
    except TypeError as error:
        takes = list(stage.signature.parameters)[1:]
        raise WiringError(f"{stage.name}: {error}; {stage.target} takes {', '.join(takes)}") from None


def check(stage: Stage, arguments: Mapping[str, Any], before: Mapping[str, Stage]) -> None:
    """See that a stage can take what it is handed.

    Args:
        arguments: by the names of the stage's parameters.
        before: the stages whose results may be among them, by name.

    Raises:
        WiringError: there is no such part of a stage's results, or the stage asks for something else.
    """
    stage.check_place()
    _check_result(stage)
    for name, value in arguments.items():
        if _holds_a_handle(value):
            raise WiringError(
                f"{stage.name} is handed results of stages inside of a {type(value).__name__} as {name}; hand"
                " on each as an argument of its own (`**others` takes any number)"
            )
        argument = _Argument(stage, name, value)
        argument.check(argument.found_in(before) if isinstance(value, Handle) else hint_of(value))


def check_absent(stage: Stage, arguments: Mapping[str, Any], present: Collection[str]) -> None:
    """See that a stage can do without what other stages would hand it that are left out.

    Args:
        present: the stages that are not.

    Raises:
        WiringError: it can't.
    """
    for name, value in arguments.items():
        if isinstance(value, Handle) and value.stage not in present:
            _Argument(stage, name, value).check_absent()


def _holds_a_handle(value: Any) -> bool:
    """Tell whether a collection holds handles, which would be handed on as they are."""
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if not isinstance(value, list | tuple | set | frozenset):
        return False
    return any(isinstance(part, Handle) or _holds_a_handle(part) for part in value)


def _check_result(stage: Stage) -> None:
    """See that a stage says what it yields, in names that a handle can have."""
    fields = stage.code.fields(stage.result)
    is_model = len(stage.result.kinds) == 1 and fields != {}
    if not is_model or stage.is_lazy:
        got = "a coroutine or a generator" if stage.is_lazy else stage.result.text
        raise WiringError(
            f"expected the return hint of {stage.target} to name a model of results whose fields can be read,"
            f" got {got}; say `-> MODEL`, a subclass of Frozen that the module imports by name"
        )
    taken = [name for name in _TAKEN if name in (fields or ())]
    if taken:
        raise WiringError(
            f"{stage.name} yields {taken[0]}, a name that handles have for themselves"
            f" ({', '.join(_TAKEN)}); call it otherwise in {stage.result.text}"
        )


@dataclass(frozen=True)
class _Argument:
    stage: Stage
    name: str
    value: Any

    def found_in(self, before: Mapping[str, Stage]) -> Hint:
        """Tell what is behind a handle, part by part."""
        source = before.get(self.value.stage)
        if source is None:
            raise WiringError(
                f"{self.stage.name} is handed {dotted(self.value)} as {self.name}, but no stage"
                f" {self.value.stage} is called before it; hand on what this walk made"
            )
        found = source.result
        for depth, part in enumerate(self.value.path):
            fields = source.code.fields(found)
            if fields is None:
                return Hint("")
            if part not in fields:
                whole = Handle(source.name, self.value.path[:depth])
                hint = nearest(part, fields) if fields else "hand on all of it"
                raise WiringError(
                    f"{self.stage.name} is handed {dotted(self.value)} as {self.name}, but {dotted(whole)} is"
                    f" {_one(found)} and has no {part}; {hint}"
                )
            found = fields[part]
        return found

    def check(self, given: Hint) -> None:
        """Hold what is given against what the stage asks for."""
        if not self._is_met_by(given):
            got = f"{dotted(self.value)}, {_one(given)}," if isinstance(self.value, Handle) else given.text
            raise WiringError(
                f"{self.stage.name} is handed {got} as {self.name}, but {self.stage.target} asks for"
                f" {self._expected.text}; {self._advice(given)}"
            )

    def check_absent(self) -> None:
        """See that the stage can do without it."""
        if not self._is_met_by(hint_of(None)):
            raise WiringError(
                f"{self.stage.name} is handed {dotted(self.value)} as {self.name}, but"
                f" {self.value.stage} is left out here and {self.stage.target} asks for"
                f" {self._expected.text}; let that allow None, or hand on what is always there"
            )

    @property
    def _expected(self) -> Hint:
        return self.stage.expects(self.name)

    def _is_met_by(self, given: Hint) -> bool:
        return self.stage.code.fits(given, self._expected)

    def _advice(self, given: Hint) -> str:
        fields = self.stage.code.fields(given) or {}
        parts = [part for part, hint in fields.items() if hint.kinds and self._is_met_by(hint)]
        if parts and isinstance(self.value, Handle):
            return f"did you mean {' or '.join(f'{dotted(self.value)}.{part}' for part in parts)}?"
        return "hand on what it asks for, or correct its hint"


def _one(hint: Hint) -> str:
    return f"{'an' if hint.text[:1] in 'AEIOUaeiou' else 'a'} {hint.text}"
