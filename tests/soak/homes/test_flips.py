"""One bit of any file of a home flips: the next run has the right figures, and nothing whole is lost."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stagecraft.files.home import Home
from tests.flips import flip
from tests.shared import copy_home
from tests.trained import TINY, Trained

pytestmark = pytest.mark.soak

FLIPS = 60
RUN = ["run", "--set", *TINY]
# What only a process that is alive looks at.
_IDLE = (".lock", "-shm", "-wal")


def kind_of(home: Home, path: Path) -> str:
    """Tell what kind of file it is: that of its folder, and of artifacts that of its name."""
    first, *rest = path.relative_to(home.root).parts
    if first == "mlartifacts":
        return f"models/{path.name}" if rest[0] == "models" else f"mlartifacts/{path.name}"
    return "/".join((first, *rest[:1])) if rest[:1] and rest[0] != path.name else str(path.name)


def kinds(home: Home) -> dict[str, list[Path]]:
    """List the files of a home by their kind."""
    found: dict[str, list[Path]] = {}
    for path in sorted(home.root.rglob("*")):
        if path.is_file() and path.stat().st_size and not path.name.endswith(_IDLE):
            found.setdefault(kind_of(home, path), []).append(path)
    return found


def figures(seqstep: Callable[..., Any]) -> dict[str, Any]:
    """Read what the stages of the latest run measured."""
    stages = json.loads(seqstep("show", "--json").out)["stages"]
    return {stage["name"]: stage["metrics"] for stage in stages}


@pytest.mark.parametrize("number", range(FLIPS))
def test_a_flipped_bit_changes_no_figure_and_loses_nothing(
    number: int, pipeline_run: Trained, tmp_path: Path, seqstep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copy_home(pipeline_run.home, tmp_path / "home")
    monkeypatch.setenv("SEQSTEP_HOME", str(home.root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    seqstep(*RUN).ends(0)
    expected, drawn = figures(seqstep), random.Random(number)
    known = kinds(home)
    path = drawn.choice(known[sorted(known)[number % len(known)]])
    place = drawn.randrange(path.stat().st_size * 8)
    before = {each for files in known.values() for each in files}
    flip(path, place)
    told = f"bit {place} of {path.relative_to(home.root)}"
    done = seqstep(*RUN)
    if done.status == 2 and "--new-database" in done.err:
        seqstep("doctor", "--fix", "--new-database")
        done = seqstep(*RUN)
    assert done.status == 0, f"{told}: {done.err}"
    assert figures(seqstep) == expected, told
    seqstep("doctor", "--fix")
    assert seqstep("doctor").out.startswith("nothing found"), told
    gone = {each for each in before if not each.exists()} - {path}
    aside = {part.name for part in home.root.rglob("*") if "set-aside" in str(part) or "damaged" in str(part)}
    assert [each for each in gone if each.name not in aside and home.artifacts in each.parents] == [], told
