"""What does not fit together between results, artifacts, and what MLflow knows of them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from stagecraft.cache.checks import GONE
from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.result import Kept, Result
from stagecraft.cache.results import Results, read
from stagecraft.errors import StagecraftError
from stagecraft.files.regular import read_regular
from stagecraft.files.set_aside import Moved, SetAside
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.registry import Version
from stagecraft.mlflow.store import Tracker
from stagecraft.upkeep.disk import folders_of_models, folders_of_runs, owner_of
from stagecraft.upkeep.finding import Finding
from stagecraft.upkeep.kept_files import leads_nowhere


class _Flaw(NamedTuple):
    """What is wrong with a result; nothing if it is whole.

    Attributes:
        gone: its files that are missing or changed.
        lasts: whether that is so for good; what can't be read may be whole.
    """

    what: str
    gone: Sequence[Kept] = ()
    lasts: bool = True


class ArtifactChecks:
    """Holds results, folders of artifacts and registered models against each other.

    Args:
        aside: takes what is repaired.
    """

    def __init__(self, tracker: Tracker, results: Results, aside: SetAside) -> None:
        self.home, self.results, self.aside = tracker.home, results, aside
        self.inventory = inventory = Inventory(tracker)
        folder = inventory.tracker.artifact_folder()
        self._artifacts = folder if folder == self.home.artifacts else None
        # Folders before runs: a folder is made after its run.
        self._runs, self._models = folders_of_runs(self._artifacts), folders_of_models(self._artifacts)
        self._known = {run.info.run_id for run in inventory.all_runs()} | set(inventory.logged_models())

    def findings(self) -> Iterator[Finding]:
        """Find what does not fit together; in this order, a repair leaves nothing for the next to find."""
        flaws = {key: flaw for key in self.results.all() if (flaw := self._flaw(key)).what}
        yield from self._versions({owner_of(file.uri): file for flaw in flaws.values() for file in flaw.gone})
        for key, flaw in flaws.items():
            if not flaw.lasts:
                yield _unreadable(f"{key}: {flaw.what}")
                continue
            remedy = "set its record aside; the stage runs again when it is needed"
            mend = partial(self._forget, key)
            yield Finding("result without artifacts", f"{key}: {flaw.what}", remedy, mend)
        yield from self._folders()

    def _flaw(self, key: str) -> _Flaw:
        """Say what is wrong with a result, and with which of its files."""
        if leads_nowhere(self.results.path(key)):
            return _Flaw("")  # found as such, whatever it is the record of
        found = self.results.find(key)
        if not found.flaw:
            unknown = self._unknown(found.result) if found.result else []
            return _Flaw(f"MLflow does not know {', '.join(unknown)}" if unknown else "")
        if not found.result:
            return _Flaw(found.flaw, lasts=_can_read(self.results.path(key)))
        checks = self.results.checks
        flaws = [(file, flaw) for file in found.result.artifacts if (flaw := checks.flaw(file))]
        # A user may change a file of his own: its result waits for the day when it is changed back.
        if flaws and not any(checks.is_ours(checks.path(file)) for file, _ in flaws):
            return _Flaw("")
        gone = [file for file, flaw in flaws if flaw in GONE]
        return _Flaw(found.flaw, gone, lasts=bool(gone))

    def _unknown(self, result: Result) -> list[str]:
        """Name the runs and models of a result that MLflow does not know."""
        files = [file for file in result.artifacts if not file.uri.startswith("file:")]
        owners = [result.run_id, *(owner_of(file.uri) for file in files)]
        return [owner for owner in dict.fromkeys(owners) if self._artifacts and not self._knows(owner)]

    def _forget(self, key: str) -> bool:
        """Set aside a result's record, and files that are not what they should be."""
        self.inventory.pinned()  # a store that can't be reached says so here, and knows nothing
        with KeyLocks(self.home.locks).holding(key, 0) as held:
            if not held:
                return False
            flaw = self._flaw(key)
            if flaw.what and flaw.lasts:
                checks = self.results.checks
                for file in flaw.gone:
                    if checks.flaw(file) == "changed" and checks.is_ours(checks.path(file)):
                        self.aside.take(checks.path(file))
                self.aside.take(self.results.path(key))
        return True

    def _folders(self) -> Iterator[Finding]:
        """Find folders whose run or logged model MLflow does not know."""
        for owner, folder in {**self._runs, **self._models}.items():
            if not self._knows(owner):
                what = f"{folder.relative_to(self.home.root)}: MLflow knows nothing of it"
                mend = partial(self._remove_folder, owner, folder)
                yield Finding("artifacts without a run", what, "set the folder aside", mend)

    def _remove_folder(self, owner: str, folder: Path) -> bool:
        if owner in self._named():
            return False
        self.aside.take(folder)
        return True

    def _named(self) -> set[str]:
        """Name the runs and models whose files results are made of."""
        named: set[str] = set()
        for key in self.results.all():
            try:
                result = read(self.results.path(key))
            except (OSError, ValueError):
                continue
            named |= {result.run_id, *(owner_of(file.uri) for file in result.artifacts)}
        return named

    def _knows(self, owner: str) -> bool:
        """Tell whether MLflow knows a run or a logged model, in whatever experiment."""
        if owner not in self._known:
            know = self.inventory.knows_model if owner.startswith("m-") else self.inventory.knows_run
            if not know(owner):
                return False
            self._known.add(owner)
        return True

    def _versions(self, gone: Mapping[str, Kept]) -> Iterator[Finding]:
        """Find versions of the project's registered models whose files are gone or changed.

        Args:
            gone: a file that is missing or changed, by logged model.
        """
        for version in self.inventory.versions(is_used=True):
            if self.home.names.is_model(version.name) and version.model_id:
                try:
                    kind, what = self._flaw_of_version(version, gone.get(version.model_id))
                except OSError as error:
                    yield _unreadable(f"{_title(version)}: {error}")
                    continue
                if kind:
                    mend = partial(self._forget_version, version, gone.get(version.model_id))
                    yield Finding(
                        kind, f"{_title(version)}: {what}", "set the version aside: it is used no more", mend
                    )

    def _flaw_of_version(self, version: Version, gone: Kept | None) -> tuple[str, str]:
        """Say what is wrong with a version, as a kind and in words."""
        missing = self.inventory.missing_of_model(version.model_id)
        if not missing and gone and self.results.checks.flaw(gone) in GONE:
            missing = [gone.uri]
        if missing:
            return "registered model without files", f"{missing[0]} is gone"
        if self.inventory.is_changed(version):
            return "registered model with changed files", "its files are not those that were registered"
        return "", ""

    def _forget_version(self, version: Version, gone: Kept | None) -> bool:
        if any(self._flaw_of_version(version, gone)):
            self.inventory.set_version_aside(version, self.aside.name)
            self.aside.note(Moved(version=f"{version.name}/{version.number}"))
        return True


def _unreadable(what: str) -> Finding:
    """Tell of what may be whole: only the user can make it readable."""

    def refuse() -> bool:
        raise StagecraftError("nothing was removed")

    return Finding("unreadable", what, "make it readable, then look again", refuse)


def _can_read(path: Path) -> bool:
    """Tell whether what a file holds can be told; what is no file holds nothing."""
    try:
        read_regular(path)
    except OSError:
        return False
    except ValueError:
        pass
    return True


def _title(version: Version) -> str:
    aliases = f" (alias {', '.join(version.aliases)})" if version.aliases else ""
    return f"{version}{aliases}"
