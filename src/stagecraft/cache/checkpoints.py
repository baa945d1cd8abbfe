"""Where a training can be resumed: folders that are there whole or not at all, and checked.

All of this file is part of the key of every training: an error in it could resume one wrongly.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import Field

from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import Frozen, sha256_of
from stagecraft.files.regular import read_regular
from stagecraft.files.sealed import fields, seal
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

    def resume(
        self, limit: int, load: Callable[[Path], object], passed_over: Callable[[int], object]
    ) -> "Checkpoint | None":
        """Load the furthest one, if there is one, and return it.

        Args:
            limit: see `furthest`.
            load: is given its folder.
            passed_over: see `furthest`.
        """
        found = self.furthest(limit, passed_over)
        if found:
            load(found.folder)
        return found

    def furthest(
        self, limit: int, passed_over: Callable[[int], object] = lambda _epoch: None
    ) -> "Checkpoint | None":
        """Find the intact one that is furthest, but not beyond a number of epochs.

        Args:
            passed_over: is told the epochs of those that are further and damaged.
        """
        for checkpoint in [] if self.anew else reversed(list(self.all())):
            if checkpoint.epoch <= limit:
                if checkpoint.is_intact():
                    return checkpoint
                passed_over(checkpoint.epoch)
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
            (folder / _MANIFEST).write_bytes(seal(json.dumps(manifest).encode()))
        # A longer training of the same configuration has its own, further ones.
        for checkpoint in [known for known in self.all() if known.epoch <= epoch][:-_KEPT]:
            shutil.rmtree(checkpoint.folder, ignore_errors=True)

    def all(self) -> Iterator["Checkpoint"]:
        """List them in the order of their epochs."""
        if self.folder is not None and self.folder.is_dir():
            names = (path for path in self.folder.iterdir() if path.name.isdecimal())
            yield from (Checkpoint(path) for path in sorted(names))


class Checkpoint:
    """The state of a training after an epoch: the files that its writer made."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.epoch = folder, int(folder.name)

    @property
    def run_id(self) -> str:
        """The run that wrote it."""
        return self._manifest().run_id

    def is_intact(self) -> bool:
        """Whether every file is what it was."""
        files = self._manifest().files
        try:
            return bool(files) and all(
                sha256_of(inside(self.folder, name)) == sha for name, sha in files.items()
            )
        except (ArtifactError, OSError, ValueError):
            return False

    def _manifest(self) -> "_Manifest":
        try:
            return _Manifest.model_validate(
                fields(read_regular(self.folder / _MANIFEST), *_Manifest.model_fields)
            )
        except (OSError, ValueError):
            return _Manifest()


class _Manifest(Frozen):
    """What describes a checkpoint; the SHA-256 of its files by their names."""

    run_id: str = ""
    files: dict[str, str] = Field(default_factory=dict)
