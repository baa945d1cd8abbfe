"""Reading the trained networks behind their addresses."""

from collections.abc import Mapping

from seqstep.models.bundle import LanguageSpec, load_language_model
from seqstep.models.language import LanguageModel
from stagecraft.mlflow import Record
from tasks.outputs import TrainedLanguageModel


def open_networks(
    record: Record, networks: Mapping[str, TrainedLanguageModel]
) -> dict[str, tuple[LanguageModel, LanguageSpec]]:
    """Read language models and their specifications, by the same names."""
    return {
        name: load_language_model(record.open(trained.weights), record.open(trained.spec))
        for name, trained in networks.items()
    }
