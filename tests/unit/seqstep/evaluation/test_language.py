import numpy as np
import pandas as pd
import pytest
import torch

from seqstep.evaluation.language import ScoredModel, named_figures, rank, score_counts, score_network
from seqstep.evaluation.texts import ComparedText
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.scoring import log_probabilities, minibatch_log_probabilities
from seqstep.settings.config import ComparisonConfig, RNNConfig
from seqstep.text.documents import END
from seqstep.text.ngram_models.table import MODELS
from seqstep.text.vocab import Vocab

VOCAB = Vocab([("a", 2), ("b", 1)])
IDS = np.random.default_rng(0).integers(0, 3, 90)
TEXT = ComparedText("char", IDS[:60], IDS[60:], 30, VOCAB, unseen=0.0, spelling=0.0)
CONFIG = ComparisonConfig(orders=(1, 2), valid_share=0.2, block=5, resamples=50)


def test_a_network_scores_each_test_token_once_after_all_before_it() -> None:
    model = RNNScratch(len(VOCAB), 4, torch.Generator().manual_seed(0))
    entry = score_network("rnn_scratch", model, TEXT, RNNConfig(batch=2, steps=5))
    plain = [log_probabilities(model, IDS[: end + 1])[-1] for end in range(60, 90)]
    assert entry.test == pytest.approx(plain)
    assert entry.parameters == 3 * 4 + 4 * 4 + 4 + 4 * 3 + 3


def test_a_network_reads_each_document_by_itself() -> None:
    vocab = Vocab([("a", 2)], reserved=[END])
    text = TEXT._replace(vocab=vocab)
    model = RNNScratch(3, 4, torch.Generator().manual_seed(0))
    torch.nn.init.normal_(model.W_xh, generator=torch.Generator().manual_seed(0))
    training = RNNConfig(batch=2, steps=5)
    entry = score_network("rnn_scratch", model, text, training)
    assert vocab.end == 1
    assert np.array_equal(entry.test, log_probabilities(model, IDS, 1)[-30:])
    assert np.array_equal(entry.train, minibatch_log_probabilities(model, IDS[:60], training, 1))
    assert not np.allclose(entry.test, log_probabilities(model, IDS)[-30:])


def test_counts_score_the_same_tokens_after_the_same_text() -> None:
    entries = list(score_counts(TEXT, CONFIG))
    assert [entry.model for entry in entries] == list(MODELS)
    assert {len(entry.test) for entry in entries} == {30}
    uniform = entries[0]
    assert uniform.test == pytest.approx(np.full(30, -np.log(3))) and uniform.parameters == 0


def test_models_are_ranked_with_the_ratio_to_the_best_of_them() -> None:
    entries = [
        ScoredModel("poor", np.full(9, -2.0), np.full(30, -2.0), 7, 1.5),
        ScoredModel("good", *[np.full(30, -1.0)] * 2, 5, 0.5),
    ]
    table = rank(entries, TEXT._replace(chars=60), CONFIG)
    assert table["model"].tolist() == ["good", "poor"] and table["ratio"].tolist() == pytest.approx([1, np.e])
    assert table["perplexity"].tolist() == pytest.approx([np.e, np.e**2])
    assert table["bits_per_char"].tolist() == pytest.approx([0.5 / np.log(2), 1 / np.log(2)])
    assert table["ratio_lower"].tolist() == pytest.approx([1, np.e])  # they differ by as much everywhere
    assert "seconds" not in table and named_figures(table, entries)["poor/seconds"] == 1.5
    assert pd.isna(table["order"]).all()
