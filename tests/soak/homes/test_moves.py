"""Homes that are moved and copied go on, and leave what belongs to others alone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stagecraft.files.home import Home
from tests.shared import copy_home
from tests.trained import TINY, Trained

pytestmark = pytest.mark.soak

RUN = ["run", "--json", "--set", *TINY]


def renamed(home: Path, place: Path) -> Path:
    return home.rename(place / "renamed")


def moved_below_itself(home: Path, place: Path) -> Path:
    home.rename(place / "for-a-moment")
    (place / home.name).mkdir()
    return (place / "for-a-moment").rename(place / home.name / "below")


def moved_up(home: Path, place: Path) -> Path:
    (place / "deep" / "er").mkdir(parents=True)
    deep = home.rename(place / "deep" / "er" / "home")
    return deep.rename(place / "up")


def with_odd_letters(home: Path, place: Path) -> Path:
    return home.rename(place / "ä %41 'b' #1?x=y")


def to_and_fro(home: Path, place: Path) -> Path:
    return home.rename(place / "there").rename(home)


def copied(home: Path, place: Path) -> Path:
    return Path(shutil.copytree(home, place / "copy"))


def copied_and_the_original_gone(home: Path, place: Path) -> Path:
    copy = copied(home, place)
    shutil.rmtree(home)
    return copy


def a_copy_of_a_copy(home: Path, place: Path) -> Path:
    return Path(shutil.copytree(copied(home, place), place / "second"))


def behind_a_link(home: Path, place: Path) -> Path:
    home.rename(place / "behind")
    (place / "link").symlink_to(place / "behind")
    return place / "link"


def by_backup(home: Path, place: Path) -> Path:
    return place / "restored"


@pytest.mark.parametrize(
    "move",
    [
        *(renamed, moved_below_itself, moved_up, with_odd_letters, to_and_fro),
        *(copied, copied_and_the_original_gone, a_copy_of_a_copy, behind_a_link, by_backup),
    ],
)
def test_a_home_goes_on_wherever_it_is(
    move: Callable[[Path, Path], Path],
    pipeline_run: Trained,
    tmp_path: Path,
    seqstep: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work_in(root: Path) -> None:
        monkeypatch.setenv("SEQSTEP_HOME", str(root))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "")

    home = copy_home(pipeline_run.home, tmp_path / "home").root
    work_in(home)
    seqstep(*RUN).ends(0)
    seqstep("promote", "rnn").ends(0)
    said = seqstep("generate", "--prefix", "time", "--length", "5").out
    seqstep("backup", str(tmp_path / "backup.tar")).ends(0)
    root = move(home, tmp_path)
    work_in(root)
    if move is by_backup:
        seqstep("restore", str(tmp_path / "backup.tar")).ends(0)
    plan = json.loads(seqstep("plan", "--json", "--set", *TINY).out)
    assert {stage["state"] for stage in plan["stages"]} == {"cached"}
    document = json.loads(seqstep(*RUN).out)
    assert {stage["state"] for stage in document["stages"]} == {"cached"}
    assert seqstep("generate", "--prefix", "time", "--length", "5").out == said
    seqstep("doctor").ends(0, "nothing found")
    seqstep(*RUN, "--force", "vocab").ends(0)
    new = Home(root, pipeline_run.home.names)
    since = (tmp_path / "backup.tar").stat().st_mtime
    assert [path for path in new.artifacts.glob("*") if path.stat().st_mtime > since]
    if home.exists() and home != root and home not in root.parents:  # the original, or where it was
        work_in(home)
        seqstep("doctor").ends(0, "nothing found")
