"""The Prefect room: nothing else in this package imports it."""

from stagecraft.orchestration.conductor import Conductor, conduct
from stagecraft.orchestration.crashes import tell_of_crashes
from stagecraft.orchestration.temporary import temporary_server

__all__ = ["Conductor", "conduct", "tell_of_crashes", "temporary_server"]
