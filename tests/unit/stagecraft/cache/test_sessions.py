"""Runs in progress: alive as long as their process is, whatever it dies of."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from seqstep_cli import NAMES
from stagecraft.cache import sessions
from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.sessions import (
    Session,
    crashed_flow_runs,
    dead,
    forget_dead,
    give_up_all,
    home_id,
    is_copied,
    keys_in_use,
    living,
    note_crashed,
    owner_variable,
    session,
)
from stagecraft.files.home import Home
from tests.flips import flip
from tests.patience import PATIENCE_S, goes_on

_RUN = """
import os, subprocess, sys
from pathlib import Path
from stagecraft.files.home import Home
from seqstep_cli import NAMES
from stagecraft.cache.sessions import Session
session = Session(Home(Path(sys.argv[1]), NAMES))
session.use("count/1-1")
owned = {**os.environ, "SEQSTEP_OWNER": session.name}
child = subprocess.Popen(["sleep", "3600"], stdout=subprocess.DEVNULL, start_new_session=True, env=owned)
print(session.name, child.pid, flush=True)
sys.stdin.read()
session.close()
"""


class Run(NamedTuple):
    """A process with a session, and the child that it owns."""

    process: "subprocess.Popen[str]"
    name: str
    child: psutil.Process

    def die(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home", NAMES)
    home.private.mkdir(parents=True)
    return home


@pytest.fixture
def start(home: Home) -> Iterator[Callable[[], Run]]:
    """Start a run in a process of its own."""
    started: list[Run] = []

    def run() -> Run:
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(home.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        name, pid = process.stdout.readline().split()
        started.append(Run(process, name, psutil.Process(int(pid))))
        return started[-1]

    yield run
    for one in started:
        one.process.kill()
        one.process.communicate()
        if one.child.is_running():
            one.child.kill()


def ends(process: psutil.Process) -> bool:
    """Wait for a process that is not this one's child."""
    _, alive = psutil.wait_procs([process], timeout=5)
    return not any(map(goes_on, alive))


def test_a_home_without_runs_has_none(home: Home) -> None:
    assert (living(home), dead(home), keys_in_use(home)) == (set(), set(), set())


def test_a_run_is_alive_until_it_ends_and_leaves_nothing(home: Home) -> None:
    with session(home) as one:
        assert (living(home), dead(home)) == ({one.name}, set())
        with session(home) as other:
            assert living(home) == {one.name, other.name} and one.name != other.name
        assert living(home) == {one.name}
    assert living(home) == set() == set(home.live.iterdir())


def test_a_run_that_fails_ends_too(home: Home) -> None:
    with pytest.raises(ZeroDivisionError), session(home):
        raise ZeroDivisionError
    assert (living(home), dead(home)) == (set(), set())


