"""Settings of which a stage is given what its key knows, and that refuse whatever would tell of the rest."""

from collections.abc import Callable, Mapping
from functools import cached_property
from inspect import getattr_static
from types import new_class
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from stagecraft.errors import SettingError
from stagecraft.pipeline.stage import prefix_of

_Model = TypeVar("_Model", bound=BaseModel)

# By these pydantic, Python and libraries read a model as a whole: to list, copy, compare, pickle, print it.
_PARTS = ("extra", "fields_set", "generic_metadata", "private", "serializer")
_WHOLE = {"__dict__", *(f"__pydantic_{part}__" for part in _PARTS)}
_LACKING = "__lacking__"


def fields_of(model: BaseModel) -> dict[str, Any]:
    """List the fields of a model with their values, private ones too, and nothing else that it may hold."""
    known = {name: value for name, value in vars(model).items() if name in type(model).model_fields}
    return known | (model.__pydantic_extra__ or {}) | (model.__pydantic_private__ or {})


def narrow(
    model: _Model, keep: Callable[[str, BaseModel], Mapping[str, Any]], stage: str, group: str
) -> _Model:
    """Copy settings without the fields that a key does not know, also in settings that they hold.

    The copy's class is a subclass of the model's. To read a field that it lacks is an error, which no
    default and no `hasattr` hides; so is to read it as a whole: to list, copy, compare, pickle or print it.
    A copy that lacks nothing is of the model's own class, and can be read in every way. All of its fields
    count as set, for no key knows which of them somebody set.

    Args:
        keep: takes a group and its model, and returns the fields that the key knows.
        stage: that is given the settings.
        group: what stands before the names of the fields, such as `rnn.`.
    """
    given = dict(keep(group, model))
    lacking = [f"{group}{name}" for name in fields_of(model) if name not in given]
    for name, value in given.items():
        if isinstance(value, BaseModel):
            given[name] = narrow(value, keep, stage, group + prefix_of(name, value))
            lacking += getattr(type(given[name]), _LACKING, ())
    if not lacking:
        copy = model.model_copy()
        fields = {name: value for name, value in given.items() if name in type(model).model_fields}
        object.__setattr__(copy, "__dict__", fields)
        object.__setattr__(copy, "__pydantic_fields_set__", {*fields})
        return copy
    kind = _without(type(model), given, _Refusal(stage, group, tuple(given), tuple(lacking)))
    copy = kind.__new__(kind)
    object.__setattr__(copy, "__dict__", given)
    return copy


class _Refusal(NamedTuple):
    """What a stage is told that reads what its key does not know."""

    stage: str
    group: str
    known: tuple[str, ...]
    lacking: tuple[str, ...]

    def of(self, name: str) -> SettingError:
        """Say that a field is read."""
        return SettingError(
            f"{self._expected()}, got {self.group}{name}; read it as `config.{name}` in code that the stage"
            " reaches, outside of calls that only record, or hand it to the stage as a parameter of its own"
        )

    def of_the_whole(self) -> SettingError:
        """Say that all fields are listed, copied, compared or printed."""
        return SettingError(
            f"{self._expected()}, got all of them, as in a copy, a comparison or a print, with"
            f" {', '.join(self.lacking)}; read each by its name, as `config.name`, or, if all are to count,"
            " list them by `dict(config)` in code that the stage reaches"
        )

    def _expected(self) -> str:
        known = ", ".join(f"{self.group}{name}" for name in self.known) or "none"
        return f"expected {self.stage} to read those settings that its key knows (here {known})"


def _without(kind: type[_Model], given: Mapping[str, Any], refusal: _Refusal) -> type[_Model]:
    """Make the class of settings that lack fields."""

    def read(self: BaseModel, name: str) -> Any:
        if object.__getattribute__(self, "__dict__") is not given:
            return object.__getattribute__(self, name)  # of another object, which the stage made
        if name in given:
            return given[name]
        if f"{refusal.group}{name}" in refusal.lacking:
            raise refusal.of(name)
        if name in _WHOLE:
            raise refusal.of_the_whole()
        if isinstance(found := getattr_static(kind, name, None), cached_property):
            # It would keep its value in the object's own dictionary.
            return found.func(self)
        return object.__getattribute__(self, name)

    body: dict[str, Any] = {
        "__doc__": kind.__doc__,
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__getattribute__": read,
        # Nothing is ever validated by it.
        "model_config": ConfigDict(defer_build=True),
        _LACKING: refusal.lacking,
    }
    return new_class(kind.__name__, (kind,), exec_body=lambda namespace: namespace.update(body))
