"""The Prefect room: nothing else in this package imports it."""

from stagecraft.orchestration.conductor import Conductor, conduct

__all__ = ["Conductor", "conduct"]
