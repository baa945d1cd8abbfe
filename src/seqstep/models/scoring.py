"""How likely a language model finds a text.

Source: the notes, the section on perplexity ("It is raining outside").
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from seqstep.models.language import LanguageModel
from seqstep.settings.config import RNNConfig
from seqstep.text.document_windows import IGNORED, DocumentWindows

#: steps of a text that are read at once; of documents side by side, all their tokens together
_CHUNK = 1000


def minibatch_log_probabilities(
    model: LanguageModel, ids: np.ndarray, config: RNNConfig, end: int | None = None
) -> np.ndarray:
    """Log-probabilities of the tokens in the minibatches that train a model, from the text's start on.

    This is what the notes call the perplexity of the training text, but with the weights at the end of
    the training. Random minibatches, and all of a text of documents, read each sequence from a state of
    zeros, sequential ones carry it. What fills no sequence is left out; of documents nothing is.

    Args:
        ids: the training text in the vocabulary's indices, shape (tokens,).
        config: batch, steps and the way of the minibatches.
        end: the token that ends documents, if there are several.

    Returns:
        natural logarithms, in the order of the text.
    """
    if end is not None:
        return _score_windows(model, ids, DocumentWindows(ids, end, config.steps))
    rows = (len(ids) - 1) // config.steps if config.random_batches else config.batch
    return _score_rows(model, ids, rows, config.steps)


def log_probabilities(model: LanguageModel, ids: np.ndarray, end: int | None = None) -> np.ndarray:
    """Log-probability of every token after the first, given all before it in its document.

    The state starts at zeros with each document and is carried along it, so each token is scored once.

    Args:
        ids: the text in the vocabulary's indices, shape (tokens,), at least two tokens.
        end: the token that ends documents, if there are several.

    Returns:
        shape (tokens - 1,), natural logarithms; entry i belongs to `ids[i + 1]`.
    """
    if end is not None:
        return _score_windows(model, ids, DocumentWindows(ids, end, len(ids)))
    return _score_rows(model, ids, rows=1, steps=1)


def _score_rows(model: LanguageModel, ids: np.ndarray, rows: int, steps: int) -> np.ndarray:
    """Cut a text into rows of equal length that are read side by side, each from a state of zeros.

    Args:
        ids: at least rows * steps + 1.
        steps: tokens of a row that are scored together or not at all.
    """
    length = (len(ids) - 1) // rows
    columns = length // steps * steps
    text = torch.tensor(ids[: rows * length + 1], dtype=torch.int64, device=model.device)
    inputs = text[:-1].reshape(rows, length)[:, :columns]
    labels = text[1:].reshape(rows, length)[:, :columns]
    return _score(model, inputs, labels).flatten()


def _score_windows(model: LanguageModel, ids: np.ndarray, windows: DocumentWindows) -> np.ndarray:
    """Read windows of like lengths side by side, each from a state of zeros."""
    scores = np.empty(len(ids) - 1)
    for chosen in _of_like_sizes(windows.sizes):
        places = windows.places(chosen, windows.sizes[chosen].max())
        inputs, labels = (
            torch.tensor(part, dtype=torch.int64, device=model.device) for part in windows.read(places)
        )
        real = places != IGNORED
        scores[places[real] - 1] = _score(model, inputs, labels.clamp(min=0))[real]
    return scores


def _of_like_sizes(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Group windows, the longest first, so that what is read at once is bounded; return their numbers."""
    order, first = np.argsort(-lengths, kind="stable"), 0
    while first < len(order):
        stop = first + max(1, _CHUNK // int(lengths[order[first]]))
        yield order[first:stop]
        first = stop


def _score(model: LanguageModel, inputs: Tensor, labels: Tensor) -> np.ndarray:
    """Log-probabilities of the labels, shape (rows, columns), each row read from a state of zeros."""
    state = model.begin_state(len(inputs))
    scores = []
    with torch.inference_mode():
        for read, following in zip(inputs.split(_CHUNK, dim=1), labels.split(_CHUNK, dim=1), strict=True):
            logits, state = model(read, state)
            all_scores = torch.log_softmax(logits.double(), dim=-1)
            scores.append(all_scores.gather(2, following[:, :, None])[:, :, 0])
    return torch.cat(scores, dim=1).cpu().numpy()
