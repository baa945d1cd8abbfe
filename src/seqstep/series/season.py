"""How long a season may be."""

from seqstep.errors import ConfigError


def check_season(season: int) -> None:
    """Make sure that a season is a number of steps.

    Raises:
        ConfigError: it is below 1.
    """
    if season < 1:
        raise ConfigError(
            f"expected a season of at least 1 step, got {season}; set backtest.season to 1 for none"
        )
