"""The Prefect room: nothing else in this package imports it."""

from stagecraft.orchestration.conductor import Conductor, conduct
from stagecraft.orchestration.crashes import tell_of_crashes
from stagecraft.orchestration.discretion import keep_secrets_out_of_logs
from stagecraft.orchestration.temporary import temporary_server

__all__ = ["Conductor", "conduct", "tell_of_crashes", "temporary_server"]

# A flow may fail, and log why, before it conducts anything.
keep_secrets_out_of_logs()
