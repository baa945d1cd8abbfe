"""The table of forecasters: one more is a file of its own and a line here."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from seqstep.errors import ConfigError
from seqstep.forecasters.mlp import MLPForecaster
from seqstep.forecasters.recurrent import RecurrentForecaster
from seqstep.series.baselines.last_value import LastValue
from seqstep.series.baselines.linear_ar import LinearAR
from seqstep.series.baselines.mean import Mean
from seqstep.series.baselines.seasonal_naive import SeasonalNaive
from seqstep.series.forecaster import Forecaster
from seqstep.settings.config import MLPConfig, RecurrentConfig
from seqstep.settings.spelling import nearest


class ForecasterSettings(NamedTuple):
    """What forecasters are made with.

    Attributes:
        season: steps after which the series resembles itself; 1: none.
        scale: how the networks scale what is known.
        mlp: also the window of the linear autoregression, so that both see the same.
    """

    season: int
    scale: Literal["none", "standard"]
    mlp: MLPConfig
    gru: RecurrentConfig


Maker = Callable[[ForecasterSettings], Forecaster]

BASELINES: dict[str, Maker] = {
    "last_value": lambda settings: LastValue(),
    "seasonal_naive": lambda settings: SeasonalNaive(settings.season),
    "mean": lambda settings: Mean(),
    "ar_recursive": lambda settings: LinearAR(settings.mlp.window, "recursive"),
    "ar_direct": lambda settings: LinearAR(settings.mlp.window, "direct"),
}
NETWORKS: dict[str, Maker] = {
    "mlp_recursive": lambda settings: MLPForecaster(settings.mlp, settings.scale, "recursive"),
    "mlp_direct": lambda settings: MLPForecaster(settings.mlp, settings.scale, "direct"),
    "gru_recursive": lambda settings: RecurrentForecaster(settings.gru, settings.scale, "recursive"),
    "gru_direct": lambda settings: RecurrentForecaster(settings.gru, settings.scale, "direct"),
}
FORECASTERS = BASELINES | NETWORKS


def make_forecaster(name: str, settings: ForecasterSettings) -> Forecaster:
    """Make a forecaster by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in FORECASTERS:
        raise ConfigError(f"there is no forecaster {name!r}; {nearest(name, FORECASTERS)}")
    return FORECASTERS[name](settings)
