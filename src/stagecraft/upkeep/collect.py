"""Frees space, but nothing that a run in progress, an alias or a pinned run reaches.

Killed anywhere, it leaves nothing behind that refers to what is gone: a result goes before its run's files,
and what refers to a run goes before that run.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.results import Results
from stagecraft.cache.sessions import keys_in_use
from stagecraft.files.artifact import Frozen
from stagecraft.files.removal import discard, remove_empty
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.store import Tracker
from stagecraft.upkeep.choice import Choice, Step
from stagecraft.upkeep.pieces import Piece
from stagecraft.upkeep.references import References, protection
from stagecraft.upkeep.survey import Survey, read_entries, survey


class Freed(Frozen):
    """Something that was freed, or would be."""

    what: str
    kind: str
    bytes: int
    why: str


class Collection(Frozen):
    """What was freed, or would be, and the bytes that stay of all that is counted."""

    freed: tuple[Freed, ...]
    freed_bytes: int
    kept_bytes: int


@dataclass(frozen=True)
class Limits:
    """What is to go besides what nobody needs.

    Attributes:
        max_bytes: as much may stay.
        unused_since: what was not used since that time goes, in seconds since 1970.
    """

    max_bytes: int | None = None
    unused_since: float | None = None


def collect(tracker: Tracker, limits: Limits, dry_run: bool = False) -> Collection:
    """Free space.

    Args:
        dry_run: only say what would go.
    """
    world = survey(tracker, Results(tracker.home, tracker.fetch))
    choice = Choice(world)
    choice.free_garbage()
    if limits.unused_since is not None:
        choice.free_unused_since(limits.unused_since)
    if limits.max_bytes is not None:
        choice.free_down_to(limits.max_bytes)
    choice.finish()
    steps = choice.steps if dry_run else list(_Collector(tracker, world).free(choice.steps))
    freed = tuple(Freed(what=s.what, kind=s.kind, bytes=s.bytes, why=s.why) for s in steps if s.is_shown)
    total = sum(item.bytes for item in freed)
    return Collection(freed=freed, freed_bytes=total, kept_bytes=max(0, world.total - total))


class _Collector:
    """Frees step by step, and looks again before each whether it is still right."""

    def __init__(self, tracker: Tracker, world: Survey) -> None:
        self.tracker, self.home, self.world = tracker, tracker.home, world
        self.results, self.inventory = Results(tracker.home, tracker.fetch), Inventory(tracker)
        self._locks = KeyLocks(tracker.home.locks)
        self._seen, self._base = world.references.seen, world.base(world.references)
        self._known = {entry.key: entry.used_at for entry in world.entries.values()}
        # What is named by results that came or were used meanwhile, or that could not go.
        self._named: set[str] = set()

    def free(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Take steps; yield those that could be taken, with what they really freed."""
        for step in steps:
            if step.kind == "checkpoints":
                done = self._free_checkpoints(step.key)
            elif step.kind == "result":
                done = self._forget(step)
            else:
                done = True
            if not done:
                self._named |= step.reached
            elif step.piece is None or self._free(step.piece):
                yield step
            elif step.kind == "result":
                yield replace(step, bytes=0)

    def _free_checkpoints(self, key: str) -> bool:
        with self._locks.holding(key, 0) as held:
            if not held or key in keys_in_use(self.home):
                return False
            discard(self.home, self.home.checkpoints / key)
        return True

    def _forget(self, step: Step) -> bool:
        """Remove a result's record, if it is still the one that was chosen."""
        if step.piece and self._is_needed(step.piece):
            return False
        with self._locks.holding(step.key, 0) as held:
            # Whoever counts on a result says so before they wait for its lock.
            if not held or step.key in keys_in_use(self.home) or not self._is_unchanged(step.key):
                return False
            self.results.path(step.key).unlink()
        return True

    def _is_unchanged(self, key: str) -> bool:
        """Tell whether a result was neither replaced nor used meanwhile, nor freed by somebody else."""
        with suppress(FileNotFoundError):
            return self.results.path(key).stat().st_mtime == self.world.entries[key].used_at
        return False

    def _free(self, piece: Piece) -> bool:
        """Make MLflow forget what refers to a run's files, and then remove them."""
        if self._is_needed(piece):
            return False
        for version in piece.versions:
            self.inventory.forget_version(version)
        for model in piece.models:
            self.inventory.forget_model(model)
        if piece.kind == "run":
            self.inventory.mark_freed(piece.name)
        for path in piece.paths:
            if self._is_needed(piece):
                return False
            discard(self.home, path)
            remove_empty(path.parent, self.home.downloads)
        return True

    def _is_needed(self, piece: Piece) -> bool:
        """Look again whether something must be kept: for a user, for a run in progress, or for a result."""
        now = protection(self.tracker)
        if now != self._seen:
            self._seen, self._base = now, self.world.base(References(self.tracker))
        references = self.world.references
        for entry in read_entries(self.results, references, self._known):
            self._known[entry.key] = entry.used_at
            self._named |= references.reach(entry.names)
        return piece.name in self._base or piece.name in self._named
