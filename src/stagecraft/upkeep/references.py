"""Who needs which run: what MLflow and the runs in progress say about that."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple

from stagecraft.cache.sessions import home_id, keys_in_use, living
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.registry import Version
from stagecraft.mlflow.store import Tracker
from stagecraft.mlflow.tags import PARENT_TAG
from stagecraft.names import Names
from stagecraft.upkeep.disk import owner_of


class RecordedRun(NamedTuple):
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
    inventory, reused = Inventory(tracker), tracker.tags.reused
    return Protection(
        pinned=frozenset(inventory.pinned()),
        versions=frozenset(_kept(inventory.versions(), tracker.home.names)),
        reused=frozenset(run.data.tags.get(reused, "") for run in tracker.running()),
        living=frozenset(living(tracker.home)),
        in_use=frozenset(keys_in_use(tracker.home)),
    )


class References:
    """What refers to what. A run and the models that it logged count as one, a group named by the run.

    A file that was fetched from elsewhere is a group of its own, named by its path.

    Attributes:
        names: by which users know the project.
        seen: what was kept on purpose before all else was read.
    """

    def __init__(self, tracker: Tracker) -> None:
        self.names, self._tags = tracker.home.names, tracker.tags
        self.seen, inventory = protection(tracker), Inventory(tracker)
        self.runs = {run.info.run_id: self._run(run) for run in inventory.all_runs()}
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
        kept = list(_kept(self.versions, self.names))
        chosen = {self.group(owner) for version in kept for owner in (version.model_id, version.run_id)}
        return runs | models | chosen - {""}

    def is_pinned(self, run: RecordedRun) -> bool:
        """Tell whether a user wants to keep a run, or one that it stands below."""
        seen: set[str] = set()
        while run.run_id not in seen:
            seen.add(run.run_id)
            if run.tags.get(self._tags.pinned, "false") != "false":
                return True
            run = self.runs.get(run.tags.get(PARENT_TAG, ""), run)
        return False

    def _is_needed(self, run: RecordedRun, own: Set[str]) -> bool:
        session = run.tags.get(self._tags.session, "")
        is_ours = session.startswith(self._prefix) or run.run_id in own
        in_progress = session in self.living or (run.status == "RUNNING" and not run.deleted)
        return not is_ours or in_progress or self._may_be_read(run, own) or self.is_pinned(run)

    def _may_be_read(self, run: RecordedRun, own: Set[str]) -> bool:
        """Tell whether a run in progress may have read a result that another one has since replaced."""
        stages = {key.partition("/")[0] for key in self.in_use}
        return run.status == "FINISHED" and run.run_id not in own and run.stage in stages

    def _given(self, run: RecordedRun) -> set[str]:
        """Read from a run's tags what it was given, or was a copy of, and below which run it stands.

        The page of a run of a whole pipeline stays as long as a result that it computed.
        """
        uris = (value for tag, value in run.tags.items() if tag.startswith(f"{self._tags.input}."))
        owners = [
            *map(owner_of, uris),
            run.tags.get(self._tags.cached_from, ""),
            run.tags.get(PARENT_TAG, ""),
        ]
        return {self.group(owner) for owner in owners if owner}

    def _run(self, run: Any) -> RecordedRun:
        """Take from MLflow's run what matters here."""
        return RecordedRun(
            run_id=run.info.run_id,
            stage=run.data.tags.get(self._tags.stage, ""),
            status=run.info.status,
            deleted=run.info.lifecycle_stage == "deleted",
            started=run.info.start_time,
            tags=run.data.tags,
        )


def _kept(versions: Iterable[Version], names: Names) -> Iterator[Version]:
    """Take the versions that somebody chose: by an alias, or by a registered model of their own."""
    return (version for version in versions if version.aliases or not names.is_model(version.name))
