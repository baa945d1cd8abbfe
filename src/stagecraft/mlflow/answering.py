"""Which version of a model answers: one rule for all who ask for a model.

The version that is named; else the champion of the data set that is asked for; else the version that the
latest run on it made or confirmed as cached.
"""

from typing import NamedTuple

from stagecraft.errors import ArtifactError
from stagecraft.mlflow.data_sets import TrainingRuns, champion_of
from stagecraft.mlflow.registry import CHAMPION, LATEST, Registry, Version


class Answerer(NamedTuple):
    """A version that answers.

    Attributes:
        data: what the data set is called that it was trained on; empty if nothing says so.
        why: by which part of the rule.
    """

    version: Version
    data: str
    why: str

    def __str__(self) -> str:
        data = f"trained on {self.data}" if self.data else "trained on data without a name"
        return f"{self.version} (run {self.version.run_id[:8]}, {data}) answers: {self.why}"

    def document(self) -> dict[str, object]:
        """Tell it in a document."""
        version = self.version
        return {
            "model": version.name,
            "version": int(version.number),
            "run_id": version.run_id,
            "data": self.data,
            "why": self.why,
        }


def find_answer(registry: Registry, name: str, stage: str, wanted: str = "", data: str = "") -> Answerer:
    """Find the version that answers.

    Args:
        name: of the registered model.
        stage: the training that yields it.
        wanted: the number or the alias that names a version, or `latest`.
        data: the data set that is asked for; that of the latest run that a person started in this home unless
            it is given.

    Raises:
        ArtifactError: there is no such model or version, or none of this data set.
    """
    version = registry.find(name, wanted or LATEST)
    if wanted:
        return Answerer(version, data_of(registry, version), "it was named")
    asked = data or TrainingRuns(registry, stage).latest_data()
    if asked and (champion := find_champion(registry, name, stage, asked)):
        return Answerer(champion, asked, f"the champion of {asked}")
    made, asked = find_candidate(registry, name, stage, asked)
    return Answerer(made, asked, f"of the latest run on {asked} in this home")


def find_candidate(registry: Registry, name: str, stage: str, data: str = "") -> tuple[Version, str]:
    """Find the version that the latest run on a data set made or confirmed as cached, and name that.

    Args:
        data: that of the latest run that a person started in this home unless it is given.

    Raises:
        ArtifactError: there is no such model, or no such run.
    """
    registry.find(name, LATEST)  # is there, or is refused
    runs = TrainingRuns(registry, stage)
    asked = data or runs.latest_data()
    if asked and (found := next(runs.versions(name, asked), None)):
        return found[0], asked
    raise _nothing_found(registry, name, asked)


def find_champion(registry: Registry, name: str, stage: str, data: str) -> Version | None:
    """Find the champion of a data set: by its own alias, else by that of all if it is on a version of it.

    What a version without a name was trained on, runs tell that confirmed it as cached.
    """
    alias, found = champion_of(data), registry.versions(name)
    if own := next((version for version in found if alias in version.aliases), None):
        return own
    last = next((version for version in found if CHAMPION in version.aliases), None)
    if last is None or (named := data_of(registry, last)) == data:
        return last
    runs = TrainingRuns(registry, stage).versions(name, data)
    return last if not named and any(version == last for version, _ in runs) else None


def asked_data_of(registry: Registry, name: str, stage: str, version: Version) -> str:
    """Tell what the data set of a version is called: as in the latest run, if that confirmed the version."""
    runs = TrainingRuns(registry, stage)
    asked = runs.latest_data()
    if asked and any(found == version for found, _ in runs.versions(name, asked)):
        return asked
    return data_of(registry, version)


def data_of(registry: Registry, version: Version) -> str:
    """Tell what the data set was called that a version was trained on; empty if nothing says so."""
    return registry.tags(version).get(registry.tracker.tags.data, "")


def _nothing_found(registry: Registry, name: str, data: str) -> ArtifactError:
    names, newest = registry.tracker.home.names, registry.find(name, LATEST)
    short = name.removeprefix(names.model(""))
    got = f"none of {data}" if data else "no run in this home that trained one"
    trained = data_of(registry, newest)
    other = f" (the newest, trained on {trained})" if trained else " (the newest)"
    return ArtifactError(
        f"expected a version of {name} of the data that is asked for, got {got}; train one with"
        f" `{names.project} run`, or name a version, such as {short}/{newest.number}{other}"
    )
