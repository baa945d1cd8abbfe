"""Upkeep of a home: what does not fit together is found and repaired, and space is freed.

Nothing here imports MLflow or Prefect; the store is asked through its Tracker and its Inventory.
"""

from stagecraft.upkeep.collect import Collection, Freed, Limits, collect
from stagecraft.upkeep.doctor import examine
from stagecraft.upkeep.finding import Finding

__all__ = ["Collection", "Finding", "Freed", "Limits", "collect", "examine"]
