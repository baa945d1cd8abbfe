"""What a model was measured on, of all that it had not seen: figures on the same can be compared."""

import hashlib
import json
from collections.abc import Iterable, Sequence

import numpy as np

#: the figure of each kind of model that says most, unless another one is asked for
_USUAL = ("test_perplexity", "rmse_valid_k016")


def tokens_digest(tokens: Sequence[str], chars: int) -> str:
    """Digest a text that models are tested on.

    Args:
        tokens: as a model reads them, those that it does not know as `<unk>`; the first gives context only.
        chars: characters of the text, by which bits per character are counted.

    Returns:
        16 hexadecimal digits; none for an empty text.
    """
    return _digest(json.dumps([chars, *tokens], ensure_ascii=False).encode()) if len(tokens) else ""


def forecasts_digest(series: np.ndarray, window: int, start: int, horizons: Sequence[int]) -> str:
    """Digest the values that forecasts are held against.

    Args:
        series: observed values, shape (steps,).
        window: past values that a prediction sees (tau); counts only if no forecast reaches `start`.
        start: index of the first value that did not train.
        horizons: steps ahead; the furthest tells where the targets of each end.

    Returns:
        16 hexadecimal digits.
    """
    first = max(start, window + max(horizons) - 1)
    return _digest(series[first:].astype("<f8").tobytes() + str(max(horizons)).encode())


def unseen_measures(names: Iterable[str]) -> list[str]:
    """Choose the figures that are measured on unseen data, the usual one first; in each, less is better.

    Args:
        names: of figures, such as test_perplexity or rmse_valid_k016.
    """
    found = [name for name in names if name.startswith(("test_", "rmse_valid_"))]
    return sorted(found, key=lambda name: (name not in _USUAL, name))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
