"""Answers for a language model: texts in, continued texts out."""

from pathlib import Path
from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from seqstep.generation import continue_text
from seqstep.models.bundle import load_language_model


class TextModel(PythonModel):
    """Continues prefixes; parameters: length, temperature, top_k (0 for no limit), seed."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the weights and what belongs to them."""
        self.model, spec = load_language_model(
            Path(context.artifacts["weights"]), Path(context.artifacts["spec"])
        )
        self.codec = spec.codec()

    def predict(
        self, context: PythonModelContext, model_input: list[str], params: dict[str, Any] | None = None
    ) -> list[str]:
        """Continue each prefix."""
        settings = {"length": 50, **(params or {})}
        settings["top_k"] = settings.get("top_k") or None
        return [continue_text(self.model, self.codec, prefix, **settings) for prefix in model_input]


set_model(TextModel())
