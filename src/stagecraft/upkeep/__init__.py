"""Upkeep of a home: what does not fit together is found and repaired, and space is freed.

May import: mlflow (its Tracker and Inventory, never MLflow itself), cache, files, errors.
"""

from stagecraft.files.set_aside import SetAside, all_set_aside
from stagecraft.upkeep.backup import back_up, restore
from stagecraft.upkeep.collect import Collection, Freed, Limits, collect
from stagecraft.upkeep.doctor import examine, find_lost, not_kept, put_back
from stagecraft.upkeep.finding import Finding

__all__ = [
    "Collection",
    "Finding",
    "Freed",
    "Limits",
    "SetAside",
    "all_set_aside",
    "back_up",
    "collect",
    "examine",
    "find_lost",
    "not_kept",
    "put_back",
    "restore",
]
