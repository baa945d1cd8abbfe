"""The figures that the notes print, beside those of a run."""

import math
from collections.abc import Mapping
from typing import NamedTuple


class Compared(NamedTuple):
    """A figure of the notes and of a run, as text."""

    figure: str
    notes: str
    run: str
    difference: str


class Printed(NamedTuple):
    """A figure as the notes print it.

    Attributes:
        stage: records the same figure.
        metric: its name there.
        digits: decimals that the notes print.
        is_speed: whether it is a matter of the machine, so that a ratio says more than a difference.
    """

    text: str
    stage: str
    metric: str
    value: float
    digits: int = 0
    is_speed: bool = False


#: the notes' speeds were measured on a CUDA GPU of 2022
PRINTED = (
    Printed("bytes of the text", "verify", "corpus/bytes", 178_979),
    Printed("lines", "tokenize", "text/lines", 3221),
    Printed("characters", "tokenize", "text/char_tokens", 170_580),
    Printed("words", "tokenize", "text/word_tokens", 32_775),
    Printed("vocabulary of characters", "vocab", "vocab/char_size", 28),
    Printed("vocabulary of words", "vocab", "vocab/word_size", 4580),
    Printed("MLP, mean squared error, training", "train_mlp", "train/mse", 0.057, 3),
    Printed("MLP, mean squared error, validation", "train_mlp", "valid/mse", 0.063, 3),
    Printed("RNN from scratch, perplexity", "train_rnn_scratch", "train/perplexity", 1.0247, 4),
    Printed("nn.RNN, perplexity", "train_rnn", "train/perplexity", 1.0213, 4),
    Printed("RNN from scratch, tokens/s", "train_rnn_scratch", "train/tokens_per_s", 110_834, is_speed=True),
    Printed("nn.RNN, tokens/s", "train_rnn", "train/tokens_per_s", 499_128, is_speed=True),
)


def printed_value(stage: str, metric: str) -> float:
    """Find the figure that the notes print where a stage records a metric."""
    return next(printed.value for printed in PRINTED if (printed.stage, printed.metric) == (stage, metric))


def beside_the_notes(metrics: Mapping[str, Mapping[str, float]]) -> list[Compared]:
    """Lay a run's figures beside the notes'.

    Args:
        metrics: the last value of each metric, by stage; one that the run lacks becomes a dash.
    """
    return [
        _compare(printed, metrics.get(printed.stage, {}).get(printed.metric, math.nan)) for printed in PRINTED
    ]


def _compare(printed: Printed, value: float) -> Compared:
    notes = f"{printed.value:,.{printed.digits}f}"
    run = f"{value:,.{printed.digits}f}" if math.isfinite(value) else "–"
    return Compared(printed.text, notes, run, _difference(printed, value))


def _difference(printed: Printed, value: float) -> str:
    """Say how far a figure is from the notes', to the digits that they print."""
    if not math.isfinite(value):
        return "–"
    if printed.is_speed:
        return f"× {value / printed.value:.2g}"
    difference = round(value - printed.value, printed.digits)
    return f"{difference:+,.{printed.digits}f}".replace("-", "−") if difference else "none"
