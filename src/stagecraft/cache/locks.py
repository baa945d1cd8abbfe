"""Locks that no dead process holds: one file a key, locked by the kernel.

Fits Prefect's protocol `LockManager`. Files are never removed: a lock on a removed file is none.
"""

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

_POLL_S = 0.05


class KeyLocks:
    """One computation for one key, across threads and processes of a machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, tuple[str, FileLock]] = {}
        self._changing = threading.Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> "KeyLocks":
        # Prefect copies policies; a copied lock would be another one.
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.folder,)

    def acquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """Take a key's lock; wait for it so many seconds, or for ever."""
        if self.is_lock_holder(key, holder):
            return True
        lock = self._lock(key)
        try:
            lock.acquire(timeout=-1 if acquire_timeout is None else acquire_timeout, poll_interval=_POLL_S)
        except Timeout:
            return False
        with self._changing:
            self._held[key] = (holder, lock)
        return True

    async def aacquire_lock(
        self, key: str, holder: str, acquire_timeout: float | None = None, hold_timeout: float | None = None
    ) -> bool:
        """Take a key's lock without blocking the event loop."""
        end = _end(acquire_timeout)
        while not self.acquire_lock(key, holder, acquire_timeout=0, hold_timeout=hold_timeout):
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(_POLL_S)
        return True

    def release_lock(self, key: str, holder: str) -> None:
        """Let go of a key's lock.

        Raises:
            ValueError: it is not held by this holder.
        """
        with self._changing:
            if self._held.get(key, ("",))[0] != holder:
                raise ValueError(f"the lock of {key} is not held by {holder}")
            self._held.pop(key)[1].release()

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Tell whether a holder has a key's lock."""
        with self._changing:
            return self._held.get(key, ("",))[0] == holder

    def is_locked(self, key: str) -> bool:
        """Tell whether anybody has a key's lock."""
        with self._changing:
            if key in self._held:
                return True
        lock = self._lock(key)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until nobody has a key's lock; tell whether that came in time."""
        end = _end(timeout)
        while self.is_locked(key):
            if time.monotonic() >= end:
                return False
            time.sleep(_POLL_S)
        return True

    async def await_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until nobody has a key's lock, without blocking the event loop."""
        end = _end(timeout)
        while self.is_locked(key):
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(_POLL_S)
        return True

    @contextmanager
    def holding(self, key: str, timeout_s: float | None = None) -> Iterator[bool]:
        """Have a key's lock for a while; yields whether it could be had in time."""
        lock = self._lock(key)
        try:
            lock.acquire(timeout=-1 if timeout_s is None else timeout_s, poll_interval=_POLL_S)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _lock(self, key: str) -> FileLock:
        """Open a key's lock anew: only another open file excludes another thread too."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(os.fsencode(key)).hexdigest()[:32]
        return FileLock(self.folder / f"{name}.lock", thread_local=False, is_singleton=False)


def _end(timeout: float | None) -> float:
    return float("inf") if timeout is None else time.monotonic() + timeout
