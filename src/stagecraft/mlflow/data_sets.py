"""Which data models were trained on: by the name that a user gives it, with digests of what it held then."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import partial

from mlflow.entities import Run

from stagecraft.cache.sessions import home_id
from stagecraft.files.home import Home
from stagecraft.files.identity import identity_of
from stagecraft.mlflow.registry import CHAMPION, Registry, Version
from stagecraft.mlflow.store import Tracker
from stagecraft.mlflow.tags import PARENT_TAG

_MOST_READABLE = 40


def champion_of(data: str) -> str:
    """Name the alias of the champion of one data set, beside that of the one promoted last."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", data)[-_MOST_READABLE:].strip("-")
    return f"{CHAMPION}-{readable or 'data'}-{_digest(data)}"


def request_tags(tracker: Tracker, data: Mapping[str, str], is_by_user: bool) -> dict[str, str]:
    """Make the tags of a pipeline's run that say what its trainings are given, and who asked for it.

    Args:
        data: by training stage, what the data set is called.
        is_by_user: a person started it; what a schedule or a sweep starts says nothing of what one is at.
    """
    told = {f"{tracker.tags.data}.{stage}": name for stage, name in data.items()}
    told |= {f"{tracker.tags.data_id}.{stage}": _digest(name) for stage, name in data.items()}
    return told | ({tracker.tags.asked_in: _ids(tracker.home)[0]} if is_by_user else {})


def version_tags(tracker: Tracker, run_id: str) -> dict[str, str]:
    """Make the tags of a version that say on what data it was trained: its name, and digests of the inputs.

    Args:
        run_id: of the training.
    """
    tags = tracker.client.get_run(run_id).data.tags
    found = {tag: value for tag, value in tags.items() if tag.startswith(f"{tracker.tags.digest}.")}
    parent = tags.get(PARENT_TAG, "")
    if parent and tracker.is_there(lambda: tracker.client.get_run(parent)):
        asked = tracker.client.get_run(parent).data.tags
        name = asked.get(f"{tracker.tags.data}.{tags.get(tracker.tags.stage)}", "")
        found |= {tracker.tags.data: name} if name else {}
    return found


class TrainingRuns:
    """The runs of pipelines that had one training among their stages.

    Args:
        stage: the training.
    """

    def __init__(self, registry: Registry, stage: str) -> None:
        self.registry, self.stage, self._tracker = registry, stage, registry.tracker
        self._data, self._id = (
            f"{tag}.{stage}" for tag in (self._tracker.tags.data, self._tracker.tags.data_id)
        )

    def latest_data(self) -> str:
        """Name the data set of the latest run that a person started in this home; empty if there is none."""
        runs = self._by_user(f"tags.`{self._data}` LIKE '%'", 1)
        return next((run.data.tags[self._data] for run in runs), "")

    def versions(self, name: str, data: str, is_by_user: bool = True) -> Iterator[tuple[Version, Run]]:
        """Yield versions that runs on a data set made or confirmed as cached, the newest run first.

        Args:
            name: of the registered model.
            is_by_user: only runs that a person started in this home.

        Yields:
            with each version the stage's run that was given the data, which may be an earlier one's.
        """
        known = {version.model_id: version for version in self.registry.versions(name)}
        wanted = f"tags.`{self._id}` = '{_digest(data)}'"
        for run in self._by_user(wanted) if is_by_user else self._tracker.search(wanted):
            for computed in self._computed(run.info.run_id):
                for output in computed.outputs.model_outputs if computed.outputs else ():
                    if output.model_id in known:
                        yield known[output.model_id], computed

    def _by_user(self, wanted: str, most: int | None = None) -> list[Run]:
        """List runs that a person started in this home, the newest first; all of its own database are its."""
        tag, tracker = self._tracker.tags.asked_in, self._tracker
        if tracker.uri == tracker.home.store:
            return tracker.search(f"{wanted} and tags.`{tag}` LIKE '%'", most)
        found = [
            run
            for one in _ids(tracker.home)
            for run in tracker.search(f"{wanted} and tags.`{tag}` = '{one}'", most)
        ]
        return sorted(found, key=lambda run: -run.info.start_time)[:most]

    def _computed(self, parent: str) -> Iterator[Run]:
        """Find the runs that computed the training's result for a run of the pipeline."""
        tags = self._tracker.tags
        wanted = f"tags.`{PARENT_TAG}` = '{parent}' and tags.`{tags.stage}` = '{self.stage}'"
        for run in self._tracker.search(f"{wanted} and attributes.status = 'FINISHED'"):
            source = run.data.tags.get(tags.cached_from, run.info.run_id)
            if computed := self._tracker.known(partial(self._tracker.client.get_run, source)):
                yield computed


def _ids(home: Home) -> tuple[str, ...]:
    """Tell a home from others that share a server with it: by its random ids, or else by where it is."""
    identity = identity_of(home)
    return identity.ids if identity else (home_id(home),)


def _digest(data: str) -> str:
    """Digest the name of a data set: a search of MLflow's takes not every text."""
    return hashlib.sha256(data.encode()).hexdigest()[:8]
