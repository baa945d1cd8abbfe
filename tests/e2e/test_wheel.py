"""What is installed from a wheel, which holds no stages: it works wherever none is needed, else says so."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = """
from seqstep_cli import NAMES
from stagecraft.project import Project

def ask(*_):
    raise SystemExit("asked")

PROJECT = Project(NAMES, {"whole": "All of it."}, ("usual",), ask, ask)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a wheel of this project is installed, without its dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    return target


def call(
    installed: Path, where: Path, *argv: str, home: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the program from the wheel, with the libraries of this environment but without this checkout."""
    libraries = sysconfig.get_path("purelib")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEQSTEP")}
    return subprocess.run(
        [sys.executable, "-S", "-m", "seqstep_cli.main", *argv],
        cwd=where,
        env={
            **environment,
            "PYTHONPATH": f"{installed}{os.pathsep}{libraries}",
            **({"SEQSTEP_HOME": str(home)} if home else {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wheel_holds_the_domain_and_the_commands_but_no_stages(installed: Path) -> None:
    packages = {path.name for path in installed.iterdir() if path.is_dir() and "." not in path.name}
    assert packages - {"bin", "__pycache__"} == {
        *("secrecy", "seqstep", "seqstep_cli", "seqstep_program", "stagecraft")
    }


def test_without_a_project_help_and_settings_work(installed: Path, tmp_path: Path) -> None:
    for argv in (["--help"], ["run", "--help"], ["config", "notes"]):
        done = call(installed, tmp_path, *argv)
        assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_without_a_project_what_needs_a_stage_says_how_to_get_one(installed: Path, tmp_path: Path) -> None:
    for argv in (["plan"], ["run"], ["stages"], ["sweep", "--grid", "seed=0,1"]):
        done = call(installed, tmp_path, *argv, home=tmp_path / "home")
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr
        assert f"expected a project, got none in {tmp_path}" in done.stderr
        assert '[tool.seqstep] project = "package:PROJECT"' in done.stderr


def test_without_a_project_a_home_that_is_named_is_looked_at(installed: Path, tmp_path: Path) -> None:
    done = call(installed, tmp_path, "doctor", home=tmp_path / "home")
    assert (done.returncode, done.stdout) == (0, "nothing found\n"), done.stderr
    done = call(installed, tmp_path, "doctor")
    assert done.returncode == 2 and "expected a home, got neither SEQSTEP_HOME nor a project" in done.stderr


def test_the_nearest_project_upwards_is_taken(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.seqstep]\nproject = "mine:PROJECT"\n')
    (tmp_path / "mine.py").write_text(PROJECT)
    inside = tmp_path / "deep" / "inside"
    inside.mkdir(parents=True)
    done = call(installed, inside, "plan")
    assert done.returncode == 2
    assert f"SystemExit: asked at {tmp_path / 'mine.py'}:" in done.stderr
    assert (tmp_path / ".seqstep").is_dir() and not (inside / ".seqstep").exists()
