"""What lies in a home, and what it counts on: read once, so that all else is decided on plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stagecraft.cache.result import Kept, Result
from stagecraft.cache.results import Results, read
from stagecraft.errors import ArtifactError
from stagecraft.files.home import Home
from stagecraft.files.removal import size_of
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.store import Tracker
from stagecraft.upkeep import pieces
from stagecraft.upkeep.disk import folders_of_models, folders_of_runs, owner_of
from stagecraft.upkeep.pieces import Piece
from stagecraft.upkeep.references import References


@dataclass(frozen=True)
class Surveyed:
    """A result that is kept.

    Attributes:
        used_at: when it was last used, in seconds since 1970.
        names: the groups that it names, its own run's first of all.
    """

    key: str
    run_id: str
    used_at: float
    names: frozenset[str]


@dataclass(frozen=True)
class Survey:
    """All that gc decides on.

    Attributes:
        own: runs that computed the results.
        fleeting: files that must stay while anybody lives.
        pieces: what can be freed, by name, if nothing needs it.
        checkpoints: folders by `<stage>/<digest>`, with their bytes and when they were last written.
        spare: what nobody needs at all.
        total: bytes of all that is counted.
    """

    references: References
    own: frozenset[str]
    fleeting: frozenset[str]
    pieces: dict[str, Piece]
    entries: dict[str, Surveyed]
    checkpoints: dict[str, tuple[int, float]]
    spare: list[Piece]
    total: int

    def base(self, references: References) -> set[str]:
        """Collect what must be kept whatever becomes of the results."""
        fleeting = self.fleeting if references.living else frozenset()
        return references.reach(references.roots(self.own) | fleeting)


def survey(tracker: Tracker, results: Results) -> Survey:
    """Read all that gc decides on."""
    home, inventory = tracker.home, Inventory(tracker)
    artifacts = inventory.tracker.artifact_folder()
    artifacts = artifacts if artifacts == home.artifacts else None
    # In this order nothing that has just been made looks as if nobody knew it: a folder's run was there
    # before the folder, and a result follows when its run ends.
    folders = {**folders_of_runs(artifacts), **folders_of_models(artifacts)}
    references = References(tracker)
    entries = {entry.key: entry for entry in read_entries(results, references, {})}
    downloads = {piece.name: piece for piece in pieces.downloads(home)}
    runs = {piece.name: piece for piece in pieces.runs(inventory, references, folders)} if artifacts else {}
    partial = list(pieces.unfinished(home))
    return Survey(
        references=references,
        own=frozenset(entry.run_id for entry in entries.values()),
        fleeting=frozenset([*downloads, *(piece.name for piece in partial)]),
        pieces={**runs, **downloads},
        entries=entries,
        checkpoints=dict(pieces.checkpoints(home)),
        spare=[*pieces.damaged(home), *partial],
        total=sum(piece.bytes for piece in partial) + sum(map(size_of, _counted(home))),
    )


def _counted(home: Home) -> tuple[Path, ...]:
    """List the folders that can grow without end."""
    return home.artifacts, home.checkpoints, home.downloads, home.damaged


def read_entries(results: Results, references: References, known: Mapping[str, float]) -> Iterator[Surveyed]:
    """Read the results.

    Args:
        known: leave these out, by key and time of use.

    Raises:
        ArtifactError: one is damaged, so that nothing tells what it needs.
    """
    for key in results.all():
        try:
            used_at = results.path(key).stat().st_mtime
            if known.get(key) != used_at:
                result = read(results.path(key))
                names = frozenset(_names(results.home, references, result))
                yield Surveyed(key, result.run_id, used_at, names)
        except FileNotFoundError:
            continue
        except ValueError:
            program = results.home.names.project
            raise ArtifactError(
                f"expected the record of each result, got a damaged one of {key}, which does not tell what it"
                f" needs; `{program} doctor --fix` sets it aside, or run its stage again"
            ) from None


def _names(home: Home, references: References, result: Result) -> Iterator[str]:
    """Name the groups that a result names."""
    yield references.group(result.run_id)
    for uri in [*result.used.values(), *(artifact.uri for artifact in result.artifacts)]:
        yield references.group(owner_of(uri))
    for artifact in result.artifacts:
        if urlsplit(artifact.place).scheme:
            yield str(copy_of(home, artifact))


def copy_of(home: Home, artifact: Kept) -> Path:
    """Tell where the copy of an artifact lies that was fetched from a server."""
    return home.downloads / artifact.uri.partition(":")[2].lstrip("/")
