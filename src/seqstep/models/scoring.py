"""How likely a language model finds a text.

Source: the notes, the section on perplexity ("It is raining outside").
"""

import numpy as np
import torch

from seqstep.models.language import LanguageModel
from seqstep.settings.config import RNNConfig

_CHUNK = 1000


def minibatch_log_probabilities(model: LanguageModel, ids: np.ndarray, config: RNNConfig) -> np.ndarray:
    """Log-probabilities of the tokens in the minibatches that train a model, from the text's start on.

    This is what the notes call the perplexity of the training text, but with the weights at the end of
    the training. Random minibatches read each sequence from a state of zeros, sequential ones carry it.

    Args:
        ids: the training text in the vocabulary's indices, shape (tokens,).
        config: batch, steps and the way of the minibatches.
    """
    rows = (len(ids) - 1) // config.steps if config.random_batches else config.batch
    return log_probabilities(model, ids, rows, config.steps)


def log_probabilities(model: LanguageModel, ids: np.ndarray, rows: int = 1, steps: int = 1) -> np.ndarray:
    """Log-probability of every token after the first, given all before it.

    The state starts at zeros and is carried along the whole text, so each token is scored once. With
    several rows the text is cut into so many of equal length that are read side by side, each from a
    state of zeros, and in each only whole groups of `steps` tokens are scored: the minibatches that
    train a model, which leave out what fills none at the end of a row.

    Args:
        ids: the text in the vocabulary's indices, shape (tokens,), at least rows * steps + 1.
        rows: parts that are read side by side.
        steps: tokens of a row that are scored together or not at all.

    Returns:
        shape (rows * columns,), natural logarithms, row by row; without rows entry i belongs to
        `ids[i + 1]`.
    """
    length = (len(ids) - 1) // rows
    columns = length // steps * steps
    text = torch.tensor(ids[: rows * length + 1], dtype=torch.int64, device=model.device)
    inputs = text[:-1].reshape(rows, length)[:, :columns]
    labels = text[1:].reshape(rows, length)[:, :columns]
    state = model.begin_state(rows)
    scores = []
    with torch.inference_mode():
        for read, following in zip(inputs.split(_CHUNK, dim=1), labels.split(_CHUNK, dim=1), strict=True):
            logits, state = model(read, state)
            all_scores = torch.log_softmax(logits.double(), dim=-1)
            scores.append(all_scores.gather(2, following[:, :, None])[:, :, 0])
    return torch.cat(scores, dim=1).flatten().cpu().numpy()
