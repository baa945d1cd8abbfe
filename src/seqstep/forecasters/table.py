"""The table of forecasters, by name: one more is a file of its own, and one function and one line here.

Nothing is imported before a forecaster is made, so that the names are known without torch.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from seqstep.errors import ConfigError
from seqstep.settings.spelling import nearest

if TYPE_CHECKING:
    from seqstep.series.forecaster import Forecaster
    from seqstep.series.strategies import Strategy
    from seqstep.settings.config import MLPConfig, RecurrentConfig


class ForecasterSettings(NamedTuple):
    """What forecasters are made with.

    Attributes:
        season: steps after which the series resembles itself; 1: none.
        scale: how the networks scale what is known.
        mlp: also the window of the linear autoregression, so that both see the same.
        notice: is told what the user should know of the trainings.
    """

    season: int
    scale: Literal["none", "standard"]
    mlp: "MLPConfig"
    gru: "RecurrentConfig"
    notice: Callable[[str], object] = lambda _text: None


def _last_value(settings: ForecasterSettings) -> "Forecaster":
    from seqstep.series.baselines.last_value import LastValue

    return LastValue()


def _seasonal_naive(settings: ForecasterSettings) -> "Forecaster":
    from seqstep.series.baselines.seasonal_naive import SeasonalNaive

    return SeasonalNaive(settings.season)


def _mean(settings: ForecasterSettings) -> "Forecaster":
    from seqstep.series.baselines.mean import Mean

    return Mean()


def _autoregression(settings: ForecasterSettings, strategy: "Strategy") -> "Forecaster":
    from seqstep.series.baselines.linear_ar import LinearAR

    return LinearAR(settings.mlp.window, strategy)


def _mlp(settings: ForecasterSettings, strategy: "Strategy") -> "Forecaster":
    from seqstep.forecasters.mlp import MLPForecaster

    return MLPForecaster(settings.mlp, settings.scale, strategy, settings.notice)


def _gru(settings: ForecasterSettings, strategy: "Strategy") -> "Forecaster":
    from seqstep.forecasters.recurrent import RecurrentForecaster

    return RecurrentForecaster(settings.gru, settings.scale, strategy)


Maker = Callable[[ForecasterSettings], "Forecaster"]

BASELINES: dict[str, Maker] = {
    "last_value": _last_value,
    "seasonal_naive": _seasonal_naive,
    "mean": _mean,
    "ar_recursive": lambda settings: _autoregression(settings, "recursive"),
    "ar_direct": lambda settings: _autoregression(settings, "direct"),
}
NETWORK_FORECASTERS: dict[str, Maker] = {
    "mlp_recursive": lambda settings: _mlp(settings, "recursive"),
    "mlp_direct": lambda settings: _mlp(settings, "direct"),
    "gru_recursive": lambda settings: _gru(settings, "recursive"),
    "gru_direct": lambda settings: _gru(settings, "direct"),
}
FORECASTERS = BASELINES | NETWORK_FORECASTERS


def make_forecaster(name: str, settings: ForecasterSettings) -> "Forecaster":
    """Make a forecaster by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in FORECASTERS:
        raise ConfigError(f"there is no forecaster {name!r}; {nearest(name, FORECASTERS)}")
    return FORECASTERS[name](settings)
