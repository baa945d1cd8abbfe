"""A copy of a home leaves alone the servers of its original."""

import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.announcement import addresses, announcing

_SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.mark.parametrize("is_copy", [True, False])
def test_servers_that_are_left_are_stopped_by_their_own_home_alone(
    home: Home, tmp_path: Path, is_copy: bool
) -> None:
    with subprocess.Popen(_SLEEP, start_new_session=True) as process:
        with announcing(home) as announce:
            announce({"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}, {"mlflow": psutil.Process(process.pid)})
            shutil.copytree(home.root, tmp_path / "copy")
        other = Home(tmp_path / "copy", NAMES)
        if not is_copy:  # it was killed, and its folder renamed
            shutil.copy(other.private / "servers.json", home.private)
            home.root.rename(tmp_path / "renamed")
            other = Home(tmp_path / "renamed", NAMES)
        assert addresses(other) == {}
        with announcing(other):
            assert (process.poll() is None) is is_copy
        process.kill()
