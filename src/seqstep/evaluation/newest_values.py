"""Forecasters on the same newest values of a series, none of which trained any of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqstep.errors import SeriesError
from seqstep.evaluation.fingerprints import forecasts_digest
from seqstep.evaluation.unseen import Judged
from seqstep.metrics import rmse
from seqstep.series.forecast import WindowPredictor, k_step
from seqstep.series.windows import training_end


class TrainedForecaster(NamedTuple):
    """A forecaster, and what trained it.

    Attributes:
        model: what it is called in messages.
        window: past values that a prediction sees (tau).
        series: observed values that it was given, of which the first part trained it.
        train_share: of their windows, those that trained.
    """

    model: str
    predict: WindowPredictor
    window: int
    series: pd.Series
    train_share: float


def judge_forecasters(
    models: Sequence[TrainedForecaster], newest: pd.Series, horizons: Sequence[int]
) -> Judged:
    """Measure forecasters against the same values.

    Args:
        newest: the series as it is now; of this and those that models were given, the last to end counts.
        horizons: steps ahead, each >= 1; those that leave nothing to measure on are left out.

    Returns:
        `rmse_valid_k001` and so on of each model, in the unit of the series.

    Raises:
        SeriesError: the series are no continuations of each other, or no value is left.
    """
    known = [newest, *(model.series for model in models)]
    if len({type(series.index) is pd.DatetimeIndex for series in known}) > 1:
        raise SeriesError("expected series that all have dates, or all rows, got both; name them apart")
    newest = max(known, key=lambda series: series.index[-1])
    values = newest.to_numpy(dtype=float)
    first = max(_first_unseen(model, newest) for model in models)
    window = max(model.window for model in models)
    fitting = [horizon for horizon in sorted(set(horizons)) if max(first, window + horizon - 1) < len(values)]
    if not fitting:
        raise SeriesError(
            f"expected values after what trained {' and '.join(model.model for model in models)}, got"
            f" {len(values) - first} of {len(values)}, too few for {min(horizons)} steps ahead"
        )
    starts = {horizon: max(first, window + horizon - 1) for horizon in fitting}
    return Judged(
        data=forecasts_digest(values, window, first, fitting),
        targets=f"the values from {newest.index[first]} to {newest.index[-1]}",
        figures=tuple(_errors(model, values, starts) for model in models),
    )


def _first_unseen(model: TrainedForecaster, newest: pd.Series) -> int:
    """Find the place in a series of the first value that did not train a model.

    Dates tell it; rows do if those that trained are still the first ones.

    Raises:
        SeriesError: they are not.
    """
    end = training_end(len(model.series), model.window, model.train_share)
    if isinstance(newest.index, pd.DatetimeIndex):
        return int(newest.index.searchsorted(model.series.index[end - 1], side="right"))
    if not np.array_equal(model.series.to_numpy()[:end], newest.to_numpy()[:end]):
        raise SeriesError(
            f"expected a series that begins with the {end} values that trained {model.model}, got another"
            " one; give it a column of dates, or a name of its own (series.name)"
        )
    return end


def _errors(model: TrainedForecaster, values: np.ndarray, starts: Mapping[int, int]) -> dict[str, float]:
    """Measure a model by horizon, each on the values from its start on."""
    found = {}
    for horizon, start in starts.items():
        from_here = values[start - model.window - horizon + 1 :]
        forecast = k_step(model.predict, from_here, model.window, horizon)
        found[f"rmse_valid_k{horizon:03d}"] = rmse(forecast, values[start:])
    return found
