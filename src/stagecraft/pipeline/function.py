"""Whether a function can be a stage: what it takes, and what it yields, told from its text."""

from inspect import Parameter

from pydantic import BaseModel

from stagecraft.code import Hint, Kind
from stagecraft.errors import WiringError, nearest
from stagecraft.pipeline.stage import Stage

_MODEL = Hint("BaseModel", (Kind(BaseModel),))


def check_head(stage: Stage) -> None:
    """See that a stage's function is there, and can be called with a record and with arguments by name.

    Raises:
        CodeError: it is not there.
        WiringError: it can't be called so.
    """
    stage.check_target()
    _check_names(stage)
    _check_decorators(stage)
    _check_record(stage)
    _check_parameters(stage)


def check_function(stage: Stage) -> None:
    """See that a stage's function is in no module's way, and what it yields can be told.

    Raises:
        WiringError: it can't.
    """
    stage.check_place()
    _check_result(stage)
    _check_defaults(stage)


def _check_decorators(stage: Stage) -> None:
    """See that a stage's function is what its `def` says."""
    if found := stage.code.changed_by(stage.target):
        mark, place = found
        raise WiringError(
            f"expected {stage.target} to be what its `def` says, got `@{mark}` at {place}, which may make"
            " something else of it; take it away, or have it return a plain function that takes `*args,"
            " **kwargs` and is itself under `@functools.wraps(…)`"
        )


def _check_names(stage: Stage) -> None:
    """See that something gives each name that the module of a stage's function uses."""
    if found := stage.code.undefined(stage.target):
        name, place, known = found
        raise WiringError(
            f"expected a value for {name} at {place}, got none: it is neither imported nor made there; import"
            f" it, or correct the name; {nearest(name, known)}"
        )


def _check_record(stage: Stage) -> None:
    """See that a stage's function takes a record before all else."""
    first = next(iter(stage.signature.parameters.values()), None)
    is_told = first is not None and first.annotation is not Parameter.empty
    if first is None or (is_told and not stage.code.is_recorder(stage.target, str(first.annotation))):
        got = f"`{first.name}: {first.annotation}`" if first else "a function without parameters"
        raise WiringError(
            f"expected the first parameter of {stage.target} to be a {stage.code.recorder}, got {got};"
            f" say `record: {stage.code.recorder}`"
        )


def _check_parameters(stage: Stage) -> None:
    """See that a stage's function can be called by the names of its parameters, as it is."""
    for parameter in list(stage.signature.parameters.values())[1:]:
        if parameter.kind in (Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL):
            raise WiringError(
                f"expected {stage.target} to take its arguments by their names, got {parameter}, which has"
                " none; name each parameter (`**others` takes any number)"
            )


def _check_result(stage: Stage) -> None:
    """See that a stage says what it yields, in names that a handle can have."""
    is_one = len(stage.result.kinds) == 1 and bool(stage.code.fields(stage.result))
    if not (is_one and stage.code.fits(stage.result, _MODEL)) or stage.is_lazy:
        got = "a coroutine or a generator" if stage.is_lazy else stage.result.text
        raise WiringError(
            f"expected the return hint of {stage.target} to name a model of results whose fields can be read,"
            f" got {got}; say `-> MODEL`, a subclass of Frozen that inherits from models alone, so neither"
            " from Generic nor from what only a library knows, and import its names one by one, for after"
            " `import *` nobody can tell where one comes from"
        )


def _check_defaults(stage: Stage) -> None:
    """See that the defaults of a stage's function are what their parameters ask for."""
    for name, default in stage.defaults.items():
        if not stage.code.fits(default, stage.expects(name)):
            raise WiringError(
                f"{stage.target} asks for {stage.expects(name).text} as {name}, but its default there is"
                f" {default.text}; correct the default, or its hint"
            )
