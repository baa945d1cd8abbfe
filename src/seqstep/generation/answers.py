"""What models answer to requests from outside: within limits, and refused in words."""

import math
from collections.abc import Sequence

import numpy as np

from seqstep.errors import TextError, WindowError
from seqstep.generation.generate import continue_text
from seqstep.models.language import LanguageModel
from seqstep.series.forecast import WindowPredictor, feed_back
from seqstep.text.codec import Codec

#: tokens that a request may have read and written, in all its texts
MOST_TOKENS = 20_000
#: values that a request may have forecast, after all its windows
MOST_VALUES = 10_000
_SEEDS = 2**63


def continue_texts(
    model: LanguageModel,
    codec: Codec,
    prefixes: Sequence[str],
    length: int = 50,
    temperature: float = 0.0,
    top_k: int = 0,
    seed: int = 0,
) -> list[str]:
    """Continue texts; see `continue_text`.

    Args:
        top_k: 0 for no limit.

    Raises:
        TextError: an empty text, a parameter out of its range, or more than `MOST_TOKENS`.
    """
    ranges = {"length": (length, MOST_TOKENS), "top_k": (top_k, _SEEDS), "seed": (seed, _SEEDS - 1)}
    for name, (value, most) in ranges.items():
        if not 0 <= value <= most:
            raise TextError(f"expected {name} from 0 to {most}, got {value}")
    if not 0 <= temperature < math.inf:
        raise TextError(f"expected a temperature of 0 or more, got {temperature}")
    read = sum(len(codec.encode_prefix(prefix)) for prefix in prefixes)
    if read + length * len(prefixes) > MOST_TOKENS:
        raise TextError(
            f"expected at most {MOST_TOKENS} {codec.kind}s in a request, got {read} to read and"
            f" {len(prefixes)} times {length} to write; lower length, or ask for less at once"
        )
    return [
        continue_text(model, codec, prefix, length, temperature, top_k or None, seed) for prefix in prefixes
    ]


def forecast_windows(
    predict: WindowPredictor, window: int, windows: np.ndarray, horizon: int = 1
) -> np.ndarray:
    """Forecast what comes after windows of past values.

    Args:
        window: past values that a prediction sees (tau).
        windows: shape (windows, window), in the unit of the series.
        horizon: steps ahead, >= 1.

    Returns:
        shape (windows, horizon).

    Raises:
        WindowError: windows of another length or not of numbers, or a horizon out of its range.
    """
    if windows.ndim != 2 or windows.shape[1] != window or not np.isfinite(windows).all():
        raise WindowError(
            f"expected windows of {window} finite values each, got {windows.shape}: {windows.tolist()!s:.200}"
        )
    most = MOST_VALUES // max(1, len(windows))
    if not 1 <= horizon <= most:
        raise WindowError(f"expected a horizon from 1 to {most} after {len(windows)} windows, got {horizon}")
    with np.errstate(over="ignore", invalid="ignore"):
        forecasts = feed_back(predict, windows, horizon)
    if not np.isfinite(forecasts).all():
        raise WindowError(
            "expected values of a size that the model knows, got up to"
            f" {np.abs(windows).max():g}, after which it forecasts no finite number"
        )
    return forecasts
