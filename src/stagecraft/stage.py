"""What a stage is: a function that is known by its name and its source until it runs."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from inspect import Parameter
from pathlib import Path
from typing import Any

from stagecraft.artifact import Frozen
from stagecraft.code import Code, Reach

#: what a record is told that is no part of a result: how it is drawn, and what is said about it
RECORDING = frozenset({"log_figure", "log_dataset", "show_table", "tag", "notice", "progress"})

Figure = Callable[[Mapping[str, float]], str]


class Stage:
    """A named step of a pipeline: a function from a record and inputs to the addresses of its results.

    Nothing that the function needs is imported before it runs.

    Args:
        code: the project's own code.
        outputs: module of the models that stages return.
        target: the function, `package.module.function`. It takes a `Record`, then addresses and
            parameters; its docstring's first line is the stage's description.
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
    """

    def __init__(  # noqa: PLR0913, PLR0917  (all that a stage may say of itself)
        self,
        code: Code,
        outputs: str,
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
        self._outputs = outputs

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
    def returns(self) -> type[Frozen]:
        """The model of its results."""
        model: type[Frozen] = getattr(
            import_module(self._outputs), str(self.code.signature(self.target).return_annotation)
        )
        return model

    @property
    def yields(self) -> tuple[str, ...]:
        """Names of the results."""
        return tuple(self.returns.model_fields)

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
        signature = self.code.signature(self.target)
        bound = signature.bind(None, *args, **kwargs)
        bound.apply_defaults()
        named = {name: value for name, value in list(bound.arguments.items())[1:] if value is not ...}
        kinds = {name: parameter.kind for name, parameter in signature.parameters.items()}
        rest = [name for name, kind in kinds.items() if kind is Parameter.VAR_KEYWORD]
        return named | {inner: value for name in rest for inner, value in named.pop(name).items()}


def fits(metric: str, known: str) -> bool:
    """Tell whether a metric is one that a stage declares: its name, with `<…>` for a part that varies."""
    return re.fullmatch(re.sub("<[^>]+>", "[^/]+", re.escape(known)), metric) is not None
