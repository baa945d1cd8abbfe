"""What a stage is: a function that is known by its name and its source until it runs."""

import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from stagecraft.code import Code, CodeError, Hint, Reach, hint_of
from stagecraft.errors import WiringError
from stagecraft.files.artifact import Frozen

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
        reads: from the function's parameters to a file outside of the pipeline that it reads, if any.
        aside: parameters that no result depends on, under dotted names. The fields of a model stand under
            the parameter's name, or under what the model itself says in a class variable `section`.
        resolves: parameters of which something else counts, such as those whose meaning depends on the
            machine, or that hold a secret: from the value to what counts.
        longer: the parameter that only says when a training stops; its checkpoints serve every value.
        resumes: it is a training with checkpoints, though no parameter is `longer`.
        name: what it is called; empty: as the function. A function that is several stages needs names.
        judges: stages whose results it measures. Their parameters are recorded beside its figures, and its
            figures at the run of the whole pipeline, so that both kinds of runs compare.
        records: the metrics of its runs; `<…>` in one stands for what only a run tells, such as a model's
            name (`language/<model>/test_perplexity`).

    Raises:
        WiringError: a module of the project has the stage's name, and would take its place once imported.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (all that a stage may say of itself)
        self,
        code: Code,
        target: str,
        figure: Figure,
        reads: Callable[..., Path | None] | None = None,
        aside: Sequence[str] = (),
        resolves: Mapping[str, Callable[[Any], Any]] | None = None,
        longer: str = "",
        judges: Sequence[str] = (),
        resumes: bool = False,
        name: str = "",
        records: Sequence[str] = (),
    ) -> None:
        self.code, self.target, self.figure, self.longer = code, target, figure, longer
        self.judges, self.resumes = tuple(judges), resumes or bool(longer)
        self.reads, self.aside, self.resolves = reads, tuple(aside), dict(resolves or {})
        self.records = tuple(records)
        self.name = name or target.rpartition(".")[2]
        self._refuse_a_module_in_its_place()

    def _refuse_a_module_in_its_place(self) -> None:
        """See that no import can put a module where the package of the stages keeps the stage."""
        *packages, _, function = self.target.split(".")
        for depth in range(1, len(packages) + 1):
            self._refuse_modules(".".join(packages[:depth]), {self.name, function})

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
                    f"the stage {self.name} is called like the module {place}, which would take its place in"
                    f" {package} as soon as it is imported; rename the module"
                )

    def may_record(self, metric: str) -> bool:
        """Tell whether a run of it can have a metric of this name."""
        return any(fits(metric, known) for known in self.records)

    @cached_property
    def description(self) -> str:
        """What the stage does."""
        return self.code.description(self.target)

    @cached_property
    def reach(self) -> Reach:
        """The code that its result can depend on."""
        return self.code.follow(self.target)

    @cached_property
    def _files(self) -> dict[Path, str]:
        """The files that this code was read from."""
        return self.code.files.behind(self.reach.definitions)

    def note_imports(self) -> None:
        """Note which files of this code are imported as they were; later changes of them don't count.

        To be called as soon as the function is imported, and again before it is asked what changed.
        """
        self.code.files.note_imports(self._files)

    def changed(self) -> list[Path]:
        """Name the files of this code that were changed before they were noted as imported."""
        return self.code.files.changed(self._files)

    @cached_property
    def drawing(self) -> dict[str, str]:
        """The code that draws the result, or says something about it, and no more."""
        reached = self.reach.definitions
        whole = self.code.follow(self.target, recorded=True).definitions
        return {name: digest for name, digest in whole.items() if reached.get(name) != digest}

    @cached_property
    def signature(self) -> Signature:
        """The function's parameters; annotations are text."""
        return self.code.signature(self.target)

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
        """Read what a parameter asks for; its default is welcome, whatever the hint says."""
        if parameter.annotation is Parameter.empty or parameter.kind is Parameter.VAR_POSITIONAL:
            return Hint("anything")
        hint = self.code.hint(self.target, parameter.annotation)
        welcome = hint_of(parameter.default).kinds if hint.kinds and parameter.default is None else ()
        return hint._replace(kinds=hint.kinds + welcome)

    @cached_property
    def function(self) -> Callable[..., Frozen]:
        """The function itself."""
        module, _, name = self.target.rpartition(".")
        function: Callable[..., Frozen] = getattr(import_module(module), name)
        return function

    def bind(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
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


def fits(metric: str, known: str) -> bool:
    """Tell whether a metric is one that a stage declares: its name, with `<…>` for a part that varies."""
    return re.fullmatch(re.sub("<[^>]+>", "[^/]+", re.escape(known)), metric) is not None
