"""The statistics of a text as tables."""

from collections.abc import Sequence

import pandas as pd

from seqstep.text.ngrams import NgramCounts, ZipfFit
from seqstep.text.spacing import show_lines
from seqstep.text.vocab import Vocab


def frequency_table(vocab: Vocab) -> pd.DataFrame:
    """List every token with its index and its count, the most frequent first.

    Returns:
        columns token (↵ for the end of a line), index (0 if it is unknown to the vocabulary) and count.
    """
    tokens, counts = zip(*vocab.frequencies, strict=True)
    shown = list(map(show_lines, tokens))
    return pd.DataFrame({"token": shown, "index": vocab[list(tokens)], "count": counts})


def most_common_table(counted: Sequence[NgramCounts], vocab: Vocab, rows: int) -> pd.DataFrame:
    """List the most common n-grams of each order.

    Returns:
        columns n, rank, tokens (parted by spaces, ↵ for the end of a line), indices (likewise) and count.
    """
    return pd.DataFrame(
        {
            "n": counts.order,
            "rank": rank,
            "tokens": show_lines(" ".join(vocab.to_tokens(gram))),
            "indices": " ".join(map(str, gram)),
            "count": count,
        }
        for counts in counted
        for rank, (gram, count) in enumerate(counts.top(rows), start=1)
    )


def zipf_table(counted: Sequence[NgramCounts], fits: Sequence[ZipfFit]) -> pd.DataFrame:
    """Sum up the n-grams of each order.

    Returns:
        columns n, types, share_once, zipf_slope, first_rank and last_rank (the range of the fit).
    """
    return pd.DataFrame(
        {
            "n": counts.order,
            "types": len(counts),
            "share_once": counts.share_once(),
            "zipf_slope": fit.slope,
            "first_rank": fit.first_rank,
            "last_rank": fit.last_rank,
        }
        for counts, fit in zip(counted, fits, strict=True)
    )
