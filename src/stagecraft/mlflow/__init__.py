"""The MLflow room, which alone imports MLflow: the store, records of runs, models and their registry.

May import: cache, code (to parse), files, errors.
"""

from stagecraft.mlflow.accounts import keep_account, log_account, with_account
from stagecraft.mlflow.data_sets import request_tags
from stagecraft.mlflow.evaluations import Evaluation, evaluation_tags, evaluations
from stagecraft.mlflow.links import address_of, chart_of, command_for_pages, page_of
from stagecraft.mlflow.machine import results_among
from stagecraft.mlflow.promotions import note_aliases
from stagecraft.mlflow.record import ModelFiles, Record
from stagecraft.mlflow.registry import CHAMPION, LATEST, Registry, Version, content_of
from stagecraft.mlflow.replay import replay
from stagecraft.mlflow.shared_records import SharedRecords
from stagecraft.mlflow.store import Status, Tracker, param_text
from stagecraft.mlflow.tags import NOTE_TAG, PARENT_TAG, Tags

__all__ = [
    "CHAMPION",
    "LATEST",
    "NOTE_TAG",
    "PARENT_TAG",
    "Evaluation",
    "ModelFiles",
    "Record",
    "Registry",
    "SharedRecords",
    "Status",
    "Tags",
    "Tracker",
    "Version",
    "address_of",
    "chart_of",
    "command_for_pages",
    "content_of",
    "evaluation_tags",
    "evaluations",
    "keep_account",
    "log_account",
    "note_aliases",
    "page_of",
    "param_text",
    "replay",
    "request_tags",
    "results_among",
    "with_account",
]
