"""How far forecasts are off, by horizon."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from seqstep.errors import WindowError
from seqstep.metrics import mae, rmse
from seqstep.series.windows import check_window, training_end


def error_table(
    series: np.ndarray,
    window: int,
    train_end: int,
    forecasts: dict[int, np.ndarray],
    multi: np.ndarray,
) -> pd.DataFrame:
    """Measure forecasts against what was observed, over all targets and over those after training.

    Args:
        series: observed values, shape (steps,).
        window: past values that a prediction sees (tau).
        train_end: index of the first value that did not train the model.
        forecasts: by horizon, from `k_steps`.
        multi: the multi-step forecast from `train_end` to the end.

    Returns:
        a row a forecast: `forecast` (k001 …, multistep), `horizon` (steps; empty for multistep),
        `targets`, `rmse` and `mae` over all targets of the notes' alignment, `rmse_valid` and
        `mae_valid` over the targets from `train_end` on; all in the unit of the series.
    """
    check_window(len(series), window)
    rows = []
    for horizon, forecast in forecasts.items():
        first = window + horizon - 1
        rows.append(_errors(f"k{horizon:03d}", horizon, forecast, series, first, train_end))
    rows.append(_errors("multistep", None, multi, series, train_end, train_end))
    return pd.DataFrame(rows).astype({"horizon": "Int64"})


def check_horizons(steps: int, window: int, share: float, horizons: Sequence[int]) -> None:
    """See that every horizon leaves a target that did not train, before anything is trained.

    Args:
        steps: of the series.
        window: past values that a prediction sees (tau).
        share: of the series, whose windows train; see `training_windows`.
        horizons: steps ahead, each >= 1.

    Raises:
        WindowError: one does not, or the window fits not at all.
    """
    # All are forecast from the same origins, so the targets of the nearest end as early as the furthest asks.
    most = steps - training_end(steps, window, share) - 1 + min(horizons)
    if max(horizons) > (most := min(most, steps - window)):
        raise WindowError(
            f"expected horizons of up to {most} steps beside one of {min(horizons)}, for a series of {steps}"
            f" values and a window of {window}, got {max(horizons)}, which leaves no value to test on; lower"
            " forecast.horizons, mlp.window or mlp.train_share, or take a longer series"
        )


def error_metrics(errors: pd.DataFrame, prefix: str) -> dict[str, float]:
    """Name the errors of an `error_table`: `<prefix>/rmse_k001`, `<prefix>/mae_multistep` and so on.

    `rmse_valid_k001` and so on leave out the targets that trained the model, which multi-step has none of.
    """
    by_name = errors.set_index("forecast")[["rmse", "mae"]].astype(float)
    later = errors.dropna(subset="horizon").set_index("forecast")["rmse_valid"].astype(float)
    whole = {
        f"{prefix}/{measure}_{forecast}": value
        for measure in by_name
        for forecast, value in by_name[measure].items()
    }
    return whole | {f"{prefix}/rmse_valid_{forecast}": value for forecast, value in later.items()}


def _errors(
    name: str, horizon: int | None, forecast: np.ndarray, series: np.ndarray, first: int, train_end: int
) -> dict[str, object]:
    """Compare a forecast whose entry 0 belongs to `series[first]` with the series."""
    target = series[first : first + len(forecast)]
    later = slice(max(0, train_end - first), None)
    return {
        "forecast": name,
        "horizon": horizon,
        "targets": len(target),
        "rmse": rmse(forecast, target),
        "mae": mae(forecast, target),
        "rmse_valid": rmse(forecast[later], target[later]),
        "mae_valid": mae(forecast[later], target[later]),
    }
