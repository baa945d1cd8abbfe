"""Tries cases: runs each before and after its edit in one home, and after it in a fresh one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tests.soak.keys.market.case import Case

Verdict = Literal[
    "right",  # run again
    "stale",  # the value of before the edit
    "refused",  # by name, before or after the edit
    "not kept",  # said when it was first run
    "dull",  # the edit changes no value, so it shows nothing
    "broken",  # the project does not run
]


class Tried(NamedTuple):
    """A case, and what became of it.

    Attributes:
        said: why it was refused or not kept, or what is wrong.
        ran: the stages that ran after the edit.
    """

    case: Case
    verdict: Verdict
    said: str
    ran: tuple[str, ...] = ()

    @property
    def is_wrong(self) -> bool:
        """Whether a value was stale, or the case shows nothing."""
        return self.verdict in ("stale", "dull", "broken")


class Trial:
    """Runs projects by a driver that is kept warm.

    Args:
        folder: for projects and homes; it is emptied before each case.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        root = Path(__file__).resolve().parents[4]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join((str(root / "src"), str(root))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        argv = [sys.executable, "-m", "tests.soak.keys.market.driver"]
        self._driver = subprocess.Popen(
            argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Trial":
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._driver.stdin and self._driver.stdout
        self._driver.stdin.close()
        self._driver.stdout.close()
        self._driver.wait()

    def every(self, cases: Iterable[Case]) -> list[Tried]:
        """Try cases one after the other."""
        return [self.one(case) for case in cases]

    def one(self, case: Case) -> Tried:
        """Try a case."""
        shutil.rmtree(self._folder)
        project, home, fresh = (self._folder / name / name for name in ("project", "home", "fresh"))
        for folder in (project, home, fresh):
            folder.mkdir(parents=True)
        case.write(project, edited=False)
        before = self._run(project, home, case.variables(edited=False))
        case.write(project, edited=True)
        variables = case.variables(edited=True)
        after, anew = self._run(project, home, variables), self._run(project, fresh, variables)
        outcomes = after.get("stages", {}).items()
        ran = tuple(name for name, outcome in outcomes if outcome["state"] == "ran")
        return Tried(case, *_judged(before, after, anew), ran)

    def _run(self, project: Path, home: Path, environment: dict[str, str]) -> dict[str, Any]:
        assert self._driver.stdin and self._driver.stdout
        asked = {"project": str(project), "home": str(home), "environment": environment}
        self._driver.stdin.write(json.dumps(asked) + "\n")
        self._driver.stdin.flush()
        answer: dict[str, Any] = json.loads(self._driver.stdout.readline())
        return answer


def _judged(before: dict[str, Any], after: dict[str, Any], anew: dict[str, Any]) -> tuple[Verdict, str]:
    answers = (before, after, anew)
    for answer in answers:
        if "broken" in answer:
            return "broken", answer["broken"]
    for answer in answers:
        if "refused" in answer:
            return "refused", answer["refused"]
    old, values, expected = (
        {name: outcome["text"] for name, outcome in answer["stages"].items()} for answer in answers
    )
    if values != expected:
        return "stale", f"got {values}, in a fresh home {expected}"
    if old == expected:
        return "dull", f"{old} before and after"
    unkept = [outcome["unkept"] for outcome in before["stages"].values() if outcome.get("unkept")]
    return ("not kept", unkept[0]) if unkept else ("right", "")
