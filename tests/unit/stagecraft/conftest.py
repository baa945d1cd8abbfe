"""Two small projects of stages, as source files: one that nothing imports, and one whose stages can run."""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from seqstep_cli import NAMES
from stagecraft.cache.result import Kept
from stagecraft.cache.results import Results
from stagecraft.code import Codebase
from stagecraft.errors import StageFailedError
from stagecraft.files.home import Home
from stagecraft.key.depends import Dependency
from stagecraft.mlflow import Tracker
from stagecraft.patience import Patience
from stagecraft.pipeline.plan import Plan
from stagecraft.pipeline.selection import Selector
from stagecraft.pipeline.stage import RECORDING, Stage
from stagecraft.pipeline.walk import Run, Walk, trace_of
from stagecraft.progress.notifying import FailureNotifier
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import Watcher
from stagecraft.runs.pipeline_run import Title
from stagecraft.runs.request import Page, Request
from stagecraft.runs.run import run
from tests.shared import copy_home, once

_SOURCE = '''
from stagecraft.files.artifact import Artifact
from {package}.outputs import Parts


def begin(record, size: int = 3) -> Parts:
    """Make both parts.

    More about it.
    """
    raise NotImplementedError


def middle(record, left: Artifact, *, right: Artifact | None = None) -> Parts:
    """Use both parts."""
    raise NotImplementedError


def apart(record) -> Parts:
    """Need nothing."""
    raise NotImplementedError


def end(record, left: Artifact, right: Artifact, size: int) -> Parts:
    """Need two stages."""
    raise NotImplementedError
'''

_OUTPUTS = '''
from stagecraft.files.artifact import Artifact, Frozen


class Parts(Frozen):
    """Two addresses."""

    left: Artifact
    right: Artifact
'''

_numbers = count()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Stage]:
    """Write the project; returns what makes one of its stages by name."""
    package = f"project_{next(_numbers)}"
    folder = tmp_path / "source" / package
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "stages.py").write_text(_SOURCE.format(package=package))
    (folder / "outputs.py").write_text(_OUTPUTS)
    monkeypatch.syspath_prepend(folder.parent)
    code = Codebase((package,), recording=RECORDING)

    def make(name: str) -> Stage:
        figure = "{n:.0f} things".format_map
        return Stage(code, f"{package}.stages.{name}", figure)

    return make


# Three stages, one after the other; the second trains, so to say.
_FILES = {
    "__init__": "",
    "outputs": '''
from stagecraft.files.artifact import Artifact, Frozen, Reference


class Words(Frozen):
    """A text."""

    file: Artifact


class Sums(Frozen):
    """Sums, and the run that made them."""

    table: Artifact
    run: Reference


class Page(Frozen):
    """A page."""

    file: Artifact
''',
    "settings": '''
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Reading(BaseModel):
    """What is read, and how patiently."""

    model_config = ConfigDict(frozen=True)

    path: str = ""
    words: int = 4
    limit: int = 100
    patience: int = 3
    colour: str = "blue"


class Summing(BaseModel):
    """How often is summed; users call it sums."""

    model_config = ConfigDict(frozen=True)
    section: ClassVar[str] = "sums"

    rounds: int = 3
    weight: float = 1.0
    every: int = 0
    unused: str = "-"
''',
    "drawing": '''
class Drawing:
    """A picture."""

    def __init__(self, text):
        self.text = text

    def savefig(self, path):
        path.write_text(self.text)


def draw(text):
    """Draw a text."""
    return Drawing("drawn in blue: " + text)
''',
    "sums": '''
from typing import NamedTuple

import tomlkit


class Round(NamedTuple):
    """A round of summing."""

    number: int
    total: float


class Adder:
    """Sums up, and can be gone on with."""

    def __init__(self, weight):
        self.weight, self.total, self.done = weight, 0.0, 0

    def load(self, folder):
        self.total = float((folder / "total").read_text())

    def save(self, folder):
        (folder / "total").write_text(str(self.total))

    def run(self, text, rounds):
        for number in range(1, rounds + 1):
            if number > self.done:
                self.total += self.weight * len(text.split())
            yield Round(number, self.total)


def as_table(total):
    """Write a sum down."""
    return tomlkit.dumps({"total": total})
''',
    "stages": '''
from pathlib import Path

from stagecraft.files.artifact import Artifact, Reference
from stagecraft.mlflow import Record
from {package}.drawing import draw
from {package}.outputs import Page, Sums, Words
from {package}.settings import Reading, Summing
from {package}.sums import Adder, as_table


def gather(record: Record, config: Reading) -> Words:
    """Gather the words."""
    text = Path(config.path).read_text() if config.path else "word " * config.words
    record.log_metrics({{"words/count": len(text.split()), "words/patience": config.patience}})
    if len(text.split()) > config.limit:
        raise ValueError(f"at most {{config.limit}} words")
    return Words(file=record.log_text("words.txt", text))


def add(record: Record, words: Artifact, config: Summing, device: str) -> Sums:
    """Sum up."""
    text = record.open(words).read_text()
    adder = Adder(config.weight)
    adder.done = record.resume(config.rounds, adder.load)
    for row in record.follow(adder.run(text, config.rounds), config.rounds, {{"sums/total": "total"}}):
        if config.every and row.number % config.every == 0:
            record.checkpoints.save(row.number, adder.save)
    record.tag({{"colour": "of sums"}})
    record.log_figure("plots/sum.png", draw(str(adder.total)))
    table = record.log_text("sums.toml", as_table(adder.total))
    return Sums(table=table, run=Reference(uri=record.run_id))


def page(record: Record, sums: Sums, title: str = "Sums") -> Page:
    """Write a page."""
    text = f"{{title}}: {{record.open(sums.table).read_text()}}"
    return Page(file=record.log_text("page.txt", text))
''',
}


