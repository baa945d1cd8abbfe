"""A user's text under a language model: how likely it is, with and without what the model does not know."""

import math
from typing import NamedTuple

import numpy as np

from seqstep.errors import TextError
from seqstep.evaluation.train_and_test import Scorer
from seqstep.evaluation.unknown import Speller
from seqstep.metrics import bits_per_char, mean_loss, perplexity
from seqstep.settings.config import ComparisonConfig
from seqstep.text.codec import Codec
from seqstep.text.spacing import spaced_lengths, token_length
from seqstep.text.vocab import Vocab


class OwnText(NamedTuple):
    """What a model makes of a text.

    Attributes:
        tokens_scored: all but the first; where the model knows documents all, and their ends.
        unknown_tokens: of these, how many are read as `<unk>`.
        log_probability: of all of them, natural logarithm.
        perplexity_of_known: without the unknown ones; nan if there are no others.
        bits_per_char: with the letters of unknown tokens paid for; nan if nothing predicts these.
    """

    tokens_scored: int
    unknown_tokens: int
    log_probability: float
    perplexity: float
    perplexity_of_known: float
    bits_per_char: float


class OwnTexts:
    """Scores texts, each by itself.

    Args:
        scorer: from indices to the log-probabilities of all but the first.
    """

    def __init__(self, scorer: Scorer, codec: Codec) -> None:
        self._scorer, self._codec = scorer, codec
        self._speller = Speller(codec.kind, codec.vocab.seen, ComparisonConfig())

    def score(self, text: str) -> OwnText:
        """Read a text as the model's training text was read, and score it.

        Raises:
            TextError: no token is left to score.
        """
        tokens = self._codec.split(text)
        ids = np.array(self._codec.vocab[tokens])
        if len(ids) < 2:
            raise TextError(f"expected a text of at least 2 {self._codec.kind}s to score, got {text!r:.100}")
        scores, known = self._scorer(ids), ids[1:] != Vocab.unknown
        unknown = [token for token, is_known in zip(tokens[1:], known, strict=True) if not is_known]
        spelled = np.append(scores, self._spelled(unknown))
        return OwnText(
            tokens_scored=len(scores),
            unknown_tokens=len(unknown),
            log_probability=float(scores.sum()),
            perplexity=perplexity(mean_loss(scores)),
            perplexity_of_known=perplexity(mean_loss(scores[known])) if known.any() else math.nan,
            bits_per_char=bits_per_char(spelled, self._characters(tokens)),
        )

    def _spelled(self, unknown: list[str]) -> float:
        try:
            return self._speller.log_probability(unknown)
        except TextError:  # the vocabulary has too few letters to learn from
            return math.nan

    def _characters(self, tokens: list[str]) -> int:
        """Count the characters of all tokens but the first."""
        if self._codec.kind == "word":
            return int(spaced_lengths(tokens, np.arange(len(tokens)))[1:].sum())
        return sum(map(token_length, tokens[1:]))
