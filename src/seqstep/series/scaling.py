"""Scaling a series for training, fitted on the training part and saved with the model."""

from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from seqstep.settings.config import Scale


class Scaling(BaseModel):
    """A straight line: scaled = (value - mean) / std.

    Attributes:
        mean: in the unit of the series.
        std: in the unit of the series, above 0.
    """

    model_config = ConfigDict(frozen=True)

    mean: float = 0.0
    std: float = 1.0

    @classmethod
    def fit(cls, values: np.ndarray, scale: Literal["none", "standard"]) -> Self:
        """Fit the line on the values that a model may know.

        Args:
            values: shape (steps,).
            scale: none, or standard for mean 0 and deviation 1. A constant series is only shifted.
        """
        if scale == "none":
            return cls()
        if np.ptp(values) == 0:  # rounding may give it a deviation above 0
            return cls(mean=float(values[0]))
        return cls(mean=float(np.mean(values)), std=float(np.std(values)) or 1.0)

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Scale values of any shape to float32."""
        return ((values - self.mean) / self.std).astype(np.float32)

    def invert(self, scaled: np.ndarray) -> np.ndarray:
        """Bring scaled values of any shape back into the unit of the series, as float64."""
        return np.asarray(scaled, dtype=np.float64) * self.std + self.mean


def resolve_scale(scale: Scale, from_file: bool) -> Literal["none", "standard"]:
    """Choose for `auto`: the sine stays as it is, as in the notes; a file's values are scaled."""
    if scale == "auto":
        return "standard" if from_file else "none"
    return scale
