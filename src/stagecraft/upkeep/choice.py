"""What goes, in which order, and why: decided on plain values."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from stagecraft.upkeep.pieces import Piece
from stagecraft.upkeep.survey import Survey


@dataclass(frozen=True)
class Step:
    """One thing that goes.

    Attributes:
        key: of the result or of the checkpoints that go.
        piece: the files that go.
        reached: what the result keeps from going, as long as it is there.
    """

    kind: str
    what: str
    bytes: int
    why: str
    key: str = ""
    piece: Piece | None = None
    reached: frozenset[str] = frozenset()

    @property
    def is_shown(self) -> bool:
        """Whether it frees anything that the user would miss."""
        return self.kind == "result" or self.piece is None or bool(self.piece.paths)


class Choice:
    """Chooses what goes; what refers to something goes before it.

    Attributes:
        steps: what was chosen so far.
        left: bytes that would stay.
    """

    def __init__(self, world: Survey) -> None:
        self.world, self.left = world, world.total
        self.steps: list[Step] = []
        self._base = world.base(world.references)
        self._entries = dict(world.entries)
        self._checkpoints = dict(world.checkpoints)
        self._pieces = dict(world.pieces)
        self._reached = {
            key: frozenset(world.references.reach(entry.names)) for key, entry in self._entries.items()
        }
        self._needed = Counter(name for names in self._reached.values() for name in names)

    def free_garbage(self) -> None:
        """Choose what nobody needs."""
        for piece in self.world.spare:
            if piece.name not in self._base:
                self._add(_step(piece, "nobody needs it"))
        self._free(list(self._pieces), "no result names it")

    def free_unused_since(self, time_s: float) -> None:
        """Choose the results and checkpoints that were not used since a time, in seconds since 1970."""
        while (key := self._least_used()) and self._used_at(key) < time_s:
            self._evict(key, f"not used since {_date(self._used_at(key))}")

    def free_down_to(self, limit: int) -> None:
        """Choose the results and checkpoints that were not used for longest, until little enough stays."""
        while self.left > limit and (key := self._least_used()):
            self._evict(key, f"least recently used, on {_date(self._used_at(key))}")

    def finish(self) -> None:
        """Choose the runs without files whose inputs go: they are to forget them, before all else."""
        gone = {step.piece.name for step in self.steps if step.piece}
        bare = [piece for piece in self._pieces.values() if not piece.paths and self._is_free(piece.name)]
        given = self.world.references.given
        self.steps[:0] = [_step(piece, "its inputs go") for piece in bare if given(piece.name) & gone]

    def _least_used(self) -> str:
        """Name what can go and was not used for longest; nothing if all must stay."""
        keys = [*filter(self._is_evictable, self._entries), *self._checkpoints]
        idle = [key for key in keys if key not in self.world.references.in_use]
        return min(idle, key=lambda key: (self._used_at(key), key), default="")

    def _used_at(self, key: str) -> float:
        return self._entries[key].used_at if key in self._entries else self._checkpoints[key][1]

    def _is_evictable(self, key: str) -> bool:
        """Tell whether nothing but a result itself needs the run that computed it."""
        own = self._own(key)
        return own not in self._base and self._needed[own] == 1

    def _own(self, key: str) -> str:
        return self.world.references.group(self._entries[key].run_id)

    def _evict(self, key: str, why: str) -> None:
        """Choose a result or a folder of checkpoints, and what only that needs."""
        if key in self._checkpoints:
            self._add(Step("checkpoints", key, self._checkpoints.pop(key)[0], why, key=key))
            return
        piece, reached = self._pieces.pop(self._own(key), None), self._reached.pop(key)
        self._add(Step("result", key, piece.bytes if piece else 0, why, key, piece, reached))
        self._needed.subtract(reached)
        del self._entries[key]
        self._free(reached, "only a result that goes named it")

    def _free(self, names: Iterable[str], why: str) -> None:
        """Choose those that nobody needs and that have files, the newest first: it may refer to others."""
        found = [self._pieces[name] for name in names if name in self._pieces and self._is_free(name)]
        for piece in sorted(found, key=lambda piece: (-piece.age, piece.name)):
            if piece.paths:
                self._add(_step(self._pieces.pop(piece.name), why))

    def _is_free(self, name: str) -> bool:
        return name not in self._base and not self._needed[name]

    def _add(self, step: Step) -> None:
        self.steps.append(step)
        self.left -= step.bytes


def _step(piece: Piece, why: str) -> Step:
    return Step(piece.kind, piece.what, piece.bytes, why, piece=piece)


def _date(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
