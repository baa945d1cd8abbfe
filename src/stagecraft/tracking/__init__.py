"""The MLflow room: nothing else in this package imports it."""

from stagecraft.tracking.evaluations import EVALUATED_TAG, Evaluation, evaluation_tags, evaluations
from stagecraft.tracking.machine import results_among
from stagecraft.tracking.pages import address_of, chart_of, command_for_pages, page_of
from stagecraft.tracking.record import ModelFiles, Record
from stagecraft.tracking.registry import (
    CHAMPION,
    CODE_TAG,
    CONTENT_TAG,
    LATEST,
    Registry,
    Version,
    content_of,
)
from stagecraft.tracking.replay import replay
from stagecraft.tracking.shared import SharedRecords
from stagecraft.tracking.store import (
    CACHED_TAG,
    ERROR_TAG,
    INPUT_TAG,
    NOTE_TAG,
    PARENT_TAG,
    PIPELINE_TAG,
    REASON_TAG,
    RESUMED_TAG,
    SESSION_TAG,
    STAGE_TAG,
    SWEEP_TAG,
    Tracker,
    as_text,
)

__all__ = [
    "CACHED_TAG",
    "CHAMPION",
    "CODE_TAG",
    "CONTENT_TAG",
    "ERROR_TAG",
    "EVALUATED_TAG",
    "INPUT_TAG",
    "LATEST",
    "NOTE_TAG",
    "PARENT_TAG",
    "PIPELINE_TAG",
    "REASON_TAG",
    "RESUMED_TAG",
    "SESSION_TAG",
    "STAGE_TAG",
    "SWEEP_TAG",
    "Evaluation",
    "ModelFiles",
    "Record",
    "Registry",
    "SharedRecords",
    "Tracker",
    "Version",
    "address_of",
    "as_text",
    "chart_of",
    "command_for_pages",
    "content_of",
    "evaluation_tags",
    "evaluations",
    "page_of",
    "replay",
    "results_among",
]
