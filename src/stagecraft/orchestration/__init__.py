"""The Prefect room: nothing else in this package imports it."""

from stagecraft.orchestration.conductor import Conductor, conduct
from stagecraft.orchestration.crashes import tell_of_crashes
from stagecraft.orchestration.temporary import start_temporary_server

__all__ = ["Conductor", "conduct", "start_temporary_server", "tell_of_crashes"]
