"""Disks that fill at another byte each: one line says which, and with room the next run is as any."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.soak.project import TINY, Project

OPTIONS = ["--until", "ngrams", "--set", *TINY]
SIZE = 24 << 20
# MLflow's tables, artifacts and records meet their end in the first ones, with Prefect's server elsewhere;
# Prefect's tables and its log of changes in the others.
ELSEWHERE = range(0, 2_400_000, 100_000)
HERE = (4_000_000, 7_900_000, 8_400_000, 8_800_000, 9_200_000, 9_600_000)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    root = tmp_path / "disk"
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(root)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk is a tmpfs, which only root can mount")
    yield root
    subprocess.run(["umount", "--lazy", str(root)], check=True)


@pytest.fixture(scope="module")
def tally(tell: Callable[[str], None]) -> Iterator[list[str]]:
    """Collect what was said at which byte; print it at the end."""
    lines: list[str] = []
    yield lines
    tell("\n".join(["disks that were full:", *lines, f"{len(lines)} in all"]))


def check(disk: Path, free: int, server: str = "") -> str:
    """Run on a disk with so many bytes left, then with room; return how the first run ended."""
    project = Project(disk / "home", server)
    project.out, project.err = (disk.with_name(name) for name in ("out", "err"))  # on another disk
    filler = disk / "filler"
    filler.write_bytes(bytes(SIZE - free))
    try:
        status = project.start("run", *OPTIONS).wait()
        said = project.err.read_text() + project.out.read_text()
        assert "Traceback" not in said
        if status:
            assert status == 1 and f"the disk of {disk}" in said, said
        filler.unlink()
        assert set(project.run(*OPTIONS).values()) <= {"completed", "cached"}
        assert project.half_written() == []
        assert project.call("doctor") == {"findings": []}
    finally:
        project.stop_processes()
    return f"{free:>9,} bytes: {status}"


@pytest.mark.soak
def test_a_home_whose_disk_is_full_from_the_start_needs_only_room(disk: Path, tally: list[str]) -> None:
    tally.append(check(disk, 0))


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("free", ELSEWHERE)
def test_a_disk_that_fills_at_any_byte_is_told_and_needs_only_room(
    disk: Path, free: int, prefect_server: str, tally: list[str]
) -> None:
    tally.append(check(disk, free, prefect_server))


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("free", HERE)
def test_likewise_where_prefects_records_lie_there_too(disk: Path, free: int, tally: list[str]) -> None:
    tally.append(check(disk, free))
