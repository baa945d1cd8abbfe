"""DVC in an environment of its own, and a project of twelve little stages for it."""

import os
import shutil
import sys
from functools import partial
from pathlib import Path

from benchmarks.measuring import BenchmarkError, run

VERSION = "3.67.1"
UP_TO_DATE = "Data and pipelines are up to date."

# Its dependencies are none of the project's: the two sets need not fit together.
_ENVIRONMENT = Path(sys.prefix) / f"bench-dvc-{VERSION}"
_DVC = str(_ENVIRONMENT / "bin" / "dvc")


def install() -> None:
    """Make the environment if it is not there: once, half a minute, from the package registry.

    Raises:
        BenchmarkError: it could not be made.
    """
    if Path(_DVC).exists():
        return
    pip = [str(_ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", f"dvc=={VERSION}"]
    for command in ([sys.executable, "-m", "venv", str(_ENVIRONMENT)], pip):
        run(command, Path(sys.prefix), os.environ)


def lay_out(folder: Path) -> Path:
    """Copy the project into a folder and run all its stages, so that nothing is left to do."""
    project = folder / "dvc_project"
    shutil.copytree(Path(__file__).with_name("dvc_project"), project)
    dvc = partial(run, folder=project, environment=_environment(folder))
    dvc([_DVC, "init", "--quiet", "--no-scm"])
    # It neither tells anyone of its use nor looks for newer versions, both of which would cost it time.
    for setting in ("core.analytics", "core.check_update"):
        dvc([_DVC, "config", setting, "false"])
    dvc([_DVC, "repro"])
    return project


def repro(project: Path) -> float:
    """Return the seconds of `dvc repro` with nothing to do.

    Raises:
        BenchmarkError: there was something to do.
    """
    seconds, said = run([_DVC, "repro"], project, _environment(project.parent))
    if UP_TO_DATE not in said:
        raise BenchmarkError(f"dvc repro: expected {UP_TO_DATE!r}, got: {said.strip()[-500:]}")
    return seconds


def _environment(folder: Path) -> dict[str, str]:
    """Keep DVC's settings and caches in the folder, away from the user's own."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    places = ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR")
    return {**ours, **{name: str(folder / name.lower()) for name in places}}
