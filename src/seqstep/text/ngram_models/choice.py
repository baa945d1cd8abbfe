"""Choosing how far a model made of counts looks back, on text that it has not counted."""

from collections.abc import Sequence

import numpy as np

from seqstep.errors import TextError
from seqstep.metrics import mean_loss
from seqstep.text.ngram_models.ngram_model import NgramModel
from seqstep.text.ngram_models.table import fit_counts


def choose_order(
    name: str,
    ids: np.ndarray,
    vocab: int,
    orders: Sequence[int],
    valid_share: float,
    end: int | None = None,
) -> int:
    """Find the order with the least perplexity on the end of a training text, fitted on what is before it.

    Args:
        name: of a model in the table.
        ids: shape (tokens,), the training text in the vocabulary's indices.
        vocab: size of the vocabulary.
        orders: to choose from; of equally good ones the first is taken.
        valid_share: share of the text, at its end, that is chosen by.
        end: the token that ends documents, if there are several.

    Raises:
        TextError: the text is too short for these orders.
    """
    counted = counted_tokens(len(ids), orders, valid_share)
    known, valid = ids[:counted], ids[counted:]
    losses = [
        mean_loss(fit_counts(name, known, vocab, order, end).log_probabilities(valid, before=known))
        for order in orders
    ]
    return orders[int(np.argmin(losses))]


def counted_tokens(tokens: int, orders: Sequence[int], valid_share: float) -> int:
    """Find how many tokens of a training text are counted; by those after them an order is chosen.

    Raises:
        TextError: the text is too short for these orders, or for this share.
    """
    end = tokens - round(valid_share * tokens)
    if not max(orders) <= end < tokens:
        raise TextError(
            f"expected at least {max(orders)} tokens to count and one to choose an order by, got {end} and"
            f" {tokens - end}; take a longer training text, lower comparison.orders (of words"
            f" comparison.word_orders), or set another comparison.valid_share than {valid_share:g}"
        )
    return end


def fit_chosen(
    name: str,
    ids: np.ndarray,
    vocab: int,
    orders: Sequence[int],
    valid_share: float,
    end: int | None = None,
) -> NgramModel:
    """Fit a model with the order that `choose_order` finds, on the whole training text."""
    order = choose_order(name, ids, vocab, orders, valid_share, end)
    return fit_counts(name, ids, vocab, order, end)
