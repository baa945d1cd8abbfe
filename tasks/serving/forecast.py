"""Answers for a forecaster: windows of past values in, the values that follow out."""

from pathlib import Path
from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from seqstep.models.bundle import load_forecaster
from seqstep.models.mlp import predictor
from seqstep.series.forecast import feed_back


class ForecastModel(PythonModel):
    """Forecasts from windows; parameter: horizon, in steps."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the weights and what belongs to them."""
        model, spec = load_forecaster(Path(context.artifacts["weights"]), Path(context.artifacts["spec"]))
        self.predictor = predictor(model, spec.scaling)

    def predict(
        self,
        context: PythonModelContext,
        model_input: list[list[float]],
        params: dict[str, Any] | None = None,
    ) -> list[list[float]]:
        """Forecast `horizon` values after each window."""
        horizon = int((params or {}).get("horizon", 1))
        forecasts: list[list[float]] = feed_back(self.predictor, np.array(model_input), horizon).tolist()
        return forecasts


set_model(ForecastModel())
