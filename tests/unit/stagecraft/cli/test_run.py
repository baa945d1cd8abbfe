"""Whether `run` needs Prefect: not if every stage is cached, and stays so."""

from pathlib import Path
from typing import Any

import pytest

from stagecraft.cache.result import Result
from stagecraft.cache.sessions import keys_in_use, living
from stagecraft.cli.run import replay_cached
from stagecraft.mlflow.inventory import Inventory
from stagecraft.progress.watching import Watcher


def test_a_run_in_which_a_stage_is_to_run_is_no_replay(ran: Any) -> None:
    request = ran.ask(title="All")
    assert replay_cached(request, request.plan(ran.results), ran.results, Watcher()) is None


@pytest.mark.parametrize("what", ["record", "artifact"])
def test_a_result_that_went_away_after_the_plan_leaves_no_replay(ran: Any, what: str) -> None:
    request = ran.ask()
    plan = request.plan(ran.results)
    runs = len(Inventory(ran.tracker).all_runs())
    result = plan.results["add"]
    (ran.results.path(result.key) if what == "record" else Path(result.artifacts[0].place)).unlink()
    assert replay_cached(request, plan, ran.results, Watcher()) is None
    assert len(Inventory(ran.tracker).all_runs()) == runs and living(ran.home) == set()


def test_a_replay_counts_on_its_results_while_it_lasts(ran: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ran.ask()
    plan = request.plan(ran.results)
    seen: list[set[str]] = []
    remember = ran.results.remember

    def look(result: Result) -> None:
        seen.append(keys_in_use(ran.home))
        remember(result)

    monkeypatch.setattr(ran.results, "remember", look)
    summary = replay_cached(request, plan, ran.results, Watcher())
    assert summary is not None and len(seen) == 3
    assert {outcome.key for outcome in summary.stages} <= set.intersection(*seen)
    assert keys_in_use(ran.home) == set()
