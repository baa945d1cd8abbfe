"""The records of results beside the runs in MLflow, for machines that share a server but no disk."""

from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow.entities import RunTag

from stagecraft.mlflow.store import Tracker

_FILE = "result.json"


class SharedRecords:
    """The records of a store whose artifacts lie on a server; another one holds none."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._is_shared = tracker.artifact_folder() is None

    def share(self, key: str, run_id: str, record: Path) -> None:
        """Put the record of a result beside the run that computed it.

        Raises:
            TrackingError: the store can't be reached.
        """
        if not self._is_shared:
            return
        with TemporaryDirectory() as folder, self._tracker.reaching():
            copy = Path(folder) / _FILE
            copy.write_bytes(record.read_bytes())
            self._tracker.client.log_artifact(run_id, str(copy))
            # The tag comes last: who finds it finds the record.
            self._tracker.client.log_batch(run_id, tags=[RunTag(self._tracker.tags.key, key)])

    def find(self, start: str) -> bytes | None:
        """Look up the latest record whose key starts like this.

        Raises:
            TrackingError: the store can't be reached.
        """
        if not self._is_shared:
            return None
        stage = start.partition("/")[0]
        tags = self._tracker.tags
        wanted = f"tags.`{tags.stage}` = '{stage}' and tags.`{tags.key}` LIKE '{start}%'"
        for run in self._tracker.search(wanted, most=1):
            uri = f"{run.info.artifact_uri}/{_FILE}"
            with TemporaryDirectory() as folder, self._tracker.reaching():
                copy = mlflow.artifacts.download_artifacts(
                    uri, dst_path=folder, tracking_uri=self._tracker.uri
                )
                return Path(copy).read_bytes()
        return None
