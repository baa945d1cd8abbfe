"""A stage with its arguments: what its result can depend on, and what it is given."""

import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel

from stagecraft.cache.checks import Digests
from stagecraft.cache.result import Result
from stagecraft.code import CodeError
from stagecraft.files.artifact import Artifact, digest
from stagecraft.key.parts import Parts
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.stage import Stage


@dataclass(frozen=True)
class Call:
    """A stage with its arguments, some of them handles for what other stages yield.

    Args:
        arguments: by the names of the stage's parameters.
    """

    stage: Stage
    arguments: Mapping[str, Any]

    @property
    def handles(self) -> dict[str, Handle]:
        """The arguments that other stages yield."""
        return {name: value for name, value in self.arguments.items() if isinstance(value, Handle)}

    @property
    def settings(self) -> dict[str, Any]:
        """The other arguments."""
        return {name: value for name, value in self.arguments.items() if not isinstance(value, Handle)}

    def fixed_parts(self) -> Parts:
        """Collect what the key is made of, but for the inputs."""
        return Parts(
            code=self.stage.reach.definitions,
            parameters=self.parameters(),
            libraries=_libraries(self.stage.reach.modules),
        )

    def parts(self, results: Mapping[str, Result], digests: Digests) -> Parts:
        """Collect all that the key is made of.

        Args:
            results: of the stages whose handles are among the arguments; one that is missing is absent
                from the run.
            digests: computes the digests of files outside of the pipeline.
        """
        inputs = {
            name: digest(handle.pick(results[handle.stage].value)) if handle.stage in results else "absent"
            for name, handle in self.handles.items()
        }
        if path := self.own_file():
            inputs[path.name] = digests.of(path) if path.is_file() else "missing"
        return self.fixed_parts().model_copy(update={"inputs": inputs})

    def own_file(self) -> Path | None:
        """Find the file outside of the pipeline that the stage reads, if it reads one."""
        return self.stage.reads(**self.settings) if self.stage.reads else None

    def sources(self) -> dict[str, str]:
        """Name the stage that yields each input."""
        return {name: handle.stage for name, handle in self.handles.items()}

    def parameters(self) -> dict[str, Any]:
        """List the values that the stage reads and that its result can depend on, as JSON has them."""
        listed = {}
        for name, value in self._flat(self.settings):
            if name not in self.stage.aside:
                listed[name] = self.stage.resolves.get(name, _plain)(value)
        return listed

    def filled(self, values: Mapping[str, BaseModel]) -> dict[str, Any]:
        """Put other stages' values in the place of handles, and narrow settings to what is in the key.

        What the key does not know can't be read: a stage that tries ends with an AttributeError.
        """
        given = {
            name: handle.pick(values[handle.stage]) if handle.stage in values else None
            for name, handle in self.handles.items()
        }
        narrow = {name: self._narrow(name, value, "") for name, value in self.settings.items()}
        return {name: {**given, **narrow}[name] for name in self.arguments}

    def _flat(self, values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
        """List values under dotted names, of models only the fields that the stage's code reads."""
        for name, value in values.items():
            if isinstance(value, BaseModel):
                group = _group(name, value)
                yield from self._flat(self._read(prefix + group, value), prefix + group)
            else:
                yield f"{prefix}{name}", value

    def _read(self, group: str, model: BaseModel) -> dict[str, Any]:
        """Take the fields of a model that the stage's code reads."""
        reach = self.stage.reach
        return {
            field: value
            for field, value in dict(model).items()
            if reach.reads_any or field in reach.attributes or f"{group}{field}" in self.stage.aside
        }

    def _narrow(self, name: str, value: Any, prefix: str) -> Any:
        """Copy a model without the fields that the key does not know."""
        if not isinstance(value, BaseModel):
            return value
        copy, group = value.model_copy(), prefix + _group(name, value)
        kept = self._read(group, value)
        for field in set(copy.__dict__) - set(kept):
            del copy.__dict__[field]
        copy.__dict__.update({field: self._narrow(field, part, group) for field, part in kept.items()})
        return copy


def artifacts_in(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Artifact]]:
    """List the artifacts among what a stage is given or yields, under dotted names."""
    for name, value in values.items():
        if isinstance(value, Artifact):
            yield f"{prefix}{name}", value
        elif isinstance(value, BaseModel):
            yield from artifacts_in(dict(value), f"{prefix}{name}.")
        elif isinstance(value, tuple):
            yield from artifacts_in(
                {str(place): part for place, part in enumerate(value)}, f"{prefix}{name}."
            )


def _group(name: str, model: BaseModel) -> str:
    """Tell what stands before the names of a model's fields: what users call it, if it says so."""
    called = getattr(type(model), "section", name)
    return f"{called}." if called else ""


def _plain(value: Any) -> Any:
    """Turn a setting into what JSON has."""
    match value:
        case Enum():
            return [value.name, _plain(value.value)]
        case None | str() | int() | float():
            return value
        case PurePath():
            return str(value)
        case list() | tuple():
            return [_plain(part) for part in value]
        case dict():
            return {str(name): _plain(part) for name, part in value.items()}
        case BaseModel():
            return {name: _plain(part) for name, part in value}
    raise CodeError(
        f"expected a setting that JSON can hold whole, got a {type(value).__name__};"
        " say in the stage's `resolves` what of it counts"
    )


def _libraries(modules: frozenset[str]) -> dict[str, str]:
    """Find the versions of Python and of the distributions behind modules."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for module in sorted(modules):
        found |= _versions(module)
    return found


@cache
def _versions(module: str) -> dict[str, str]:
    """Find the distributions of a module, most of which are called as it is, with their versions.

    A module that is not there has none: what uses it does without, or fails.
    """
    try:
        return {module: version(module)}
    except PackageNotFoundError:
        if module not in sys.modules and not find_spec(module):
            return {}
        return {name: version(name) for name in packages_distributions().get(module, ())}
