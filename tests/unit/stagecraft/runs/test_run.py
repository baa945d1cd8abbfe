"""A run of what is asked for: its record in MLflow and what its walker has, whoever walks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from stagecraft.cache.sessions import home_id, living
from stagecraft.code import CodeError
from stagecraft.errors import SelectionError
from stagecraft.mlflow.inventory import Inventory
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.selection import Selector
from stagecraft.pipeline.stage import Stage
from stagecraft.progress.notifying import FailureNotifier
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import Watcher
from stagecraft.runs.context import RunContext
from stagecraft.runs.request import Page, Request, Summary
from stagecraft.runs.run import run


class Stroll:
    """Walks past the stages that are asked for."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.outcomes: dict[str, Outcome] = {}

    def __call__(self, stage: Stage, /, *_args: Any, **_kwargs: Any) -> Any:
        if stage.name in self.context.selection.selected:
            self.outcomes[stage.name] = Outcome(name=stage.name, state="completed")
        return Handle(stage.name)


class Runner:
    """Runs requests; keeps what the walkers had."""

    def __init__(self, works: Any) -> None:
        self.works = works
        self.had: list[tuple[RunContext, Page]] = []

    @contextmanager
    def strolling(self, context: RunContext, page: Page) -> Iterator[Stroll]:
        self.had.append((context, page))
        yield Stroll(context)

    def run(self, request: Request) -> Summary:
        return run(request, self.works.tracker, self.works.results, Watcher(), self.strolling)


def runs(works: Any) -> Sequence[Any]:
    return Inventory(works.tracker).all_runs()


def test_a_run_is_recorded_under_its_title_with_its_settings(workshop: Any) -> None:
    runner = Runner(workshop)
    summary = runner.run(workshop.ask(title="All", words=5))
    (recorded,) = runs(workshop)
    assert (summary.run_id, summary.profile) == (recorded.info.run_id, "works")
    assert recorded.info.status == "FINISHED" and recorded.info.run_name == workshop.page.title.name
    assert recorded.data.tags["seqstep.pipeline"] == "small works"
    assert recorded.data.params == {"title": "All", "words": "5"}
    ((context, page),) = runner.had
    assert (context.parent, page) == (summary.run_id, workshop.page)
    assert living(workshop.home) == set()


def test_what_no_key_can_be_made_of_is_refused_before_a_run_begins(workshop: Any) -> None:
    workshop.edit("stages", '"word "', "eval('3')")
    for selector in (Selector(), Selector(only=("gather",), force=("gather",))):
        with pytest.raises(CodeError, match="eval"):
            Runner(workshop).run(workshop.ask(selector))
    assert list(runs(workshop)) == []


def test_a_run_tells_how_the_stages_ended_that_were_asked_for(workshop: Any) -> None:
    summary = Runner(workshop).run(workshop.ask(Selector(until="add")))
    assert [outcome.name for outcome in summary.stages] == ["gather", "add"]


def test_only_a_stage_is_given_what_is_cached_and_so_is_the_page(ran: Any) -> None:
    runner, given = Runner(ran), []
    request = replace(
        ran.ask(Selector(only=("page",), force=("page",))),
        make_page=lambda _tracker, _results, known: given.append(known) or ran.page,
    )
    runner.run(request)
    ((context, _),) = runner.had
    assert given == [context.given]
    assert context.given["add"].key == ran.results.latest("add").key


def test_all_stages_are_given_nothing_for_each_looks_up_its_own(ran: Any) -> None:
    runner = Runner(ran)
    runner.run(ran.ask())
    ((context, _),) = runner.had
    assert context.given == {}


def test_what_can_not_be_given_is_refused_before_there_is_a_run(workshop: Any) -> None:
    with pytest.raises(SelectionError, match="page needs what is not cached: add"):
        Runner(workshop).run(workshop.ask(Selector(only=("page",))))
    assert runs(workshop) == []


def test_a_walker_that_fails_fails_the_run(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **_handed: Any) -> None:
        raise ValueError("not so")

    monkeypatch.setattr(Stroll, "__call__", fail)
    with pytest.raises(ValueError, match="not so"):
        Runner(workshop).run(workshop.ask())
    (recorded,) = runs(workshop)
    assert (recorded.info.status, recorded.data.tags["seqstep.error"]) == ("FAILED", "ValueError: not so")


def test_of_a_run_that_was_found_dead_whoever_is_told_of_failures_is_told(workshop: Any) -> None:
    class Notifier(FailureNotifier):
        """Keeps what it would send."""

        def tell_of_dead_run(self, run: str, run_id: str) -> None:
            told.append((run, run_id))

    told: list[tuple[str, str]] = []
    name = f"{home_id(workshop.home)}-dead"
    workshop.home.live.mkdir()
    (workshop.home.live / name).touch()
    dead = workshop.tracker.start_run("yesterday's", {"seqstep.pipeline": "small works"}, session=name)
    Runner(workshop).run(replace(workshop.ask(), notifier=Notifier(lambda: "")))
    assert told == [("small works", dead)]


def test_a_run_says_what_its_trainings_learn_from_and_whether_a_person_asked_in_this_home(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, data = Runner(workshop), {"gather": "a.txt", "page": "b.csv"}

    def told(request: Request) -> dict[str, str]:
        run_id = runner.run(request).run_id
        tags = next(run.data.tags for run in runs(workshop) if run.info.run_id == run_id)
        return {tag: value for tag, value in tags.items() if ".data." in tag or tag.endswith("asked_in")}

    request = replace(workshop.ask(Selector(until="add")), data=data)
    by_user = told(request)
    asked_in = by_user.pop(f"{workshop.home.names.project}.asked_in")
    assert len(asked_in) >= 8 and list(by_user.values()) == ["a.txt"]
    assert told(replace(request, is_by_user=False)) == by_user
    monkeypatch.setenv(f"{workshop.home.names.project.upper()}_ABOVE", runner.run(request).run_id)
    assert told(request) == by_user
