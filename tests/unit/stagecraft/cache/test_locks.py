"""Locks: one holder at a time, over threads and processes, and none that is dead."""

import asyncio
import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stagecraft.cache.locks import KeyLocks
from tests.patience import PATIENCE_S

_HOLDER = """
import sys
from pathlib import Path
from stagecraft.cache.locks import KeyLocks
locks = KeyLocks(Path(sys.argv[1]))
locks.acquire_lock(sys.argv[2], "of the child")
print("held", flush=True)
sys.stdin.read()
"""

_COUNTER = """
import sys
from pathlib import Path
from stagecraft.cache.locks import KeyLocks
locks, file = KeyLocks(Path(sys.argv[1])), Path(sys.argv[2])
for _ in range(50):
    locks.acquire_lock("count", "me")
    file.write_text(str(int(file.read_text()) + 1))
    locks.release_lock("count", "me")
"""


@pytest.fixture
def locks(tmp_path: Path) -> KeyLocks:
    return KeyLocks(tmp_path / "locks")


@pytest.fixture
def holding_child(locks: KeyLocks) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process that holds a key's lock until its input ends."""
    children = []

    def start(key: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", _HOLDER, str(locks.folder), key],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        assert child.stdout and child.stdout.readline() == "held\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


@contextmanager
def elsewhere(work: Callable[[], object]) -> Iterator[list[object]]:
    """Do something in another thread meanwhile; its result is there at the end."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    try:
        yield results
    finally:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_lock_is_its_holders_until_it_lets_go(locks: KeyLocks) -> None:
    assert not locks.is_locked("key") and not locks.is_lock_holder("key", "me")
    assert locks.acquire_lock("key", "me")
    assert locks.is_locked("key")
    assert locks.is_lock_holder("key", "me") and not locks.is_lock_holder("key", "you")
    locks.release_lock("key", "me")
    assert not locks.is_locked("key") and not locks.is_lock_holder("key", "me")


def test_other_keys_are_free(locks: KeyLocks) -> None:
    locks.acquire_lock("count/1-1", "me")
    assert locks.acquire_lock("count/1-2", "you", acquire_timeout=0)
    assert locks.acquire_lock("a key/with ‘any’ letters and " + "x" * 500, "you", acquire_timeout=0)


def test_the_same_holder_may_ask_again(locks: KeyLocks) -> None:
    assert all(locks.acquire_lock("key", "me", acquire_timeout=0) for _ in range(3))
    locks.release_lock("key", "me")
    assert not locks.is_locked("key")


def test_only_its_holder_can_let_go(locks: KeyLocks) -> None:
    for held in (False, True):
        with pytest.raises(ValueError, match="the lock of key is not held by you"):
            locks.release_lock("key", "you")
        assert locks.is_locked("key") is held
        locks.acquire_lock("key", "me")


def test_another_holder_waits_as_long_as_it_says(locks: KeyLocks) -> None:
    locks.acquire_lock("key", "me")
    start = time.monotonic()
    assert not locks.acquire_lock("key", "you", acquire_timeout=0)
    assert time.monotonic() - start < 1
    assert not locks.acquire_lock("key", "you", acquire_timeout=0.3)
    assert 0.3 <= time.monotonic() - start < 5
    assert locks.is_lock_holder("key", "me")


def test_another_thread_has_it_after_the_first_lets_go(locks: KeyLocks) -> None:
    locks.acquire_lock("key", "me")
    with elsewhere(lambda: locks.acquire_lock("key", "you")) as got:
        time.sleep(0.3)
        assert got == []
        locks.release_lock("key", "me")
    assert got == [True] and locks.is_lock_holder("key", "you")


def test_threads_exclude_each_other(locks: KeyLocks) -> None:
    inside, most = [0], [0]

    def work(number: int) -> None:
        for _ in range(10):
            locks.acquire_lock("key", str(number))
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.001)
            inside[0] -= 1
            locks.release_lock("key", str(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (inside, most) == ([0], [1])


def test_two_objects_on_a_folder_exclude_each_other_even_in_one_thread(locks: KeyLocks) -> None:
    other = KeyLocks(locks.folder)
    locks.acquire_lock("key", "me")
    assert not other.acquire_lock("key", "me", acquire_timeout=0)
    assert other.is_locked("key") and not other.is_lock_holder("key", "me")
    locks.release_lock("key", "me")
    assert other.acquire_lock("key", "me", acquire_timeout=0)


def test_processes_exclude_each_other(locks: KeyLocks, tmp_path: Path) -> None:
    file = tmp_path / "count"
    file.write_text("0")
    command = [sys.executable, "-c", _COUNTER, str(locks.folder), str(file)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    assert file.read_text() == "150"


def test_another_processs_lock_is_seen_and_waited_for(
    locks: KeyLocks, holding_child: Callable[[str], subprocess.Popen[str]]
) -> None:
    child = holding_child("key")
    assert locks.is_locked("key") and not locks.is_lock_holder("key", "of the child")
    assert not locks.acquire_lock("key", "me", acquire_timeout=0.1)
    assert not locks.wait_for_lock("key", timeout=0.1)
    with elsewhere(lambda: locks.wait_for_lock("key")) as waited:
        child.communicate("")
    assert waited == [True] and locks.acquire_lock("key", "me", acquire_timeout=0)


def test_a_killed_processs_lock_is_free_within_two_seconds(
    locks: KeyLocks, holding_child: Callable[[str], subprocess.Popen[str]]
) -> None:
    child = holding_child("key")
    with elsewhere(lambda: locks.acquire_lock("key", "me") and time.monotonic()) as got:
        time.sleep(0.2)
        child.send_signal(signal.SIGKILL)
        killed = time.monotonic()
    (taken,) = got
    assert isinstance(taken, float) and 0 <= taken - killed < 2


def test_a_lock_is_not_handed_on_to_the_processes_that_its_holder_starts(locks: KeyLocks) -> None:
    child = "import subprocess\nsubprocess.Popen(['sleep', '3600'], stdout=subprocess.DEVNULL)\nprint"
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER.replace("print", child), str(locks.folder), "key"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert holder.stdout and holder.stdout.readline() == b"held\n"
    holder.kill()
    holder.communicate()
    try:
        assert locks.acquire_lock("key", "me", acquire_timeout=2)
    finally:
        os.killpg(holder.pid, signal.SIGKILL)


def test_a_copy_is_the_same_and_a_pickle_locks_the_same_folder(locks: KeyLocks) -> None:
    assert copy.deepcopy(locks) is locks and copy.deepcopy({"lock_manager": locks})["lock_manager"] is locks
    locks.acquire_lock("key", "me")
    read = pickle.loads(pickle.dumps(locks))
    assert read.folder == locks.folder and read is not locks
    assert read.is_locked("key") and not read.is_lock_holder("key", "me")


def test_waiting_for_a_lock_says_whether_it_came_in_time(locks: KeyLocks) -> None:
    assert locks.wait_for_lock("key") and locks.wait_for_lock("key", timeout=0)
    locks.acquire_lock("key", "me")
    start = time.monotonic()
    assert not locks.wait_for_lock("key", timeout=0.2)
    assert 0.2 <= time.monotonic() - start < 5


def test_having_a_lock_for_a_while_ends_with_the_block_also_after_an_error(locks: KeyLocks) -> None:
    with locks.holding("key") as held:
        assert held and locks.is_locked("key")
        assert not locks.acquire_lock("key", "me", acquire_timeout=0)
        with locks.holding("key", timeout_s=0) as again:
            assert not again
        with locks.holding("other", timeout_s=0) as other:
            assert other
        assert locks.is_locked("key")
    assert not locks.is_locked("key")
    with pytest.raises(ZeroDivisionError), locks.holding("key"):
        raise ZeroDivisionError
    assert not locks.is_locked("key")


def test_the_async_methods_lock_without_stopping_the_loop(locks: KeyLocks) -> None:
    async def play() -> tuple[object, ...]:
        assert await locks.aacquire_lock("key", "me")
        assert await locks.aacquire_lock("key", "me", acquire_timeout=0)
        refused = await locks.aacquire_lock("key", "you", acquire_timeout=0.1)
        late = await locks.await_for_lock("key", timeout=0.1)
        waiting = asyncio.gather(locks.aacquire_lock("key", "you"), locks.await_for_lock("other"))
        await asyncio.sleep(0.2)  # the loop goes on while one waits
        assert locks.is_lock_holder("key", "me")
        locks.release_lock("key", "me")
        return refused, late, await asyncio.wait_for(waiting, 5), locks.is_lock_holder("key", "you")

    assert asyncio.run(play()) == (False, False, [True, True], True)


def test_lock_files_stay(locks: KeyLocks) -> None:
    for _ in range(2):
        with locks.holding("key"):
            assert len(list(locks.folder.iterdir())) == 1
    assert len(list(locks.folder.iterdir())) == 1
