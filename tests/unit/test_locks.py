"""What `make` installs: each release is named with the digests of its files."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "requirements"


def locked(*names: str) -> dict[str, tuple[Requirement, int]]:
    """Read locks: each package's release, and how many files of it are let in."""
    text = "".join((LOCKS / f"{name}.txt").read_text("utf-8") for name in names)
    entries = re.split(r"(?m)^(?=[^\s#])", re.sub(r"(?m)^#.*\n", "", text))
    found = [
        (Requirement(entry.partition("\\")[0]), entry.count("--hash=sha256:")) for entry in entries if entry
    ]
    return {canonicalize_name(requirement.name): (requirement, files) for requirement, files in found}


def needed(*extras: str) -> list[Requirement]:
    """List what the project asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(each) for group in lists for each in group]


@pytest.mark.parametrize(("extras", "locks"), [((), ("app",)), (("dev",), ("app", "dev"))])
def test_what_the_project_needs_is_locked_to_a_release_that_it_allows(
    extras: tuple[str, ...], locks: tuple[str, ...]
) -> None:
    found = locked(*locks)
    for requirement in needed(*extras):
        if requirement.name != "torch":
            (pinned,) = found[canonicalize_name(requirement.name)][0].specifier
            assert pinned.operator == "==" and requirement.specifier.contains(pinned.version), requirement


@pytest.mark.parametrize("name", ["app", "build", "dev", "lock"])
def test_each_locked_release_has_the_digests_of_its_files(name: str) -> None:
    assert all(files for _, files in locked(name).values())


@pytest.mark.parametrize("system", ["linux", "darwin"])
@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0"])
def test_the_locks_hold_for_each_python_and_system_that_the_project_is_for(python: str, system: str) -> None:
    where = {"python_full_version": python, "python_version": python[:4], "sys_platform": system}
    found = locked("app", "dev")
    for requirement in needed("dev"):
        if requirement.name != "torch":
            marker = found[canonicalize_name(requirement.name)][0].marker
            assert marker is None or marker.evaluate(where), requirement


def test_make_installs_nothing_without_digests_but_torch_and_the_project_itself() -> None:
    wanted = ["make", "--dry-run", "--always-make", ".venv/dev"]
    said = subprocess.run(wanted, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    unlocked = [line for line in said.splitlines() if " install " in line and "--require-hashes" not in line]
    assert [line.partition(" install ")[2] for line in unlocked] == [
        "--requirement requirements/torch.txt",
        "--no-deps --no-build-isolation --editable .",
    ]
