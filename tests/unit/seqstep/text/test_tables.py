import numpy as np

from seqstep.text.ngrams import count_ngrams, fit_zipf
from seqstep.text.tables import frequency_table, most_common_table, zipf_table
from seqstep.text.vocab import Vocab

VOCAB = Vocab([("b", 1), ("a", 3), ("c", 2)], min_freq=2)
IDS = np.array([1, 2, 1, 2, 1, 0])


def test_frequencies_list_rare_tokens_too_under_the_index_of_unknown() -> None:
    assert frequency_table(VOCAB).to_dict("list") == {
        "token": ["a", "c", "b"],
        "index": [1, 2, 0],
        "count": [3, 2, 1],
    }


def test_the_most_common_are_ranked_for_each_order() -> None:
    table = most_common_table([count_ngrams(IDS, n) for n in (1, 2)], VOCAB, rows=2)
    assert table.to_dict("list") == {
        "n": [1, 1, 2, 2],
        "rank": [1, 2, 1, 2],
        "tokens": ["a", "c", "a c", "c a"],
        "indices": ["1", "2", "1 2", "2 1"],
        "count": [3, 2, 2, 2],
    }


def test_the_summary_says_the_range_of_each_fit() -> None:
    counts = count_ngrams(IDS, 1)
    (row,) = zipf_table([counts], [fit_zipf(counts.counts, 1)]).to_dict("records")
    assert (row["types"], row["share_once"], row["first_rank"], row["last_rank"]) == (3, 1 / 3, 1, 2)
