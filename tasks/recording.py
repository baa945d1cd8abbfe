"""What is said about trainings and models: none of it is part of a key, so a change here retrains nothing.

So nothing here may change a result: it is given what can't be changed, it calls nothing of the domain, and
what it returns goes to the record alone. A test holds it to that.
"""

from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

import seqstep
from seqstep.models.bundle import MLPSpec, Spec
from stagecraft.mlflow import Record, content_of, evaluation_tags
from tasks.outputs import TrainedModel

_SERVING = Path(__file__).parent / "serving"
_NEEDS = ("mlflow", "numpy", "pandas", "pydantic", "regex", "safetensors", "torch")


class ModelPackage(NamedTuple):
    """What a model is logged with, to load where seqstep is not installed; see `Record.log_model`."""

    code: Path
    packages: tuple[ModuleType, ...]
    needs: tuple[str, ...]
    example: tuple[Any, dict[str, Any]]


def package(spec: Spec) -> ModelPackage:
    """Choose what a model is logged with."""
    example: tuple[Any, dict[str, Any]]
    if isinstance(spec, MLPSpec):
        code, example = (
            "forecast.py",
            (np.full((1, spec.window), round(spec.scaling.mean, 3)), {"horizon": 1}),
        )
    else:
        parameters = {"length": 50, "temperature": 0.0, "top_k": 0, "seed": 0}
        code, example = "text.py", (["time traveller"], parameters)
    return ModelPackage(_SERVING / code, (seqstep,), _NEEDS, example)


def tag_evaluation(record: Record, name: str, trained: TrainedModel, data: str) -> None:
    """Tag a run that measured a model, so that its figures can be compared with others'.

    Args:
        data: digest of what it was measured on; nothing for no data.
    """
    content = content_of({file.name: file.sha256 for file in (trained.weights, trained.spec)})
    record.tag(evaluation_tags(record.tracker.tags, name, content, data))
