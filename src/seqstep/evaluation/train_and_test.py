"""Language models side by side: on the text that trained them, and on the text that follows it."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqstep.metrics import bits_per_char, mean_loss, perplexity
from seqstep.text.vocab import Vocab

#: from a text in indices, shape (tokens,), to the log-probabilities of its tokens but the first
Scorer = Callable[[np.ndarray], np.ndarray]


class TrainAndTest(NamedTuple):
    """The text that trains the models, and the text after it with one token before it as context.

    Attributes:
        train: shape (tokens,), indices.
        test: shape (1 + tokens,), indices; empty where no text is left.
        test_chars: characters of the test part, without the context.
    """

    train: np.ndarray
    test: np.ndarray
    test_chars: int

    @classmethod
    def divide(
        cls, ids: np.ndarray, train_tokens: int, test_tokens: int, lengths: np.ndarray | None = None
    ) -> "TrainAndTest":
        """Cut a text at `train_tokens`; the test part has `test_tokens` tokens or what is left.

        Args:
            ids: the whole text, shape (tokens,).
            lengths: characters of each token, shape (tokens,); 1 each if not given.
        """
        end = train_tokens + test_tokens
        test = ids[train_tokens - 1 : end]
        chars = len(test) - 1 if lengths is None else int(lengths[train_tokens:end].sum())
        return cls(ids[:train_tokens], test, chars) if len(test) > 1 else cls(ids[:train_tokens], test[:0], 0)

    def unseen_share(self) -> float:
        """Share of the test tokens that do not occur in the training text; nan without a test part."""
        return float(np.mean(~np.isin(self.test[1:], self.train))) if len(self.test) else float("nan")


class Scores(NamedTuple):
    """How well a model knows both parts; test figures are nan without a test part.

    Attributes:
        train_perplexity: per token of the training text.
        test_perplexity: per token of the text after it.
        test_bits_per_char: bits to encode a character of that text, the letters of unknown tokens included;
            nan if it has some, and nothing predicts these letters.
    """

    train_perplexity: float
    test_perplexity: float
    test_bits_per_char: float


def score(
    scorer: Scorer, parts: TrainAndTest, on_train: Scorer | None = None, spelling: float = math.nan
) -> Scores:
    """Measure one model; each token is scored once, the first of each part only gives context.

    Args:
        on_train: scores the training text, for a model that reads it in another way than unseen text.
        spelling: log-probability of the letters of all test tokens that are unknown, natural logarithm.
    """
    train = perplexity(mean_loss((on_train or scorer)(parts.train)))
    if len(parts.test) == 0:
        return Scores(train, float("nan"), float("nan"))
    scores = scorer(parts.test)
    known = (parts.test[1:] != Vocab.unknown).all()
    bits = bits_per_char(scores if known else np.append(scores, spelling), parts.test_chars)
    return Scores(train, perplexity(mean_loss(scores)), bits)


def comparison_table(scores: dict[str, Scores], copied: dict[str, float]) -> pd.DataFrame:
    """Lay the models out, the best on unseen text first.

    Args:
        copied: for models that wrote a sample, the share of it that stands in the training text.

    Returns:
        columns model, train_perplexity, test_perplexity, test_bits_per_char, copied_share.
    """
    rows = [
        {"model": name, **dict(zip(result._fields, result, strict=True)), "copied_share": copied.get(name)}
        for name, result in scores.items()
    ]
    return pd.DataFrame(rows).sort_values("test_perplexity", ignore_index=True)
