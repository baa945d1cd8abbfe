"""The Prefect room: nothing else in this package imports it."""

from stagecraft.orchestration.conductor import conduct
from stagecraft.orchestration.crashes import crashing, tell_of_crashes, watch_for_runs_that_never_start
from stagecraft.orchestration.discretion import keep_secrets_out_of_logs
from stagecraft.orchestration.reaching import check_server
from stagecraft.orchestration.temporary import temporary_address, temporary_server

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
