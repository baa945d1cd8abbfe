"""The Prefect room: nothing else in this package imports it."""

from stagecraft.orchestration.conductor import Conductor, conduct
from stagecraft.orchestration.discretion import keep_secrets_out_of_logs
from stagecraft.orchestration.temporary import start_temporary_server

__all__ = ["Conductor", "conduct", "start_temporary_server"]

# A flow may fail, and log why, before it conducts anything.
keep_secrets_out_of_logs()
