"""Runs small projects without Prefect and MLflow: each in a process of its own, forked from one that is warm.

Reads a line of JSON for each, `{"project": FOLDER, "home": FOLDER, "environment": {}}`, and answers with one.
"""

import json
import os
import signal
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from seqstep_cli import NAMES
from stagecraft.cache.results import Results
from stagecraft.errors import is_for_users
from stagecraft.files.home import Home
from stagecraft.pipeline.plan import make_plan
from stagecraft.pipeline.selection import Selector, select
from stagecraft.pipeline.together import check_together
from stagecraft.pipeline.walk import trace_of
from tests.soak.keys.market.till import Till

#: imported once, for many projects use them
_WARM = ("asyncio", "importlib.resources", "numpy", "pandas", "pydantic", "sqlite3", "subprocess", "tomllib")
_PATIENCE_S = 60


def run(project: Path, home: Path) -> dict[str, Any]:
    """Plan a project's walk and run it; tell how each stage ended, or who refused and why."""
    os.chdir(project)
    sys.path.insert(0, str(project))
    try:
        walk = import_module("market").walk
        results = Results(Home(home, NAMES), lambda kept: Path(kept.place))
        trace = trace_of(walk)
        check_together([node.stage for node in trace.nodes.values()])
        plan = make_plan(trace, results, select(trace, Selector()))
        till = Till(results)
        trace.follow(till)
    except BaseException as error:  # noqa: BLE001  (whatever a project raises)
        if is_for_users(error):
            return {"refused": str(error)}
        return {"broken": traceback.format_exc()[-1500:]}
    planned = {intent.name for intent in plan.intents if intent.state == "cached"}
    taken = {name for name, outcome in till.outcomes.items() if outcome["state"] == "cached"}
    if not planned <= taken:
        return {"broken": f"planned as cached: {planned}, but taken from the cache: {taken}"}
    return {"stages": till.outcomes}


def _in_a_child(asked: dict[str, Any]) -> str:
    """Run a project in a process of its own, and return what it says."""
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as file:
            said = file.read()
        os.waitpid(child, 0)
        return said or json.dumps({"broken": "the process ended without a word"})
    os.close(reader)
    signal.alarm(_PATIENCE_S)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    with os.fdopen(writer, "w", encoding="utf-8") as file:
        os.environ.update(asked["environment"])
        time.tzset()
        json.dump(run(Path(asked["project"]), Path(asked["home"])), file)
    os._exit(0)


def _serve() -> None:
    sys.dont_write_bytecode = True
    for name in _WARM:
        import_module(name)
    for line in sys.stdin:
        sys.stdout.write(_in_a_child(json.loads(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
