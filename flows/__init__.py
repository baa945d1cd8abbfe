"""What happens, in order: the walk over the stages, the flows, and what they are asked for.

May import everything; nothing imports it but by the name that pyproject.toml gives.
"""

import stagecraft  # noqa: F401  (first, so that it sees what the modules of stages do when they are imported)
from flows.asking import ask
from flows.walk import FLOWS
from seqstep.settings.config import PROFILES
from seqstep_cli import NAMES
from stagecraft.progress.watching import Watcher
from stagecraft.project import Project
from stagecraft.runs.request import Request, Summary


def _start(request: Request, watcher: Watcher) -> Summary:
    from flows.pipeline import start

    return start(request, watcher)


#: what the command line knows of all this; pyproject.toml names it
PROJECT = Project(NAMES, FLOWS, tuple(PROFILES), ask, _start)
