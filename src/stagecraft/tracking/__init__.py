"""The MLflow room: nothing else in this package imports it."""

from stagecraft.tracking.record import ModelFiles, Record
from stagecraft.tracking.store import ERROR_TAG, INPUT_TAG, PARENT_TAG, STAGE_TAG, Tracker

__all__ = ["ERROR_TAG", "INPUT_TAG", "PARENT_TAG", "STAGE_TAG", "ModelFiles", "Record", "Tracker"]
