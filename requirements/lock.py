"""Writes the locks in this folder anew, or tells what of them is withdrawn or has newer releases.

Each release is kept as long as the bounds in pyproject.toml allow it, but for what is named to be newer. What
torch needs on a machine with CUDA alone is left out: which file of torch is right depends on the machine; see
CONTRIBUTING.md.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parent / "pyproject.toml"
UV = ("-m", "uv", "pip", "compile", "--universal", "--generate-hashes", "--python-version", "3.11")
WITHOUT_NOTES = ("--no-header", "--no-annotate")
FOR_CUDA = re.compile(r"(nvidia|cuda)-.*|triton")
HEAD = "# Written by `make lock`, for Python 3.11 to 3.13 on Linux and macOS: "


def main() -> int:
    """Do what the command line says; return 1 if something in the locks was withdrawn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell, write nothing")
    parser.add_argument("newer", nargs="*", help="packages that are to have their newest release")
    args = parser.parse_args()
    return check() if args.check else write_all([f"--upgrade-package={name}" for name in args.newer])


def write_all(options: list[str]) -> int:
    """Write all locks."""
    app, _ = resolve(*options, PROJECT)
    all_of_it, _ = resolve(*options, PROJECT, "--extra", "dev")
    for name, what in (("build", "what builds the project."), ("lock", "what writes these locks.")):
        write(f"{name}.txt", what, resolve(*options, FOLDER / f"{name}.in")[0])
    write("app.txt", "what it needs, but torch.", app)
    write("dev.txt", "what its tests need besides.", [entry for entry in all_of_it if entry not in app])
    return 0


def check() -> int:
    """Tell what is withdrawn, and what the bounds would allow to be newer."""
    everything = (PROJECT, "--extra", "dev", *sorted(FOLDER.glob("*.in")))
    now, said = resolve(*everything)
    newest, _ = resolve("--upgrade", *everything)
    kept, after = dict(map(release, now)), dict(map(release, newest))
    locked = [known for known in dict.fromkeys(map(release, entries(known_locks()))) if known[0] in kept]
    for name, version in locked:
        if after.get(name, version) != version:
            print(f"{name} {version}: {after[name]} is out")
    withdrawn = [line for line in said.splitlines() if "yanked" in line]
    withdrawn += [
        f"{name} {version}: it is there no more, or the bounds leave it out; {kept[name]} would be taken"
        for name, version in locked
        if kept[name] != version
    ]
    print("\n".join(withdrawn) or "nothing was withdrawn")
    return int(bool(withdrawn))


def resolve(*request: str | Path) -> tuple[list[str], str]:
    """List what is needed, each release with the digests of its files; return what uv said of it too."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "lock.txt")
        file.write_text(known_locks(), "utf-8")  # uv keeps the releases that the file names
        command = [sys.executable, *UV, *WITHOUT_NOTES, *request, "--output-file", file]
        done = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        return entries(file.read_text("utf-8")), done.stderr


def known_locks() -> str:
    """Read all locks."""
    return "".join(lock.read_text("utf-8") for lock in sorted(FOLDER.glob("*.txt")))


def entries(lock: str) -> list[str]:
    """Part a lock into its releases, but for what a machine with CUDA alone needs."""
    found = (entry for entry in re.split(r"(?m)^(?=\S)", lock) if "==" in entry)
    return [entry for entry in found if not FOR_CUDA.fullmatch(release(entry)[0])]


def release(entry: str) -> tuple[str, str]:
    """Tell the name and the version of an entry."""
    name, _, rest = entry.partition("==")
    return name, rest.split()[0]


def write(name: str, what: str, found: list[str]) -> None:
    """Write a lock."""
    locked = "".join(entry for entry in found if release(entry)[0] != "torch")  # torch.txt names it
    (FOLDER / name).write_text(f"{HEAD}{what}\n{locked}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
