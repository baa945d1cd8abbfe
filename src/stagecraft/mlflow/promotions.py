"""The file of the home that says which versions were given which aliases, and why: MLflow may lose that."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from stagecraft.files.artifact import Frozen
from stagecraft.files.home import Home
from stagecraft.files.regular import read_regular
from stagecraft.files.sealed import seal, unseal
from stagecraft.files.whole import write_whole
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.registry import Version
from stagecraft.mlflow.store import Tracker


class Promotion(Frozen):
    """An alias that a version of a registered model was given.

    Attributes:
        model_id: the logged model that the version is.
        evidence: the tags of the version that say why.
        description: of the version, the same in words.
        at: when, in ISO 8601; empty if that is not known.
    """

    alias: str
    model: str
    version: int
    model_id: str
    evidence: dict[str, str]
    description: str
    at: str

    def line(self) -> bytes:
        """Write it down in a line, with a digest of itself."""
        return seal(self.model_dump_json().encode()) + b"\n"


@contextmanager
def promoting(home: Home) -> Iterator[None]:
    """Keep others on this home from choosing a champion at the same time."""
    with FileLock(home.private / "promote.lock"):
        yield


def note_aliases(tracker: Tracker) -> None:
    """Begin the file with the aliases that MLflow has, where the version before kept none."""
    if not tracker.home.promotions.exists():
        with promoting(tracker.home):
            _begin(tracker)


def note_promotion(tracker: Tracker, alias: str, version: Version, at: str) -> None:
    """Note that a version was given an alias; to be called while nobody else promotes."""
    _begin(tracker)
    path = tracker.home.promotions
    line = promotion_of(tracker, alias, version, at).line()
    with path.open("rb+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            line = line if file.read() == b"\n" else b"\n" + line  # after one that is torn
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def promotion_of(tracker: Tracker, alias: str, version: Version, at: str = "") -> Promotion:
    """Describe an alias of a version as MLflow has it."""
    with tracker.reaching():
        found = tracker.client.get_model_version(version.name, version.number)
    promoted = f"{tracker.tags.promoted}."
    return Promotion(
        alias=alias,
        model=version.name,
        version=int(version.number),
        model_id=version.model_id,
        evidence={tag: value for tag, value in found.tags.items() if tag.startswith(promoted)},
        description=found.description or "",
        at=at or found.tags.get(f"{promoted}at", ""),
    )


def read_promotions(home: Home) -> tuple[list[Promotion], list[str]]:
    """Read what was noted, the oldest first, and say what of it is damaged."""
    found, flaws = [], []
    try:
        lines = read_regular(home.promotions).splitlines()
    except FileNotFoundError:
        return [], []
    except ValueError as error:
        return [], [str(error)]
    for number, line in enumerate(lines, start=1):
        try:
            found.append(Promotion.model_validate_json(unseal(line)))
        except ValueError:
            flaws.append(f"line {number} of {home.promotions.name} is torn or damaged")
    return found, flaws


def mend_promotions(tracker: Tracker, set_aside: Callable[[Path], object]) -> None:
    """Write the file anew where lines of it are damaged: with the others, and the aliases that MLflow has.

    Args:
        set_aside: is given the damaged file.
    """
    path = tracker.home.promotions
    with promoting(tracker.home):
        found, flaws = read_promotions(tracker.home)
        if not flaws:
            return
        latest = {(each.model, each.alias): each.model_id for each in found}
        known = [each for each in _known(tracker) if latest.get((each.model, each.alias)) != each.model_id]
        set_aside(path)
        _write(path, [*found, *known])


def _begin(tracker: Tracker) -> None:
    """Write down the aliases that there are, unless that was done."""
    if not tracker.home.promotions.exists():
        _write(tracker.home.promotions, _known(tracker))


def _known(tracker: Tracker) -> list[Promotion]:
    """Describe the aliases that MLflow has."""
    versions = [item for item in Inventory(tracker).versions() if tracker.home.names.is_model(item.name)]
    return [promotion_of(tracker, alias, version) for version in versions for alias in version.aliases]


def _write(path: Path, promotions: Iterable[Promotion]) -> None:
    write_whole(path, b"".join(promotion.line() for promotion in promotions))
