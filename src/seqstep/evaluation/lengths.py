"""Whether a text is long enough to compare models on, told from lengths alone, before any is trained."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from seqstep.errors import TextError
from seqstep.evaluation.bootstrap import check_blocks
from seqstep.evaluation.texts import split_after
from seqstep.evaluation.words import check_frequent
from seqstep.settings.config import ComparisonConfig, LanguageConfig, RNNConfig
from seqstep.text.ngram_models.choice import counted_tokens
from seqstep.text.splits import Split, cut, split_by_share
from seqstep.text.tokens import Tokens


def check_comparison(
    tokens: int, training: RNNConfig, language: LanguageConfig, config: ComparisonConfig
) -> None:
    """See that every table of the comparison has text to count, to choose by and to test on.

    Networks for unseen text need what the table of the whole text needs.

    Args:
        tokens: of the text as networks read it.

    Raises:
        TextError: a part is too short; it says which setting changes that.
    """
    with _about("the end of the text"):
        _check(split_by_share(tokens, 0, config.test_share), config.orders, config.block, config)
    if not config.enabled:
        return
    with _about("the text after the start"):
        start = split_after(tokens, training.max_tokens, language.test_tokens)
        _check(start, config.orders, config.block, config)


def why_no_words(words: Tokens, config: ComparisonConfig) -> str:
    """Say why models of words can't be compared on a text, as on one without spaces; nothing if they can.

    Args:
        words: of the text.
    """
    try:
        with _about("the words at the end of the text"):
            split = split_by_share(len(words), 0, config.test_share)
            _check(split, config.word_orders, config.word_block, config)
            check_frequent(cut(words, split.train), config)
    except TextError as error:
        return f"the table of words is left out, for {error}"
    return ""


def _check(split: Split, orders: Sequence[int], block: int, config: ComparisonConfig) -> None:
    counted_tokens(split.train_end, orders, config.valid_share)
    check_blocks(split.test_end - split.valid_end, block)


@contextmanager
def _about(part: str) -> Iterator[None]:
    """Say which comparison an error is about."""
    try:
        yield
    except TextError as error:
        raise TextError(f"models can't be compared on {part}: {error}") from None
