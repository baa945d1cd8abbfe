"""Upkeep of a home: what does not fit together is found and repaired, and space is freed.

May import: mlflow (its Tracker and Inventory, never MLflow itself), cache, files, errors.
"""

from stagecraft.upkeep.collect import Collection, Freed, Limits, collect
from stagecraft.upkeep.doctor import examine
from stagecraft.upkeep.finding import Finding

__all__ = ["Collection", "Finding", "Freed", "Limits", "collect", "examine"]
