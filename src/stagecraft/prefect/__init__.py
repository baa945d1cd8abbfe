"""The Prefect room, which alone imports Prefect: a walk as a flow, its stages as tasks, its pages.

May import every room but cli.
"""

from stagecraft.prefect.crashes import (
    close_left_tasks,
    crashing,
    tell_of_crashes,
    watch_for_runs_that_never_start,
)
from stagecraft.prefect.discretion import keep_secrets_out_of_logs
from stagecraft.prefect.health import answering, check_server
from stagecraft.prefect.reaching import reaching_prefect

__all__ = [
    "answering",
    "check_server",
    "close_left_tasks",
    "crashing",
    "reaching_prefect",
    "tell_of_crashes",
    "watch_for_runs_that_never_start",
]

# A flow may fail, and log why, before it conducts anything.
keep_secrets_out_of_logs()
