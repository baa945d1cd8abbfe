"""What a stage is: a function that is known by its name and its source until it runs."""

import json
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from stagecraft.code import Change, Codebase, CodeError, Hint, Place, Reach, hint_of
from stagecraft.errors import WiringError, called_from, explain
from stagecraft.files.artifact import Frozen
from stagecraft.key.depends import Dependency, DigestOf, locate
from stagecraft.pipeline.declared import check_declared
from stagecraft.pipeline.followed import check_followed
from stagecraft.pipeline.resuming import FILE, resuming

#: what a record is told that is no part of a result: how it is drawn, and what is said about it
RECORDING = frozenset({"log_figure", "log_dataset", "show_table", "tag", "notice", "progress"})

Figure = Callable[[Mapping[str, float]], str]


class Stage:
    """A named step of a pipeline: a function from a record and inputs to the addresses of its results.

    Nothing that the function needs is imported before it runs.

    Args:
        code: the project's own code.
        target: the function, `package.module.function`. It takes a `Record`, then addresses and
            parameters, and returns a model of addresses and small facts, which its return hint names and
            which stands where the project likes; its docstring's first line is the stage's description.
        figure: makes the stage's main figure, in words, from its metrics.
        reads: from the function's parameters to the file outside of the pipeline that it reads, or to several
            in their order, if any. The folders that it lists to find them stand there too; of what is in
            them nothing counts but these files.
        aside: settings that no result depends on, under dotted names, each a single value. The fields of a
            model stand under the parameter's name, or under what the model itself says in a class variable
            `section`.
        resolves: parameters of which something else counts, such as those whose meaning depends on the
            machine, or that hold a secret: from the value to what counts.
        longer: the parameter that only says when a training stops; its checkpoints serve every value.
        resumes: it is a training with checkpoints, though no parameter is `longer`.
        name: what it is called; empty: as the function. A function that is several stages needs names.
        judges: stages whose results it measures and is handed, or a table of them. Their parameters are
            recorded beside its figures, and its figures at the run of the whole pipeline, so that both kinds
            of runs compare.
        records: the metrics of its runs; `<…>` in one stands for what only a run tells, such as a model's
            name (`language/<model>/test_perplexity`).
        depends: what its result depends on besides: see `stagecraft.key.depends`.

    Raises:
        WiringError: something is declared as what it can't be, or a module of the project has the stage's
            name, and would take its place once imported.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (all that a stage may say of itself)
        self,
        code: Codebase,
        target: str,
        figure: Figure,
        reads: Callable[..., Path | Sequence[Path] | None] | None = None,
        aside: Sequence[str] = (),
        resolves: Mapping[str, Callable[[Any], Any]] | None = None,
        longer: str = "",
        judges: "Sequence[Stage] | Mapping[str, Stage]" = (),
        resumes: bool = False,
        name: str = "",
        records: Sequence[str] = (),
        depends: Sequence[Dependency] = (),
    ) -> None:
        self.declared_at = called_from()
        self.name = name or (target.rpartition(".")[2] if isinstance(target, str) else "")
        with self._saying_where():
            check_declared(
                Stage,
                self.name,
                {
                    **{"code": code, "target": target, "figure": figure, "reads": reads, "aside": aside},
                    **{"resolves": resolves, "longer": longer, "judges": judges, "resumes": resumes},
                    **{"name": name, "records": records, "depends": depends},
                },
            )
        self.code, self.target, self.figure, self.longer = code, target, figure, longer
        judges = list(judges.values()) if isinstance(judges, Mapping) else judges
        self.judges, self.resumes = tuple(judges), resumes or bool(longer)
        self.reads, self.aside, self.resolves = reads, tuple(aside), dict(resolves or {})
        self.records, self.depends = tuple(records), tuple(depends)
        with self._saying_where():
            self._refuse_a_module_in_its_place()

    def __repr__(self) -> str:
        return f"<the stage {self.name}>"

    @contextmanager
    def _saying_where(self) -> Iterator[None]:
        """Say where the stage is declared."""
        try:
            yield
        except WiringError as error:
            raise WiringError(f"{self.declared_at}: {error}") from None

    def _refuse_a_module_in_its_place(self) -> None:
        """See that no import can put a module where the package of the stages keeps the stage."""
        *packages, _, function = self.target.split(".")
        for depth in range(1, len(packages) + 1):
            self._refuse_modules(".".join(packages[:depth]), {self.name, function})

    def check_target(self) -> None:
        """See that its function is there.

        Raises:
            CodeError: it is not, in the code that is followed.
        """
        try:
            _ = self.signature
        except CodeError as error:
            raise CodeError(f"{self.declared_at}: {self.name}: {error}") from None

    def check_place(self) -> None:
        """See that no module is called like the name that the package of the stages keeps this one under.

        Raises:
            WiringError: one is.
        """
        package = self.target.partition(".")[0]
        kept = vars(sys.modules[package]) if package in sys.modules else {}
        held = {name: value.values() if isinstance(value, dict) else [value] for name, value in kept.items()}
        named = {name for name, values in held.items() if any(value is self for value in values)}
        self._refuse_modules(package, named)

    def _refuse_modules(self, package: str, names: Collection[str]) -> None:
        for place in (f"{package}.{name}" for name in names):
            if self.code.has_module(place):
                raise WiringError(
                    f"the stage {self.name} is called like the module {place}, or a table that holds it is;"
                    f" the module would take its place in {package} once it is imported; rename the module"
                )

    def may_record(self, metric: str) -> bool:
        """Tell whether a run of it can have a metric of this name."""
        return any(matches(metric, known) for known in self.records)

    @cached_property
    def description(self) -> str:
        """What the stage does."""
        return self.code.description(self.target)

    @cached_property
    def reach(self) -> Reach:
        """The code that its result can depend on.

        Raises:
            CodeError: it is not there, or some of it can neither be followed nor is declared.
        """
        reach, _ = self._reaches
        try:
            check_followed(self.code, reach, self.depends)
        except CodeError as error:
            raise CodeError(f"{self.name}: {error}") from None
        return reach

    @property
    def definitions(self) -> dict[str, str]:
        """What the key is made of, by name with its digest: this code, and what resumes a training."""
        return self.reach.definitions | (resuming() if self.resumes else {})

    def place(self, definition: str) -> Place | None:
        """Find where something of that stands; None if it is there no more."""
        own = self.code.place(definition)
        return Place(FILE) if own is None and self.resumes and definition in resuming() else own

    def check_code(self) -> None:
        """See that all of its code can be followed, or is declared, and finds what it imports.

        Raises:
            CodeError: it can't be followed.
            WiringError: it imports what is not there.
        """
        if found := self.code.lacking(self.target.rpartition(".")[0], frozenset(self.files.values())):
            name, place = found
            raise WiringError(
                f"expected {name} for {self.name}, got none that {place} could import; install it, or correct"
                " that import"
            )
        _ = self.reach

    @cached_property
    def files(self) -> dict[Path, str]:
        """The files that this code was read from, each with its module; nothing for data."""
        reach, _ = self._reaches
        return self.code.files.behind(reach.definitions)

    @property
    def changes(self) -> frozenset[Change]:
        """What this code changes that is none of its modules', also where it only records."""
        _, whole = self._reaches
        return whole.changes

    @property
    def states(self) -> set[str]:
        """The definitions by which this code may keep something for stages after it."""
        return self.code.states(self.reach)

    @property
    def roots(self) -> list[Path]:
        """The folders that the packages of this code lie in, or would if they were more than a file."""
        return self.code.roots

    @cached_property
    def folder(self) -> Path:
        """The project's folder: the nearest one above the stage's package that has a pyproject.toml."""
        place, *_ = locate(self.target.partition(".")[0])
        found = (above for above in place.parents if (above / "pyproject.toml").is_file())
        return next(found, place.parent)

    def declared(self, digest_of: DigestOf) -> dict[str, str]:
        """Find what it declares that its result depends on besides, `kind: name` -> a version or a digest.

        Raises:
            WiringError: that is not there.
        """
        found: dict[str, str] = {}
        with self._saying_which():
            for dependency in self.depends:
                found |= dependency.found(self.folder, digest_of)
        return dict(sorted(found.items()))

    def declared_files(self) -> list[Path]:
        """List the files behind that.

        Raises:
            WiringError: they are not there.
        """
        with self._saying_which():
            return [path for dependency in self.depends for path in dependency.paths(self.folder)]

    @contextmanager
    def _saying_which(self) -> Iterator[None]:
        """Say which stage it is that declares what is not there."""
        try:
            yield
        except WiringError as error:
            raise WiringError(f"{self.name}: {error}") from None

    def note_imports(self) -> None:
        """Note which files of this code are imported as they were; later changes of them don't count.

        To be called as soon as the function is imported, and again before it is asked what changed.
        """
        self.code.files.note_imports(self.files)

    def changed(self) -> list[Path]:
        """Name the files of this code that were changed before they were noted as imported."""
        return self.code.files.changed(self.files)

    @cached_property
    def drawing(self) -> dict[str, str]:
        """The code that draws the result, or says something about it, and no more."""
        reached = self.reach.definitions
        _, whole = self._reaches
        return {name: digest for name, digest in whole.definitions.items() if reached.get(name) != digest}

    @cached_property
    def _reaches(self) -> tuple[Reach, Reach]:
        """This code without what it records, and with it."""
        return self.code.follow_with_recording(self.target)

    @cached_property
    def signature(self) -> Signature:
        """The function's parameters; annotations are text."""
        return self.code.signature(self.target)

    @cached_property
    def defaults(self) -> dict[str, Hint]:
        """What the defaults of the function's parameters are, by name."""
        return self.code.defaults(self.target)

    @cached_property
    def is_lazy(self) -> bool:
        """Whether a call of the function only makes a coroutine or a generator."""
        return self.code.is_lazy(self.target)

    @cached_property
    def result(self) -> Hint:
        """What the function's return hint says."""
        annotation = self.signature.return_annotation
        return Hint("none") if annotation is Signature.empty else self.code.hint(self.target, annotation)

    @cached_property
    def returns(self) -> type[Frozen]:
        """The model of its results, which the module that it stands in is imported for.

        Raises:
            CodeError: the function's return hint names none.
        """
        if model := self.code.load(self.result):
            return model
        raise CodeError(f"expected a model as the return hint of {self.target}, got {self.result.text}")

    def write(self, value: object) -> dict[str, Any]:
        """Turn what the function returned into JSON, which is all of it that is kept and handed on.

        Raises:
            WiringError: it is no model, or its JSON is read as something else.
        """
        if not isinstance(value, BaseModel):
            raise WiringError(
                f"expected {self.target} to return a model of addresses and facts, got a"
                f" {type(value).__name__}; return a {self.result.text}, a subclass of Frozen"
            )
        if not isinstance(value, self.returns):
            raise WiringError(
                f"expected {self.target} to return a {self.result.text}, as its hint says, got a"
                f" {type(value).__name__}; correct one of the two"
            )
        told = value.model_dump(mode="json", round_trip=True)
        try:
            again: object = self.read(told).model_dump(mode="json", round_trip=True)
        except ValidationError as error:
            again = explain(error)
        if json.dumps(again, sort_keys=True) != json.dumps(told, sort_keys=True):
            raise WiringError(
                f"expected what {self.target} returns to be the same once it was written as JSON and read"
                f" again, got {told}, then {again}; correct {self.result.text}, such as its validators"
            )
        return told

    def read(self, value: dict[str, Any]) -> Frozen:
        """Make the model of its results from their JSON; mappings in it are in the order of their names."""
        return self.returns.model_validate(json.loads(json.dumps(value, sort_keys=True)))

    @property
    def yields(self) -> tuple[str, ...]:
        """Names of the results."""
        fields = self.code.fields(self.result)
        return tuple(self.returns.model_fields if fields is None else fields)

    def expects(self, name: str) -> Hint:
        """Tell what may be handed to the function as one of its parameters, or among `**others`."""
        return self._hints[name if name in self._hints else list(self._hints)[-1]]

    @cached_property
    def _hints(self) -> dict[str, Hint]:
        return {name: self._hint(parameter) for name, parameter in self.signature.parameters.items()}

    def _hint(self, parameter: Parameter) -> Hint:
        """Read what a parameter asks for; None as its default is welcome, whatever the hint says."""
        if parameter.annotation is Parameter.empty or parameter.kind is Parameter.VAR_POSITIONAL:
            return Hint("anything")
        hint = self.code.hint(self.target, parameter.annotation)
        is_none = self.defaults.get(parameter.name, hint).kinds == hint_of(None).kinds
        return hint._replace(kinds=hint.kinds + hint_of(None).kinds) if hint.kinds and is_none else hint

    @cached_property
    def function(self) -> Callable[..., Frozen]:
        """The function itself."""
        module, _, name = self.target.rpartition(".")
        function: Callable[..., Frozen] = getattr(import_module(module), name)
        return function

    def bind(self, /, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Lay arguments out by the names of the function's parameters, the record left out.

        What a parameter such as `**others` takes stands beside them, under its own names. A default that is
        no literal is left to the function: it is code, and no setting.
        """
        signature = self.signature
        bound = signature.bind(None, *args, **kwargs)
        bound.apply_defaults()
        named = {name: value for name, value in list(bound.arguments.items())[1:] if value is not ...}
        kinds = {name: parameter.kind for name, parameter in signature.parameters.items()}
        rest = [name for name, kind in kinds.items() if kind is Parameter.VAR_KEYWORD]
        return named | {inner: value for name in rest for inner, value in named.pop(name).items()}


def prefix_of(name: str, model: BaseModel) -> str:
    """Tell what stands before the names of a model's fields: what users call it, if it says so."""
    called = getattr(type(model), "section", name)
    return f"{called}." if called else ""


def matches(metric: str, known: str) -> bool:
    """Tell whether a metric is one that a stage declares: its name, with `<…>` for a part that varies."""
    return re.fullmatch(re.sub("<[^>]+>", "[^/]+", re.escape(known)), metric) is not None
