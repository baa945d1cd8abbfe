"""What the key of a stage knows, for the witness of its run."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from prefect.settings import PREFECT_API_URL, PREFECT_HOME

from stagecraft.key.parts import Parts
from stagecraft.mlflow import Tracker
from stagecraft.pipeline.call import Call
from stagecraft.witness import Known, Places

_MOST = 4000


def known_to(call: Call, parts: Parts, addresses: Iterable[str], tracker: Tracker) -> Known:
    """Collect what the key of a stage knows.

    Args:
        addresses: of the artifacts that the stage is given.
    """
    stage = call.stage
    places = map(tracker.place, addresses)
    given = [Path(place) for place in places if not urlsplit(place).scheme]
    return Known(
        files=stage.files,
        definitions=parts.code.keys(),
        roots=stage.roots,
        folder=stage.folder,
        imports_of=stage.code.imports_of,
        inputs=[*given, *call.own_files(), *call.own_folders()],
        depends=stage.depends,
        servers=[tracker.uri, PREFECT_API_URL.value() or ""],
        places=places_kept(tracker),
        states=stage.states,
    )


def unkeyed_tag(noted: Sequence[str]) -> str:
    """Write down what a stage touched that its key does not know."""
    return "; ".join(noted)[:_MOST]


def places_kept(tracker: Tracker) -> Places:
    """Find where a stage may open files without a key, with what this mechanism, MLflow and Prefect keep."""
    return Places(_kept(tracker))


def _kept(tracker: Tracker) -> Iterator[Path]:
    home = tracker.home
    yield from (home.private, home.artifacts, PREFECT_HOME.value())
    uri = urlsplit(tracker.uri)
    # The home's own too where runs are recorded elsewhere: it is looked at all the same.
    databases = {home.database}
    if uri.scheme.startswith("sqlite"):
        databases.add(Path(f"/{uri.path.lstrip('/')}"))
    for database in databases:
        yield from (database.with_name(database.name + end) for end in ("", "-journal", "-shm", "-wal"))
    if folder := tracker.artifact_folder():
        yield folder
