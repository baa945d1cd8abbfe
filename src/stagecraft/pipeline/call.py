"""A stage with its arguments: what its result can depend on, and what it is given."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from stagecraft.cache.checks import Digests
from stagecraft.cache.result import Result
from stagecraft.code import CodeError
from stagecraft.errors import WiringError, explain, is_for_users
from stagecraft.files.artifact import Artifact, content, digest, sha256_of
from stagecraft.key.depends import DigestOf
from stagecraft.key.libraries import is_versioned, versions
from stagecraft.key.parts import Parts
from stagecraft.pipeline.handle import Handle, pick, stage_of
from stagecraft.pipeline.narrowed import fields_of, narrow
from stagecraft.pipeline.plain import kinds, parts_of, plain, type_name
from stagecraft.pipeline.stage import Stage, prefix_of


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

    def fixed_parts(self, digest_of: DigestOf = sha256_of) -> Parts:
        """Collect what the key is made of, but for the inputs.

        Raises:
            WiringError: the stage declares something that is not there.
        """
        return Parts(
            code=self.stage.definitions,
            parameters=self.parameters(),
            libraries=versions(self.stage.reach.modules),
            declared=self.stage.declared(digest_of) | self._kinds(),
        )

    def parts(self, results: Mapping[str, Result], digests: Digests) -> Parts:
        """Collect all that the key is made of.

        Args:
            results: of the stages whose handles are among the arguments; one that is missing is absent
                from the run.
            digests: computes the digests of files outside of the pipeline.
        """
        inputs = {
            name: digest(content(pick(self.handles[name], results[stage].value)))
            if stage in results
            else "absent"
            for name, stage in self.sources().items()
        }
        others = [name for name in self.arguments if name not in self.stage.signature.parameters]
        if len(others) > 1:
            inputs["order of others"] = digest(others)
        own = self.own_files()
        for number, path in enumerate(own, start=1):
            called = path.name.encode(errors="backslashreplace").decode()
            name = f"{number}: {called}" if len(own) > 1 else called
            name = name if name not in inputs else f"file {name}"
            inputs[name] = digests.of(path) if path.is_file() else "missing"
        return self.fixed_parts(digests.of).model_copy(update={"inputs": inputs})

    def check(self) -> None:
        """See that its key can be made, but for what other stages yield.

        Raises:
            CodeError: its code can't be followed, or a setting is none that JSON can hold.
            WiringError: what it says of its settings, or of what its result depends on, is wrong; or two
                settings have one name.
        """
        self.stage.check_code()
        self._check_distinct()
        self.parameters()
        self.outside_files()

    def _check_distinct(self) -> None:
        """See that each setting has a name of its own, by which it counts."""
        holders: dict[str, str] = {}
        for parameter, value in self.settings.items():
            for name, _ in self._flat({parameter: value}):
                if name in holders:
                    raise WiringError(
                        f"{self.stage.name} is handed two settings that are both called {name}, one as"
                        f" {holders[name]} and one as {parameter}; rename a parameter, or give each group of"
                        " settings a class of its own, with its own `section`"
                    )
                holders[name] = parameter

    def own_files(self) -> list[Path]:
        """Find the files outside of the pipeline that the stage reads, in their order."""
        return [path for path in self._own() if not path.is_dir()]

    def own_folders(self) -> list[Path]:
        """Find the folders that the stage lists to find these files."""
        return [path for path in self._own() if path.is_dir()]

    def _own(self) -> list[Path]:
        if self.stage.reads is None:
            return []
        with self._blaming("reads"):
            found = self.stage.reads(**self.settings)
            paths = [found] if isinstance(found, Path | str) else list(found or ())
            if wrong := [path for path in paths if not isinstance(path, Path)]:
                raise TypeError(f"expected paths or None, got {wrong[0]!r}")
        return paths

    def outside_files(self) -> list[Path]:
        """List the files from outside of the pipeline and of the followed code that the key knows."""
        return self.own_files() + self.stage.declared_files()

    def sources(self) -> dict[str, str]:
        """Name the stage that yields each input."""
        return {name: stage_of(handle) for name, handle in self.handles.items()}

    def parameters(self) -> dict[str, Any]:
        """List the values that the stage reads and that its result can depend on, as JSON has them."""
        return {name: plain(value) for name, value in self._counted()}

    def _kinds(self) -> dict[str, str]:
        """Tell of what types those are whose JSON does not, and of which class groups may be of several."""
        told = {name: kinds(value) for name, value in self._counted() if name not in self.stage.resolves}
        told |= dict(self._classes(self.settings, ""))
        return {f"type: {name}": kind for name, kind in told.items() if kind}

    def _classes(self, values: Mapping[str, Any], group: str) -> Iterator[tuple[str, str]]:
        """Name the classes of groups of settings, but for those that a hint leaves no choice of."""
        for name, value in values.items():
            if isinstance(value, BaseModel):
                inside = group + prefix_of(name, value)
                if group or self.stage.expects(name).text != type(value).__name__:
                    yield inside.rstrip(".") or name, type_name(type(value))
                yield from self._classes(self._read(inside, value), inside)

    def _counted(self) -> Iterator[tuple[str, Any]]:
        """List what counts of the values of parameters."""
        for name, value in self._flat(self.settings):
            if name in self.stage.resolves:
                with self._blaming(f"resolves of {name}"):
                    plain(resolved := self.stage.resolves[name](value))
                yield name, resolved
            elif name not in self.stage.aside:
                try:
                    plain(value)
                except CodeError as error:
                    raise CodeError(f"{self.stage.name}: {name}: {error}") from None
                for kind in {type(part): None for part in parts_of(value)}:
                    self._check_named(name, kind)
                yield name, value

    def _check_named(self, name: str, kind: type) -> None:
        """See that the stage's hints name the class of a setting: else its methods are not followed."""
        if f"{kind.__module__}.{kind.__qualname__}" in self.stage.reach.given:
            return
        if self.stage.code.has_module(kind.__module__) or not is_versioned(kind.__module__.partition(".")[0]):
            raise CodeError(
                f"{self.stage.name}: {name}: expected an object of a class that the hints of"
                f" {self.stage.target} name, got one of {kind.__name__}, whose methods are not followed so;"
                f" say `{kind.__name__}` there"
            )

    @contextmanager
    def _blaming(self, argument: str) -> Iterator[None]:
        """Say of which stage the project's own function failed."""
        try:
            yield
        except Exception as error:
            if is_for_users(error) and not isinstance(error, CodeError):
                raise
            raise WiringError(
                f"{self.stage.name}: `{argument}` failed: {explain(error)}; correct its `Stage(…)`"
            ) from error

    def filled(self, values: Mapping[str, BaseModel]) -> dict[str, Any]:
        """Put other stages' values in the place of handles, and narrow settings to what is in the key.

        What the key does not know can't be read: a stage that tries ends with a SettingError; see `narrow`.
        """
        given = {
            name: pick(self.handles[name], values[stage]) if stage in values else None
            for name, stage in self.sources().items()
        }
        settings = {
            name: narrow(value, self._read, self.stage.name, prefix_of(name, value))
            if isinstance(value, BaseModel)
            else value
            for name, value in self.settings.items()
        }
        return {name: {**given, **settings}[name] for name in self.arguments}

    def _flat(self, values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
        """List values under dotted names, of models only the fields that the stage's code reads."""
        for name, value in values.items():
            if isinstance(value, BaseModel):
                group = prefix_of(name, value)
                yield from self._flat(self._read(prefix + group, value), prefix + group)
            else:
                yield f"{prefix}{name}", value

    def _read(self, group: str, model: BaseModel) -> dict[str, Any]:
        """Take the fields of a model that the stage's code reads."""
        reach = self.stage.reach
        classes = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(model).__mro__]
        read = {field for kind, field in reach.fields if kind in classes} | reach.attributes
        self._check_named(group.rstrip(".") or "the settings", type(model))
        return {
            field: value
            for field, value in fields_of(model).items()
            if field in read or "*" in read or f"{group}{field}" in self.stage.aside
        }


def artifacts_in(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Artifact]]:
    """List the artifacts among what a stage is given or yields, under dotted names."""
    for name, value in values.items():
        if isinstance(value, Artifact):
            yield f"{prefix}{name}", value
        elif isinstance(value, BaseModel):
            yield from artifacts_in(fields_of(value), f"{prefix}{name}.")
        elif isinstance(value, tuple):
            yield from artifacts_in(
                {str(place): part for place, part in enumerate(value)}, f"{prefix}{name}."
            )
