"""The MLflow room: nothing else in this package imports it."""

from stagecraft.tracking.record import ModelFiles, Record
from stagecraft.tracking.store import INPUT_TAG, STAGE_TAG, Tracker

__all__ = ["INPUT_TAG", "STAGE_TAG", "ModelFiles", "Record", "Tracker"]
