"""Where a training can be resumed: folders that are there whole or not at all, and checked."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import sha256_of
from stagecraft.files.whole import inside, whole_folder

_MANIFEST = "manifest.json"
_KEPT = 2


class Checkpoints:
    """The checkpoints of one training, whatever its number of epochs is.

    Args:
        folder: where they are; None keeps none.
        run_id: the run that writes them.
        anew: start from none, whatever is there.
        is_sound: tells whether a state came from what the training is known by; else it is not kept.
    """

    def __init__(
        self,
        folder: Path | None,
        run_id: str,
        anew: bool = False,
        is_sound: Callable[[], bool] = lambda: True,
    ) -> None:
        self.folder, self.run_id, self.anew, self._is_sound = folder, run_id, anew, is_sound

    def furthest(self, limit: int) -> "Checkpoint | None":
        """Find the intact one that is furthest, but not beyond a number of epochs."""
        for checkpoint in [] if self.anew else reversed(list(self.all())):
            if checkpoint.epoch <= limit and checkpoint.is_intact():
                return checkpoint
        return None

    def save(self, epoch: int, write: Callable[[Path], object]) -> None:
        """Keep the state after an epoch, and let go of the oldest.

        Args:
            write: is given an empty folder.
        """
        if self.folder is None or not self._is_sound():
            return
        known = Checkpoint(self.folder / f"{epoch:08d}")
        if not known.is_intact():
            shutil.rmtree(known.folder, ignore_errors=True)
        with whole_folder(known.folder) as folder:
            write(folder)
            files = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
            manifest = {"run_id": self.run_id, "files": files}
            (folder / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        # A longer training of the same configuration has its own, further ones.
        for checkpoint in [known for known in self.all() if known.epoch <= epoch][:-_KEPT]:
            shutil.rmtree(checkpoint.folder, ignore_errors=True)

    def all(self) -> Iterator["Checkpoint"]:
        """List them in the order of their epochs."""
        if self.folder is not None and self.folder.is_dir():
            names = (path for path in self.folder.iterdir() if path.name.isdigit())
            yield from (Checkpoint(path) for path in sorted(names))


class Checkpoint:
    """The state of a training after an epoch: the files that its writer made."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.epoch = folder, int(folder.name)

    @property
    def run_id(self) -> str:
        """The run that wrote it."""
        return str(self._manifest().get("run_id", ""))

    def is_intact(self) -> bool:
        """Whether every file is what it was."""
        files = self._manifest().get("files", {})
        try:
            return bool(files) and all(
                sha256_of(inside(self.folder, name)) == sha for name, sha in files.items()
            )
        except (ArtifactError, OSError):
            return False

    def _manifest(self) -> dict[str, Any]:
        try:
            content = json.loads((self.folder / _MANIFEST).read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
