"""What can be freed as one: the files of a run with its models, fetched files, leftovers."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stagecraft.files.home import Home
from stagecraft.files.removal import size_of, size_of_partial
from stagecraft.files.whole import PART, half_written, is_aside
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.registry import Version
from stagecraft.upkeep.disk import checkpoint_folders
from stagecraft.upkeep.references import References


@dataclass(frozen=True)
class Piece:
    """What goes as one: the folders of a run and of its models, or one file.

    Attributes:
        name: the run, or the file's path.
        what: the same in words.
        paths: on this machine; a run without files has none.
        age: sorts what refers to others after these.
        models: logged models that go with it.
        versions: of registered models, that go with it.
    """

    name: str
    kind: str
    what: str
    paths: tuple[Path, ...]
    bytes: int
    age: int = 0
    models: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()


def runs(inventory: Inventory, references: References, folders: dict[str, Path]) -> Iterator[Piece]:
    """List the runs with their folders and models; a folder that MLflow does not know is one of its own."""
    models, versions = _models(references), _versions(references)
    groups: dict[str, list[Path]] = {run_id: [] for run_id in references.runs}
    for owner, path in folders.items():
        groups.setdefault(references.group(owner), []).append(path)
    for group, paths in groups.items():
        run = references.runs.get(group)
        if not run and (inventory.knows_run(group) or inventory.knows_model(group)):
            continue  # of another experiment
        yield Piece(
            name=group,
            kind="run" if run or not group.startswith("m-") else "model",
            what=f"{group} ({run.stage})" if run and run.stage else group,
            paths=tuple(paths),
            bytes=sum(map(size_of, paths)),
            age=run.started if run else 0,
            models=tuple(models[group]),
            versions=tuple(versions[group]),
        )


def _models(references: References) -> dict[str, list[str]]:
    """List the logged models of each run."""
    found = defaultdict(list)
    for model, source in references.sources.items():
        found[source].append(model)
    return found


def _versions(references: References) -> dict[str, list[Version]]:
    """List the versions of the project's registered models that came from each run."""
    found = defaultdict(list)
    for version in references.versions:
        if references.names.is_model(version.name):
            found[references.group(version.model_id)].append(version)
    return found


def downloads(home: Home) -> Iterator[Piece]:
    """List the files that were fetched, but for the hashes under which they were accepted."""
    for path in sorted(home.downloads.rglob("*")):
        within = path.relative_to(home.downloads)
        partial = any(part.endswith(PART) for part in within.parts)
        if path.is_file() and path.suffix != ".sha1" and not partial and not is_aside(within):
            yield Piece(str(path), "download", str(within), (path,), size_of(path))


def damaged(home: Home) -> Iterator[Piece]:
    """List what was set aside because it was not what it should be."""
    for path in sorted(home.damaged.glob("*")):
        yield Piece(str(path), "damaged", path.name, (path,), size_of(path))


def unfinished(home: Home) -> Iterator[Piece]:
    """List what was not written to its end."""
    for path in half_written(home.private):
        if path.parent.suffix != PART:
            what = str(path.relative_to(home.root))
            yield Piece(str(path), "half-written", what, (path,), size_of_partial(path))


def checkpoints(home: Home) -> Iterator[tuple[str, tuple[int, float]]]:
    """List the folders of checkpoints with their bytes and when they were last written."""
    for key, folder in checkpoint_folders(home).items():
        with suppress(FileNotFoundError):  # a training lets go of its oldest at any time
            yield key, (size_of(folder), max(path.stat().st_mtime for path in [folder, *folder.iterdir()]))
