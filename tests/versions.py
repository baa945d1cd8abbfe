"""Runs `make test` with the oldest and the newest releases that pyproject.toml allows: `make test-versions`.

One framework is varied at a time, in a virtual environment of its own below `.venvs/`. All else is as in
`requirements/`, but for what a release asks for itself. An environment in which a test failed is kept; the
release that `requirements/` names is not tried again.
"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).parent.parent
FRAMEWORKS = ("prefect", "mlflow", "torch")
LOCKS = ("app", "build", "dev")
PASSED, LOCKED = "passed", "is what `make test` runs with"


def main(frameworks: list[str]) -> int:
    """Try both ends of each framework's bounds; return 0 if no test failed with one of them."""
    table = Table("framework", "", "release", "tests", box=None)
    for bounds in _bounds(frameworks):
        (oldest,) = [bound.version for bound in bounds.specifier if bound.operator == ">="]
        table.add_row(bounds.name, "oldest", *_try(f"{bounds.name}-oldest", bounds.name, f"=={oldest}"))
        table.add_row(
            bounds.name, "newest", *_try(f"{bounds.name}-newest", bounds.name, str(bounds.specifier))
        )
    Console().print(table)
    return int(not set(table.columns[-1].cells) <= {PASSED, LOCKED})


def _bounds(frameworks: list[str]) -> list[Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [bounds for bounds in map(Requirement, project["dependencies"]) if bounds.name in frameworks]


def _try(name: str, framework: str, wanted: str) -> tuple[str, str]:
    """Test a release in an environment of this name; return which release it was, and what came of it."""
    folder = PROJECT / ".venvs" / name
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    is_installed = (
        _run(sys.executable, "-m", "venv", "--clear", folder)
        and _run(*install, *(f"--requirement=requirements/{lock}.txt" for lock in LOCKS), "--no-deps")
        and _run(*install, "--no-build-isolation", "--editable", ".", "--requirement=requirements/torch.txt")
        and _run(*install, "--upgrade", f"{framework}{wanted}")
    )
    if not is_installed:
        return wanted, "could not be installed"
    release = _release(python, framework)
    if release == _release(sys.executable, framework):
        shutil.rmtree(folder)
        return release, LOCKED
    if not _run("make", "test", f"BIN={folder / 'bin'}"):
        return release, f"failed, see {folder.relative_to(PROJECT)}"
    shutil.rmtree(folder)
    return release, PASSED


def _run(*command: str | Path) -> bool:
    return subprocess.run(command, cwd=PROJECT, check=False).returncode == 0


def _release(python: str | Path, framework: str) -> str:
    asked = [python, "-c", f"from importlib.metadata import version; print(version({framework!r}))"]
    return subprocess.run(asked, cwd=PROJECT, capture_output=True, check=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(FRAMEWORKS)))
