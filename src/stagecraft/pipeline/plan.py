"""What a run would do, and why: the pipeline is walked, keys are compared, nothing is run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from stagecraft.cache.result import Result
from stagecraft.cache.results import Latest, Results
from stagecraft.errors import SelectionError, shown
from stagecraft.files.artifact import Frozen
from stagecraft.key.parts import Parts, differences
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.selection import Selection
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Trace

IntentState = Literal["cached", "would_run", "may_run"]
_MOST_REASONS = 3


class Intent(Frozen):
    """What would become of a stage.

    Attributes:
        reason: why it would run, in words; empty if it is cached.
        key: what makes its result reusable, as far as that is known before the run.
        run_id: the run in MLflow that computed its cached result.
        seconds: wall time to expect, from an earlier run; None if there was none.
        notices: what else the user should know.
    """

    name: str
    state: IntentState
    reason: str = ""
    key: str | None = None
    run_id: str | None = None
    seconds: float | None = None
    notices: tuple[str, ...] = ()


@dataclass
class Plan:
    """What a run would do.

    Attributes:
        intents: one for each selected stage, in the order of the pipeline.
        results: the cached results, also of stages that are only given to the selected ones.
        calls: the stages with their arguments.
    """

    intents: list[Intent] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to run."""
        return all(intent.state == "cached" for intent in self.intents)


class Planner:
    """Walks a pipeline and finds out what would become of each stage."""

    def __init__(self, results: Results, selection: Selection) -> None:
        self.results, self.selection = results, selection
        self.plan = Plan()
        self._intents: dict[str, Intent] = {}
        # Of stages that are not cached too, if all that is wrong is an artifact: their value is known.
        self._values: dict[str, Result] = {}

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Decide on a stage; those before it were decided on already."""
        if stage.name in self.selection:
            call = self.plan.calls[stage.name] = Call(stage, stage.bind(*args, **kwargs))
            self._intents[stage.name] = intent = self._decide(call)
            if stage.name in self.selection.selected:
                self.plan.intents.append(intent)
        return Handle(stage.name)

    def missing(self) -> list[Intent]:
        """List the stages that are not cached and whose results the selected ones are to be given."""
        given = (self._intents[name] for name in self.plan.calls if name in self.selection.given)
        return [intent for intent in given if intent.state != "cached"]

    def _decide(self, call: Call) -> Intent:
        latest = self.results.latest(call.stage.name)
        intent = self._forced(call) or self._waiting(call, latest) or self._looked_up(call, latest)
        if intent.state == "cached" or not latest:
            return intent
        return intent.model_copy(update={"seconds": latest.seconds})

    def _forced(self, call: Call) -> Intent | None:
        if call.stage.name not in self.selection.forced:
            return None
        return Intent(name=call.stage.name, state="would_run", reason="forced")

    def _waiting(self, call: Call, latest: Latest | None) -> Intent | None:
        """Decide on a stage whose inputs are not known before the run."""
        waits = [need for need in dict.fromkeys(call.sources().values()) if self._is_open(need)]
        if not waits:
            return None
        name, fixed = call.stage.name, call.fixed_parts(self.results.checks.digests.of)
        if self.results.any_fixed(name, fixed):
            return Intent(name=name, state="may_run", reason=f"after {', '.join(waits)}")
        known = latest.parts.model_copy(update={"inputs": {}}) if latest else None
        reason = why(known, fixed, call, self.results)
        return Intent(name=name, state="would_run", reason=reason)

    def _looked_up(self, call: Call, latest: Latest | None) -> Intent:
        """Decide on a stage whose inputs are known."""
        name = call.stage.name
        parts = call.parts(self._values, self.results.checks.digests)
        found = self.results.find(parts.key(name))
        if found.result and (found.intact or name in self.selection.behind):
            self._values[name] = found.result
        if found.result and found.intact:
            self.plan.results[name] = found.result
            return _cached(found.result, call)
        lost = [path for path in call.own_files() if not path.is_file()]
        missing = f"file missing: {shown(lost[0])}" if lost else ""
        reason = missing or found.flaw or why(latest.parts if latest else None, parts, call, self.results)
        return Intent(name=name, state="would_run", reason=reason, key=parts.key(name))

    def _is_open(self, name: str) -> bool:
        """Tell whether a stage's value is not known before the run."""
        return name in self.plan.calls and name not in self._values


def make_plan(trace: Trace, results: Results, selection: Selection, command: str = "") -> Plan:
    """Find out what a run would do.

    Args:
        command: the start of a command line that runs this pipeline, for messages.

    Raises:
        SelectionError: the selected stages need results that are not cached.
    """
    planner = Planner(results, selection)
    trace.follow(planner)
    if missing := planner.missing():
        _refuse(planner.plan, missing, command)
    return planner.plan


def _refuse(plan: Plan, missing: Sequence[Intent], command: str) -> None:
    """Say what must be run before the selected stages can be.

    Raises:
        SelectionError: always.
    """
    needed = "; ".join(f"{intent.name} ({intent.reason})" for intent in missing)
    selected = ", ".join(intent.name for intent in plan.intents)
    names = {intent.name for intent in missing}
    inner = {need for name in names for need in _before(plan, name)}
    commands = " and ".join(f"`{command} --until {name}`" for name in plan.calls if name in names - inner)
    raise SelectionError(f"{selected} needs what is not cached: {needed}; first run {commands}")


def _before(plan: Plan, name: str) -> set[str]:
    """Name all stages before one."""
    needs = set(plan.calls[name].sources().values()) & set(plan.calls)
    return needs.union(*(_before(plan, need) for need in needs))


def why(old: Parts | None, new: Parts, call: Call, results: Results) -> str:
    """Say why there is no result for a key.

    Args:
        old: what the stage's latest result was keyed by, if there is one.
        new: what this key is made of.
    """
    if old is None:
        return results.why_unknown(call.stage.name)
    reasons = differences(old, new, call.sources())
    more = f"; and {len(reasons) - _MOST_REASONS} more" if len(reasons) > _MOST_REASONS else ""
    return "; ".join(reasons[:_MOST_REASONS]) + more or "no result is kept"


def _cached(result: Result, call: Call) -> Intent:
    notices = redrawn(result, call.stage)
    return Intent(
        name=result.stage,
        state="cached",
        key=result.key,
        run_id=result.run_id,
        seconds=0.0,
        notices=(notices,) if notices else (),
    )


def redrawn(result: Result, stage: Stage) -> str:
    """Say which code that draws a cached result has changed since; it is no part of the key."""
    changed = sorted(
        name
        for name in {*result.drawing, *stage.drawing}
        if result.drawing.get(name) != stage.drawing.get(name)
    )
    if not changed:
        return ""
    return f"drawn before a change of {', '.join(changed[:2])}; --force {stage.name} draws it anew"
