"""How good a prediction is."""

import math

import numpy as np


def rmse(forecast: np.ndarray, target: np.ndarray) -> float:
    """Root of the mean squared error, in the unit of the series; nan for no values."""
    return math.sqrt(mse(forecast, target)) if len(target) else math.nan


def mse(forecast: np.ndarray, target: np.ndarray) -> float:
    """Mean squared error, in the squared unit of the series."""
    return float(np.mean((forecast - target) ** 2))


def mae(forecast: np.ndarray, target: np.ndarray) -> float:
    """Mean absolute error, in the unit of the series; nan for no values."""
    return float(np.mean(np.abs(forecast - target))) if len(target) else math.nan


def perplexity(mean_loss: float) -> float:
    """Number of real choices: exp of the mean negative log-probability per token.

    1 for a perfect model, the vocabulary's size for a uniform one, infinite where a token had
    probability 0.

    Args:
        mean_loss: sum of the losses / number of tokens, in nats.

    Source: the notes, "perplexity".
    """
    try:
        return math.exp(mean_loss)
    except OverflowError:
        return math.inf


def mean_loss(log_probabilities: np.ndarray) -> float:
    """Mean negative log-probability per token, in nats.

    Args:
        log_probabilities: shape (tokens,), natural logarithms.
    """
    return float(-np.mean(log_probabilities))


def bits_per_token(loss: float) -> float:
    """Bits that it takes to encode a token, from the mean loss in nats."""
    return loss / math.log(2)


def bits_per_char(log_probabilities: np.ndarray, chars: int) -> float:
    """Bits that it takes to encode a character; comparable between models of characters and of words.

    Args:
        log_probabilities: of all tokens, natural logarithms, shape (tokens,).
        chars: characters that the tokens stand for, >= 1; for words with the space after each.
    """
    return bits_per_token(mean_loss(log_probabilities)) * len(log_probabilities) / chars
