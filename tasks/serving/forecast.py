"""Answers for a forecaster: windows of past values in, the values that follow out."""

from pathlib import Path
from typing import Any

import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from seqstep.errors import InputError
from seqstep.generation.answers import forecast_windows
from seqstep.models.bundle import load_forecaster
from seqstep.models.mlp import predictor


class ForecastModel(PythonModel):
    """Forecasts from windows; parameter: horizon, in steps."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the weights and what belongs to them."""
        model, spec = load_forecaster(Path(context.artifacts["weights"]), Path(context.artifacts["spec"]))
        self.predictor, self.window = predictor(model, spec.scaling), spec.window

    # No list: MLflow would take `list[float]` at its word, and refuse 1 for not being 1.0.
    def predict(
        self, context: PythonModelContext, model_input: np.ndarray, params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Forecast `horizon` values after each window; a parameter that is null has its default.

        Args:
            model_input: shape (windows, window).

        Returns:
            shape (windows, horizon).
        """
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            return forecast_windows(self.predictor, self.window, model_input, **given)
        except InputError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None


set_model(ForecastModel())
