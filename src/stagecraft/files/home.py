"""The project home: the one folder that holds all that runs write."""

import os
from dataclasses import dataclass
from pathlib import Path

from stagecraft.disks import is_full, writes_to
from stagecraft.errors import HomeError
from stagecraft.files.whole import ASIDE
from stagecraft.names import Names, how_to_get_a_project

# SQLAlchemy takes a database's address to end at the first; MLflow reads the second as the start of a code.
_NO_ADDRESS = "?%"


@dataclass(frozen=True)
class Home:
    """Where a project keeps its records, artifacts and downloads."""

    root: Path
    names: Names

    @property
    def database(self) -> Path:
        """MLflow's own database, used unless MLFLOW_TRACKING_URI names a server."""
        return self.root / "mlflow.db"

    @property
    def folders(self) -> tuple[Path, ...]:
        """All folders that are made in it when they are needed."""
        return (
            *(self.private, self.artifacts, self.results, self.latest, self.locks, self.live, self.crashed),
            *(self.checkpoints, self.accounts, self.digests, self.damaged, self.aside, self.trash),
            self.downloads,
        )

    @property
    def store(self) -> str:
        """Address of that database."""
        return f"sqlite:///{self.database}"

    @property
    def artifacts(self) -> Path:
        """MLflow's artifacts, beside that database."""
        return self.root / "mlartifacts"

    @property
    def private(self) -> Path:
        """Everything else: Prefect's records, downloads, locks."""
        return self.root / self.names.folder

    @property
    def histories(self) -> Path:
        """Prefect's own database, unless PREFECT_HOME names another folder."""
        return self.private / "prefect" / "prefect.db"

    @property
    def results(self) -> Path:
        """Prefect's records of the stages' results, by key."""
        return self.private / "results"

    @property
    def latest(self) -> Path:
        """What each stage's last result was keyed by."""
        return self.private / "latest"

    @property
    def locks(self) -> Path:
        """One file a key, locked while its result is computed or freed."""
        return self.private / "locks"

    @property
    def live(self) -> Path:
        """One file a run in progress."""
        return self.private / "live"

    @property
    def crashed(self) -> Path:
        """One file a flow run whose process died, until Prefect knows of it."""
        return self.private / "crashed"

    @property
    def checkpoints(self) -> Path:
        """Trainings that can be resumed."""
        return self.private / "checkpoints"

    @property
    def accounts(self) -> Path:
        """What MLflow knows of the runs of whole pipelines, one file each."""
        return self.private / "runs"

    @property
    def promotions(self) -> Path:
        """Which versions were given which aliases, and why."""
        return self.private / "promotions.jsonl"

    @property
    def restoring(self) -> Path:
        """Which archive is being restored; there until that is done."""
        return self.private / "restoring"

    @property
    def token(self) -> Path:
        """What lets somebody use Prefect's server, if that asks for it; no backup has it."""
        return self.private / "prefect-token"

    @property
    def digests(self) -> Path:
        """Digests of big files that were computed before."""
        return self.private / "digests"

    @property
    def damaged(self) -> Path:
        """Artifacts that were no longer what their address says."""
        return self.private / "damaged"

    @property
    def aside(self) -> Path:
        """What repairs moved out of the way."""
        return self.private / ASIDE

    @property
    def trash(self) -> Path:
        """What is being removed."""
        return self.private / "trash"

    @property
    def downloads(self) -> Path:
        """Files that were fetched from elsewhere."""
        return self.private / "downloads"


def open_home(names: Names, folder: Path | None) -> Home:
    """Find the home, which a variable of the environment names, and make sure that it can be written.

    Args:
        folder: the project's folder, which is the home where no variable names another; None without one.

    Raises:
        HomeError: there is none, it can't be written, no address can hold its path, or it is below
            the home of a user who has none.
        OSError: its disk is full.
    """
    variable = names.variable("HOME")
    named = os.environ.get(variable) or folder
    if named is None:
        raise HomeError(
            f"expected a home, got neither {variable} nor a project; set {variable} to a folder, or"
            f" {how_to_get_a_project(names)}"
        )
    try:
        root = Path(named).expanduser().absolute()
    except RuntimeError:
        raise HomeError(f"expected a folder in {variable}, got {named}: there is no such user") from None
    if wrong := [mark for mark in _NO_ADDRESS if mark in str(root)]:
        raise HomeError(
            f"expected a folder in {variable} whose path has no {wrong[0]}, which means something else in"
            f" addresses of what lies there, got {root}; choose or rename it"
        )
    try:
        os.fspath(root).encode()
    except UnicodeEncodeError:
        raise HomeError(
            f"expected a folder in {variable} whose path is text in UTF-8, got {str(root)!r}; rename it"
        ) from None
    home = Home(root, names)
    for path in home.folders:
        if os.path.islink(path) and not os.path.exists(path):  # noqa: PTH110, PTH114  (they raise nothing)
            raise HomeError(
                f"expected a folder at {path}, got a link to {path.readlink()}, where nothing is; mount its"
                " disk or put the folder back, or remove the link to begin without what was there"
            )
    writes_to(root, f"set {variable} to a folder on another disk")
    probe = home.private / f".writable-{os.getpid()}"
    try:
        home.private.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        if is_full(error):
            raise
        raise HomeError(
            f"expected a folder that can be written at {root}, got: {error.strerror};"
            f" set {variable} to another one"
        ) from None
    if others := [path for path in home.folders if path.exists() and not path.is_dir()]:
        raise HomeError(f"expected a folder at {others[0]}, got something else; move that away")
    return home
