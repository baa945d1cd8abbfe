"""Whether a walk fits together: what a stage is handed is there, and is what its function asks for.

Told from syntax, so that nothing heavy is imported; what can't be told so is let pass.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from types import NoneType
from typing import Any

from pydantic import BaseModel

from secrecy import cut, redact, spell
from stagecraft.code import Hint, Kind, hint_of
from stagecraft.errors import WiringError, nearest
from stagecraft.pipeline.function import check_function, check_head
from stagecraft.pipeline.handle import Handle, as_written, path_of, stage_of
from stagecraft.pipeline.narrowed import fields_of
from stagecraft.pipeline.settings_named import check_named
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.validated import unvalidated


def bind_arguments(stage: Stage, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what a stage is handed out by the names of its parameters.

    Raises:
        CodeError: its function is not there.
        WiringError: it takes more, fewer or others, or no record before them, or that can't be told.
    """
    check_head(stage)
    _, *parameters = stage.signature.parameters.values()
    takes = [parameter.name for parameter in parameters]
    takes_others = any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters)
    if strange := [name for name in kwargs if name not in takes and not takes_others]:
        raise WiringError(
            f"{stage.name} is handed something as {strange[0]}, which {stage.target} does not take;"
            f" {nearest(strange[0], takes)}"
        )
    try:
        return stage.bind(*args, **kwargs)
    except TypeError as error:
        raise WiringError(f"{stage.name}: {error}; {stage.target} takes {', '.join(takes)}") from None


def check(stage: Stage, arguments: Mapping[str, Any], before: Mapping[str, Stage]) -> None:
    """See that a stage can take what it is handed.

    Args:
        arguments: by the names of the stage's parameters.
        before: the stages whose results may be among them, by name.

    Raises:
        WiringError: there is no such part of a stage's results, or the stage asks for something else.
    """
    check_function(stage)
    for name, value in arguments.items():
        if _holds_a_handle(value):
            raise WiringError(
                f"{stage.name} is handed results of stages inside of a {type(value).__name__} as {name}; hand"
                " on each as an argument of its own (`**others` takes any number)"
            )
        argument = _Argument(stage, name, value)
        argument.check(argument.found_in(before) if isinstance(value, Handle) else hint_of(value))
        argument.check_validated()
    check_named(stage, arguments)


def check_absent(stage: Stage, arguments: Mapping[str, Any], present: Collection[str]) -> None:
    """See that a stage can do without what other stages would hand it that are left out.

    Args:
        present: the stages that are not.

    Raises:
        WiringError: it can't.
    """
    for name, value in arguments.items():
        if isinstance(value, Handle) and stage_of(value) not in present:
            _Argument(stage, name, value).check_absent()


def _holds_a_handle(value: Any) -> bool:
    """Tell whether a collection holds handles, which would be handed on as they are."""
    if isinstance(value, BaseModel):
        value = fields_of(value)
    if isinstance(value, Mapping):
        value = (*value, *value.values())
    if not isinstance(value, list | tuple | set | frozenset):
        return False
    return any(isinstance(part, Handle) or _holds_a_handle(part) for part in value)


@dataclass(frozen=True)
class _Argument:
    stage: Stage
    name: str
    value: Any

    def found_in(self, before: Mapping[str, Stage]) -> Hint:
        """Tell what is behind a handle, part by part."""
        source = before.get(stage_of(self.value))
        if source is None:
            raise WiringError(
                f"{self.stage.name} is handed {as_written(self.value)} as {self.name}, but no stage"
                f" {stage_of(self.value)} is called before it; hand on what this walk made"
            )
        found = source.result
        for depth, part in enumerate(path_of(self.value)):
            above = Handle(source.name, path_of(self.value)[:depth])
            if wrong := self._wrong(source, found, part, above):
                raise WiringError(
                    f"{self.stage.name} is handed {as_written(self.value)} as {self.name}, but"
                    f" {as_written(above)} is {_one(found)}{wrong}"
                )
            found = (source.code.fields(found) or {})[part]
        return found

    def _wrong(self, source: Stage, found: Hint, part: str, above: Handle) -> str:
        """Say why what is found has no such part for sure; nothing if it has."""
        fields = source.code.fields(found)
        if fields is None:
            return ", whose parts can't be told before it is made; hand on all of it"
        if part not in fields:
            return f" and has no {part}; {nearest(part, fields) if fields else 'hand on all of it'}"
        if lacking := [kind for kind in found.kinds if self._lacks(source, kind, part)]:
            what = "be None" if lacking[0].type is NoneType else "be another model"
            return f", and may {what}, which has no {part}; hand on all of {as_written(above)}"
        return ""

    @staticmethod
    def _lacks(source: Stage, kind: Kind, part: str) -> bool:
        """Tell whether one of several types that something may be has no such part."""
        fields = source.code.fields(Hint("", (kind,)))
        return kind.type is NoneType or (fields is not None and part not in fields)

    def check(self, given: Hint) -> None:
        """Hold what is given against what the stage asks for."""
        if not self._is_met_by(given):
            raise WiringError(
                f"{self.stage.name} is handed {self._got(given)} as {self.name}, but {self.stage.target} asks"
                f" for {self._expected.text}; {self._advice(given)}"
            )
        if isinstance(self.value, Handle) and not self.stage.code.names(given, self._expected):
            raise WiringError(
                f"expected the hint of {self.stage.target} to say exactly of which type"
                f" {as_written(self.value)} is, {given.text}, for its code is followed by that, got"
                f" {self._expected.text} as {self.name}; say `{self.name}: {given.text}`"
            )

    def check_validated(self) -> None:
        """See that settings are such as their classes let them be made."""
        if not isinstance(self.value, Handle) and (wrong := unvalidated(self.value)):
            raise WiringError(
                f"{self.stage.name} is handed settings as {self.name} that their class would not make again:"
                f" {wrong}; make them by their class, not by model_copy or model_construct, and let its"
                " validators take what they made"
            )

    def check_absent(self) -> None:
        """See that the stage can do without it."""
        if not self._is_met_by(hint_of(None)):
            raise WiringError(
                f"{self.stage.name} is handed {as_written(self.value)} as {self.name}, but"
                f" {stage_of(self.value)} is left out here and {self.stage.target} asks for"
                f" {self._expected.text}; let that allow None, or hand on what is always there"
            )

    def _got(self, given: Hint) -> str:
        """Say what is given: a handle as it is written, a value as it is, settings by their class alone."""
        if self.value is None or isinstance(self.value, BaseModel):
            return given.text
        is_handle = isinstance(self.value, Handle)
        return f"{as_written(self.value) if is_handle else cut(redact(spell(self.value)))}, {_one(given)},"

    @property
    def _expected(self) -> Hint:
        return self.stage.expects(self.name)

    def _is_met_by(self, given: Hint) -> bool:
        return self.stage.code.fits(given, self._expected)

    def _advice(self, given: Hint) -> str:
        fields = self.stage.code.fields(given) or {}
        parts = [part for part, hint in fields.items() if hint.kinds and self._is_met_by(hint)]
        if parts and isinstance(self.value, Handle):
            return f"did you mean {' or '.join(f'{as_written(self.value)}.{part}' for part in parts)}?"
        return "hand on what it asks for, or correct its hint"


def _one(hint: Hint) -> str:
    return f"{'an' if hint.text[:1] in 'AEIOUaeiou' else 'a'} {hint.text}"
