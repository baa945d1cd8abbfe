"""The Prefect room, which alone imports Prefect: a walk as a flow, its stages as tasks, its pages.

May import every room but cli and servers.
"""

from stagecraft.prefect.conductor import conduct
from stagecraft.prefect.crashes import crashing, tell_of_crashes, watch_for_runs_that_never_start
from stagecraft.prefect.discretion import keep_secrets_out_of_logs
from stagecraft.prefect.health import check_server
from stagecraft.prefect.temporary import temporary_address, temporary_server

__all__ = [
    "check_server",
    "conduct",
    "crashing",
    "tell_of_crashes",
    "temporary_address",
    "temporary_server",
    "watch_for_runs_that_never_start",
]

# A flow may fail, and log why, before it conducts anything.
keep_secrets_out_of_logs()
