"""Who needs which run: what MLflow and the runs in progress say about that."""

from collections.abc import Iterable, Mapping, Set
from typing import Any, NamedTuple

from stagecraft.live import home_id, keys_in_use, living
from stagecraft.tracking.inventory import Inventory
from stagecraft.tracking.registry import Version
from stagecraft.tracking.store import (
    CACHED_TAG,
    INPUT_TAG,
    PARENT_TAG,
    PINNED_TAG,
    REUSED_TAG,
    SESSION_TAG,
    STAGE_TAG,
    Tracker,
)
from stagecraft.upkeep.disk import owner_of

#: registered models of the project's own start so
REGISTERED = "seqstep-"


class Run(NamedTuple):
    """A run, as far as it matters here."""

    run_id: str
    stage: str
    status: str
    deleted: bool
    started: int
    tags: Mapping[str, str]


class Protection(NamedTuple):
    """What a user or a new run can change at any time to keep something."""

    pinned: frozenset[str]
    versions: frozenset[Version]
    reused: frozenset[str]
    living: frozenset[str]
    in_use: frozenset[str]


def protection(tracker: Tracker) -> Protection:
    """Look at what is kept on purpose."""
    inventory = Inventory(tracker)
    return Protection(
        pinned=frozenset(inventory.pinned()),
        versions=frozenset(filter(_is_kept, inventory.versions())),
        reused=frozenset(run.data.tags.get(REUSED_TAG, "") for run in tracker.running()),
        living=frozenset(living(tracker.home)),
        in_use=frozenset(keys_in_use(tracker.home)),
    )


class References:
    """What refers to what. A run and the models that it logged count as one, a group named by the run.

    A file that was fetched from elsewhere is a group of its own, named by its path.

    Attributes:
        seen: what was kept on purpose before all else was read.
    """

    def __init__(self, tracker: Tracker) -> None:
        self.seen, inventory = protection(tracker), Inventory(tracker)
        self.runs = {run.info.run_id: _run(run) for run in inventory.all_runs()}
        self.sources = inventory.logged_models()
        self.versions = inventory.versions()
        # After the runs: one that ended in between has a record by now, or is still in progress.
        self.living = living(tracker.home)
        self.in_use = keys_in_use(tracker.home)
        self._prefix = f"{home_id(tracker.home)}-"
        self._edges = {run_id: self._given(run) for run_id, run in self.runs.items()}

    def group(self, owner: str) -> str:
        """Name the run that a logged model belongs to; a run, or a model without one, is its own."""
        return self.sources.get(owner) or owner

    def given(self, group: str) -> set[str]:
        """Name what a run was given, or was a copy of."""
        return self._edges.get(group, set())

    def reach(self, groups: Iterable[str]) -> set[str]:
        """Collect what can be reached from runs, themselves included."""
        found: set[str] = set()
        waiting = list(groups)
        while waiting:
            group = waiting.pop()
            if group not in found:
                found.add(group)
                waiting += self.given(group)
        return found

    def roots(self, own: Set[str]) -> set[str]:
        """Name the runs that must be kept whatever becomes of the results.

        Args:
            own: runs that computed the results of this home.
        """
        runs = {run.run_id for run in self.runs.values() if self._is_needed(run, own)}
        models = {self.group(model) for model, source in self.sources.items() if source not in self.runs}
        kept = [version for version in self.versions if _is_kept(version)]
        chosen = {self.group(owner) for version in kept for owner in (version.model_id, version.run_id)}
        return runs | models | chosen - {""}

    def is_pinned(self, run: Run) -> bool:
        """Tell whether a user wants to keep a run, or one that it stands below."""
        seen: set[str] = set()
        while run.run_id not in seen:
            seen.add(run.run_id)
            if run.tags.get(PINNED_TAG, "false") != "false":
                return True
            run = self.runs.get(run.tags.get(PARENT_TAG, ""), run)
        return False

    def _is_needed(self, run: Run, own: Set[str]) -> bool:
        session = run.tags.get(SESSION_TAG, "")
        is_ours = session.startswith(self._prefix) or run.run_id in own
        in_progress = session in self.living or (run.status == "RUNNING" and not run.deleted)
        return not is_ours or in_progress or self._may_be_read(run, own) or self.is_pinned(run)

    def _may_be_read(self, run: Run, own: Set[str]) -> bool:
        """Tell whether a run in progress may have read a result that another one has since replaced."""
        stages = {key.partition("/")[0] for key in self.in_use}
        return run.status == "FINISHED" and run.run_id not in own and run.stage in stages

    def _given(self, run: Run) -> set[str]:
        """Read from a run's tags what it was given, or was a copy of, and below which run it stands.

        The page of a run of a whole pipeline stays as long as a result that it computed.
        """
        uris = (value for tag, value in run.tags.items() if tag.startswith(f"{INPUT_TAG}."))
        owners = [*map(owner_of, uris), run.tags.get(CACHED_TAG, ""), run.tags.get(PARENT_TAG, "")]
        return {self.group(owner) for owner in owners if owner}


def _is_kept(version: Version) -> bool:
    """Tell whether somebody chose a version: by an alias, or by a registered model of their own."""
    return bool(version.aliases) or not version.name.startswith(REGISTERED)


def _run(run: Any) -> Run:
    """Take from MLflow's run what matters here."""
    return Run(
        run_id=run.info.run_id,
        stage=run.data.tags.get(STAGE_TAG, ""),
        status=run.info.status,
        deleted=run.info.lifecycle_stage == "deleted",
        started=run.info.start_time,
        tags=run.data.tags,
    )
