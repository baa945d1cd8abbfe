"""Answers for a language model: texts in, continued texts out."""

from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from seqstep.errors import InputError
from seqstep.generation.answers import continue_texts
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
        """Continue each prefix; a parameter that is null has its default."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            return continue_texts(self.model, self.codec, model_input, **given)
        except InputError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None


set_model(TextModel())
