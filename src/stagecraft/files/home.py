"""The project home: the one folder that holds all that runs write."""

import os
from dataclasses import dataclass
from pathlib import Path

from stagecraft.errors import HomeError
from stagecraft.names import Names, how_to_get_a_project


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
    def digests(self) -> Path:
        """Digests of big files that were computed before."""
        return self.private / "digests"

    @property
    def damaged(self) -> Path:
        """Artifacts that were no longer what their address says."""
        return self.private / "damaged"

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
        HomeError: there is none, it can't be written, or it is below the home of a user who has none.
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
    home = Home(root, names)
    probe = home.private / f".writable-{os.getpid()}"
    try:
        home.private.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise HomeError(
            f"expected a folder that can be written at {root}, got: {error.strerror};"
            f" set {variable} to another one"
        ) from None
    return home