class EmptyPage:
    """A page of a run on which nothing is written."""

    title = Title("small works", "What it is.")

    def finish(self, _run_id: str, _outcomes: Sequence[Outcome]) -> Sequence[Kept]:
        """Write nothing."""
        return ()


class Workshop:
    """The project whose stages can run, in a home of its own.

    Args:
        folder: where its source is, or is written.
    """

    def __init__(self, folder: Path, home: Home) -> None:
        self.package, self.home, self.folder = folder.name, home, folder
        if not folder.exists():
            folder.mkdir(parents=True)
            for name, text in _FILES.items():
                source = text.format(package=self.package) if name == "stages" else text
                (folder / f"{name}.py").write_text(source)
        self.results = self.open_results()
        #: what files the first stage reads, and which folders it lists to find them
        self.reads: Callable[..., Any] = lambda config: Path(config.path) if config.path else None
        #: what stages declare besides, by name
        self.depends: dict[str, Sequence[Dependency]] = {}
        #: whether runs stop at what no key knows
        self.strict = False
        #: what runs are told besides
        self.watcher, self.patience = Watcher(), Patience()
        self.page: Page = EmptyPage()
        #: Prefect's id of the last run
        self.flow_run = ""

    @cached_property
    def tracker(self) -> Tracker:
        """The store."""
        return Tracker(self.home)

    def open_results(self) -> Results:
        """Look at the results as another process would."""

        def fetch(artifact: Kept) -> Path:
            return self.tracker.fetch(artifact)

        return Results(self.home, fetch)

    def edit(self, module: str, old: str, new: str) -> None:
        """Change the source; what was imported of it is forgotten."""
        path = self.folder / f"{module}.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self.forget()

    def forget(self) -> None:
        """Have the source read anew."""
        for name in [name for name in sys.modules if name.partition(".")[0] == self.package]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def stages(self) -> dict[str, Stage]:
        """Make the stages of the code as it stands now."""
        code = Codebase((self.package,), leave_out=("stagecraft",), recording=RECORDING)

        def make(name: str, figure: str, **options: Any) -> Stage:
            target, depends = f"{self.package}.stages.{name}", self.depends.get(name, ())
            return Stage(code, target, figure.format_map, depends=depends, **options)

        return {
            "gather": make(
                "gather",
                "{words/count:.0f} words",
                reads=self.reads,
                aside=("config.patience",),
            ),
            "add": make(
                "add",
                "{sums/total:.1f} in all",
                aside=("sums.every",),
                resolves={"device": lambda device: "cpu" if device == "auto" else device},
                longer="sums.rounds",
            ),
            "page": make("page", "a page"),
        }

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Make the settings; a change is called after its field."""
        module = importlib.import_module(f"{self.package}.settings")
        models = {"reading": module.Reading, "summing": module.Summing}
        return {
            name: model(**{field: changes[field] for field in model.model_fields if field in changes})
            for name, model in models.items()
        }

    def walk(self, title: str = "Sums", device: str = "auto", **changes: Any) -> Walk:
        """Make the walk over the three stages."""
        stages, settings = self.stages(), self.settings(**changes)

        def walk(run: Run) -> None:
            words = run(stages["gather"], settings["reading"])
            sums = run(stages["add"], words.file, settings["summing"], device=device)
            run(stages["page"], sums, title)

        return walk

    def ask(self, selector: Selector | None = None, **changes: Any) -> Request:
        """Ask for a run of the project, or of a part of it."""
        return Request(
            flow="small",
            profile="works",
            selector=selector or Selector(),
            offline=False,
            trace=trace_of(self.walk(**changes)),
            settings={},
            parameters=changes,
            patience=self.patience,
            notifier=FailureNotifier(lambda: ""),
            make_page=lambda _tracker, _results, _given: self.page,
            command="small run",
            strict=self.strict,
        )

    def plan(self, selector: Selector | None = None, **changes: Any) -> Plan:
        """Find out what a run would do."""
        return self.ask(selector, **changes).plan(self.open_results())

    def said(self, selector: Selector | None = None, **changes: Any) -> dict[str, tuple[str, str]]:
        """Find out what would become of each stage, and why."""
        plan = self.plan(selector, **changes)
        return {intent.name: (intent.state, intent.reason) for intent in plan.intents}

    def run(self, selector: Selector | None = None, **changes: Any) -> dict[str, Outcome]:
        """Run the project inside a Prefect flow; return how each stage ended, also after a failure."""
        from prefect import Flow
        from prefect.task_runners import ThreadPoolTaskRunner

        from stagecraft.prefect.conductor import conduct

        self.forget()
        request, results = self.ask(selector, **changes), self.open_results()

        def body() -> Sequence[Outcome]:
            return run(request, self.tracker, results, self.watcher, conduct).stages

        runner: Any = ThreadPoolTaskRunner(max_workers=4)
        state = Flow(body, name="small", task_runner=runner)(return_state=True)
        self.flow_run = str(state.state_details.flow_run_id)
        found = state.result(raise_on_failure=False)
        if isinstance(found, StageFailedError):
            found = found.outcomes
        if isinstance(found, BaseException):
            raise found
        return {outcome.name: outcome for outcome in found}

    def states(self, selector: Selector | None = None, **changes: Any) -> dict[str, str]:
        """Run the project; return the states of its stages."""
        return {name: outcome.state for name, outcome in self.run(selector, **changes).items()}


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Have a project's source found, and none of it left imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.syspath_prepend(folder.parent)
        yield


@pytest.fixture
def workshop(tmp_path: Path, home: Home) -> Iterator[Workshop]:
    """Write the project whose stages can run."""
    folder = tmp_path / "works" / f"works_{next(_numbers)}"
    with importable(folder):
        made = Workshop(folder, home)
        yield made
        made.forget()


@contextmanager
def without_a_store() -> Iterator[None]:
    """Forget the store of tests before; MLflow puts into the environment which one it was told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        yield


