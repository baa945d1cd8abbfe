"""The MLflow room: nothing else in this package imports it."""

from stagecraft.tracking.record import ModelFiles, Record
from stagecraft.tracking.registry import CHAMPION, Registry, Version, content_of
from stagecraft.tracking.replay import replay
from stagecraft.tracking.store import (
    CACHED_TAG,
    ERROR_TAG,
    INPUT_TAG,
    PARENT_TAG,
    PIPELINE_TAG,
    REASON_TAG,
    RESUMED_TAG,
    SESSION_TAG,
    STAGE_TAG,
    Tracker,
)

__all__ = [
    "CACHED_TAG",
    "CHAMPION",
    "ERROR_TAG",
    "INPUT_TAG",
    "PARENT_TAG",
    "PIPELINE_TAG",
    "REASON_TAG",
    "RESUMED_TAG",
    "SESSION_TAG",
    "STAGE_TAG",
    "ModelFiles",
    "Record",
    "Registry",
    "Tracker",
    "Version",
    "content_of",
    "replay",
]