def test_a_runs_name_tells_its_home_from_others(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other", NAMES)
    with session(home) as one:
        assert one.name.startswith(f"{home_id(home)}-")
    assert home_id(home) != home_id(other) and home_id(home) == home_id(Home(home.root, NAMES))
    assert len(home_id(home)) == 8


def test_the_keys_in_use_are_those_of_all_runs_in_progress(home: Home) -> None:
    with session(home) as one:
        one.use("count/1-1")
        with session(home) as other:
            other.use("count/1-1")
            other.use("page/2-2")
            assert keys_in_use(home) == {"count/1-1", "page/2-2"}
        assert keys_in_use(home) == {"count/1-1"}
    assert keys_in_use(home) == set()


def test_a_run_that_ends_while_it_is_looked_at_counts_on_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = Session(home, "pipeline quick"), Session(home, "pipeline notes")
    is_alive = sessions._is_alive

    def end_then(path: Path) -> bool:
        found = is_alive(path)
        if path.name == one.name:
            one.close()
        return found

    monkeypatch.setattr(sessions, "_is_alive", end_then)
    assert keys_in_use(home) == {"run pipeline notes"}
    other.close()


def test_threads_of_a_run_name_their_keys_at_the_same_time(home: Home) -> None:
    with session(home) as one:
        names = [[f"stage/{thread}-{number}" for number in range(50)] for thread in range(4)]
        threads = [threading.Thread(target=lambda keys=keys: [*map(one.use, keys)]) for keys in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        assert keys_in_use(home) == {key for keys in names for key in keys}


def test_another_processs_run_is_alive_and_its_keys_are_in_use(home: Home, start: Callable[[], Run]) -> None:
    run = start()
    assert (living(home), dead(home)) == ({run.name}, set())
    assert "count/1-1" in keys_in_use(home)
    run.process.communicate("")
    assert (living(home), dead(home), keys_in_use(home)) == (set(), set(), set())


def test_a_killed_processs_run_is_dead_and_the_others_live_on(home: Home, start: Callable[[], Run]) -> None:
    one, other = start(), start()
    with session(home) as mine:
        one.die()
        assert (living(home), dead(home)) == ({other.name, mine.name}, {one.name})
        other.die()
        assert (living(home), dead(home)) == ({mine.name}, {one.name, other.name})
        assert keys_in_use(home) == set()


def test_to_forget_a_dead_run_stops_the_children_that_it_left(home: Home, start: Callable[[], Run]) -> None:
    one, other = start(), start()
    one.die()
    assert goes_on(one.child)  # it was orphaned
    forget_dead(home, one.name)
    assert ends(one.child) and goes_on(other.child)
    assert (living(home), dead(home)) == ({other.name}, set())
    forget_dead(home, one.name)  # somebody else may do it at the same time


def test_a_run_is_never_seen_before_it_is_alive(home: Home) -> None:
    seen, stop = set(), threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.update(dead(home) & {path.name for path in home.live.glob("*")})

    thread = threading.Thread(target=look)
    thread.start()
    started = [Session(home) for _ in range(50)]
    stop.set()
    thread.join(PATIENCE_S)
    assert seen == set() and living(home) == {one.name for one in started}
    for one in started:
        one.close()


def test_a_session_is_not_handed_on_to_the_processes_that_its_run_starts(home: Home) -> None:
    with session(home) as one:
        child = subprocess.Popen(["sleep", "3600"])
        try:
            one._file.close()  # as if its process had died
            assert dead(home) == {one.name}
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()


def test_what_is_half_written_is_removed_only_when_no_other_run_lasts(home: Home) -> None:
    with session(home):
        writing = home.results / "train" / "1-1.part"
        writing.parent.mkdir(parents=True)
        writing.touch()
        with session(home):
            assert writing.exists()
    with session(home):
        assert not writing.exists()


def test_what_is_damaged_in_the_file_of_a_run_names_nothing_and_stops_nobody(home: Home) -> None:
    with session(home) as mine:
        mine.use("count/1-1")
        path = home.live / mine.name
        flip(path, 7)  # which leaves no UTF-8
        assert "count/1-1" not in keys_in_use(home) and living(home) == {mine.name}


def test_a_flow_run_is_an_id_and_leads_to_no_other_file(home: Home, tmp_path: Path) -> None:
    known = "0f8fad5b-d9cb-469f-a165-70867728950e"
    words = [known, str(tmp_path / "evil"), "../../evil", "a\0b", "x" * 400, "3f2a-bad", f"{known}/x", ""]
    home.live.mkdir(parents=True, exist_ok=True)
    (home.live / f"{home_id(home)}-1").write_text("".join(f"flow_run {word}\n" for word in words))
    home.crashed.mkdir()
    (home.crashed / ".DS_Store").touch()
    assert note_crashed(home) and [path.name for path in crashed_flow_runs(home)] == [known]
    assert not list(tmp_path.rglob("evil"))


def test_a_copy_of_a_home_lets_the_runs_of_its_original_go_on(home: Home, tmp_path: Path) -> None:
    with session(home) as one:
        variable = {owner_variable(home): one.name}
        sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
        with subprocess.Popen(sleep, env={**os.environ, **variable}) as process:
            shutil.copytree(home.root, tmp_path / "copy")
            copy = Home(tmp_path / "copy", NAMES)
            assert dead(copy) == {one.name} and is_copied(copy, one.name)
            assert not is_copied(home, one.name)
            forget_dead(copy, one.name)
            assert living(copy) == dead(copy) == set() and process.poll() is None
            process.kill()


def test_a_run_of_a_home_that_was_renamed_since_is_its_own(home: Home, tmp_path: Path) -> None:
    ended = Session(home)
    ended.abandon("the server was gone")
    ended.close()
    home.root.rename(tmp_path / "renamed")
    renamed = Home(tmp_path / "renamed", NAMES)
    (name,) = (path.name for path in renamed.live.iterdir())
    assert not is_copied(renamed, name)


def test_a_run_that_is_given_up_counts_as_dead_though_its_process_goes_on(home: Home) -> None:
    with session(home) as started:
        started.is_flow_run("0f8fad5b-d9cb-469f-a165-70867728950e")
        assert not note_crashed(home)
        assert give_up_all()
        assert dead(home) == {started.name}
        assert note_crashed(home) and [path.name for path in home.crashed.iterdir()] == [
            "0f8fad5b-d9cb-469f-a165-70867728950e"
        ]
    assert not give_up_all()
    assert dead(home) == {started.name}


def test_a_key_that_is_no_text_is_kept_and_what_is_called_so_is_no_run(home: Home) -> None:
    odd = os.fsdecode(b"tokenize/\xff")
    with session(home) as own:
        own.use(odd)
        assert odd in keys_in_use(home)
        (home.live / os.fsdecode(b"\xff")).touch()
        assert living(home) == {own.name} and dead(home) == set()
    with KeyLocks(home.locks).holding(odd) as could:
        assert could
