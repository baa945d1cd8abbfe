"""Language models on the same newest tokens of a text, none of which trained any of them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from seqstep.errors import TextError
from seqstep.evaluation.fingerprints import tokens_digest
from seqstep.evaluation.train_and_test import Scorer
from seqstep.evaluation.unknown import Speller
from seqstep.evaluation.unseen import Judged
from seqstep.metrics import bits_per_char, mean_loss, perplexity
from seqstep.settings.config import ComparisonConfig
from seqstep.text.codec import Codec
from seqstep.text.tokens import Tokens

#: tokens at the end of a text that models are measured on, if so many are left
NEWEST_TOKENS = 5000


class TrainedReader(NamedTuple):
    """A language model, and what trained it.

    Attributes:
        model: what it is called in messages.
        scorer: from indices to the log-probabilities of all but the first.
        text: the text that it was given.
        seen: tokens at the start of that text that had a say in its training.
    """

    model: str
    scorer: Scorer
    codec: Codec
    text: Tokens
    seen: int


class _Read(NamedTuple):
    """The tokens that are measured on, as one model reads them."""

    digest: str
    figures: dict[str, float]


def judge_readers(models: Sequence[TrainedReader], newest: Tokens) -> Judged:
    """Measure language models on the end of the same text.

    Args:
        newest: the text as it is now; of those that models were given and this, the longest counts.

    Returns:
        `test_perplexity`, if all models read the same tokens, and `test_bits_per_char`, where the letters of
        tokens that a model does not know are paid for.

    Raises:
        TextError: the texts are read differently, are no continuations of each other, or no token is left.
    """
    _check_alike(models)
    newest = max([newest, *(model.text for model in models)], key=len)
    for model in models:
        _check_continued(model, newest)
    first = max(1, len(newest) - NEWEST_TOKENS, *(model.seen for model in models))
    if first >= len(newest):
        raise TextError(
            f"expected text after what trained {' and '.join(model.model for model in models)}, got none of"
            f" {len(newest):,} {newest.kind}s; lower rnn.max_tokens, or take a longer text"
        )
    read = [_measure(model, newest, first) for model in models]
    alike = len({each.digest for each in read}) == 1
    dropped = set() if alike else {"test_perplexity"}
    return Judged(
        data=read[0].digest if alike else _digest_of(newest, first, lambda types: types),
        targets=f"the last {len(newest) - first:,} {newest.kind}s of the text",
        figures=tuple(
            {name: value for name, value in each.figures.items() if name not in dropped} for each in read
        ),
        notice="" if alike else "perplexities do not compare, for their vocabularies differ on these tokens",
    )


def _check_alike(models: Sequence[TrainedReader]) -> None:
    """See that all models read the same tokens, but for those that one does not know."""
    ways = sorted({model.codec.way for model in models})
    if len(ways) > 1:
        told = " and ".join(ways)
        raise TextError(
            f"expected models that read the same tokens, got {told}, which no figure"
            " compares here; bits_per_char of `seqstep run compare` compares characters with words"
        )


def _check_continued(model: TrainedReader, newest: Tokens) -> None:
    """See that a text begins with what trained a model."""
    places = {type_: place for place, type_ in enumerate(newest.types)}
    known = np.array([places.get(type_, -1) for type_ in model.text.types])
    if not np.array_equal(known[model.text.ids[: model.seen]], newest.ids[: model.seen]):
        raise TextError(
            f"expected a text that begins with the {model.seen:,} {newest.kind}s that trained {model.model},"
            " got another one; give it a name of its own (corpus.name)"
        )


def _measure(model: TrainedReader, newest: Tokens, first: int) -> _Read:
    """Score the tokens from `first` on, the one before them being context."""
    vocab = model.codec.vocab
    scores = model.scorer(vocab.encode(newest)[first - 1 :])
    chars = int(newest.lengths()[first:].sum())
    spelled = np.append(scores, _spelling(model, newest, first))
    return _Read(
        _digest_of(newest, first, lambda types: vocab.to_tokens(vocab[types])),
        {
            "test_perplexity": perplexity(mean_loss(scores)),
            "test_bits_per_char": bits_per_char(spelled, chars),
        },
    )


def _spelling(model: TrainedReader, newest: Tokens, first: int) -> float:
    """Log-probability of the letters of all tokens that a model does not know."""
    vocab = model.codec.vocab
    unknown = [newest.types[place] for place in newest.ids[first:] if newest.types[place] not in vocab]
    return Speller(newest.kind, vocab.seen, ComparisonConfig()).log_probability(unknown)


def _digest_of(newest: Tokens, first: int, read: Callable[[list[str]], list[str]]) -> str:
    tokens = read([newest.types[place] for place in newest.ids[first:]])
    return tokens_digest(tokens, int(newest.lengths()[first:].sum()))