def made_once(package: str, empty_database: Path, what: Callable[[Workshop], object]) -> Workshop:
    """Write the project into a home of its own, and do something with it: once for all processes."""

    def make(root: Path) -> None:
        home = Home(root, NAMES)
        home.private.mkdir(parents=True)
        shutil.copy(empty_database, home.database)
        with importable(root / "source" / package), without_a_store(), without_heartbeat():
            made = Workshop(root / "source" / package, home)
            what(made)
            made.forget()

    root = once(package, make)
    return Workshop(root / "source" / package, Home(root, NAMES))


@contextmanager
def copied(original: Workshop, root: Path) -> Iterator[Workshop]:
    """Copy the project with its home, so that nothing leads back to the original."""
    home, folder = copy_home(original.home, root), root / "source" / original.package
    with importable(folder), without_a_store():
        made = Workshop(folder, home)
        yield made
        made.forget()


@pytest.fixture(scope="session")
def _ran(empty_database: Path, prefect_server: str) -> Workshop:
    """The project after a run."""

    def run(works: Workshop) -> None:
        assert set(works.states().values()) == {"completed"}

    return made_once("works_that_ran", empty_database, run)


@pytest.fixture
def ran(tmp_path: Path, _ran: Workshop) -> Iterator[Workshop]:
    """The project after a run, in a home of the test's own: for what only looks at the records."""
    with copied(_ran, tmp_path / "ran") as made:
        yield made


@pytest.fixture(scope="session")
def _several(empty_database: Path, prefect_server: str) -> Workshop:
    """The project after runs that each changed something."""

    def run(works: Workshop) -> None:
        works.run()
        works.run(weight=0.5)
        works.edit("sums", "+=", "-=")
        works.run(words=5)
        works.run(words=5)
        works.run(Selector(force=("gather",)), words=5)
        works.run(Selector(until="gather"), words=5)

    return made_once("works_that_ran_several_times", empty_database, run)


@pytest.fixture
def several(_several: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    """The same, in a home of the test's own."""
    with copied(_several, tmp_path / "several") as made:
        yield made


@contextmanager
def without_heartbeat() -> Iterator[None]:
    """Have runs without a heartbeat, for whose thread a run waits."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


@pytest.fixture
def in_prefect(prefect_server: str) -> Iterator[None]:
    """Send runs to the session's Prefect server."""
    with without_heartbeat():
        yield
