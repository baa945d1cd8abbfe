"""Networks and their mixture with counts: on the same tokens, chosen by the validation part alone."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.evaluation.language import ScoredModel, score_counts
from seqstep.evaluation.mixture import (
    PARTNER,
    Mixture,
    best_share,
    mixed,
    score_mixture,
    score_networks,
    together,
)
from seqstep.evaluation.texts import before_and_after, held_out_text
from seqstep.metrics import mean_loss
from seqstep.models.networks import TOGETHER
from seqstep.models.regularised import RegularisedRNN
from seqstep.models.scoring import log_probabilities
from seqstep.settings.config import ComparisonConfig, TextConfig
from seqstep.text.documents import END
from seqstep.text.ngram_models.kneser_ney import KneserNey
from seqstep.text.tokens import Tokens

CONFIG = ComparisonConfig(orders=(2, 3), valid_share=0.25, test_share=0.2, block=10, resamples=20)
LETTERS = "".join(np.random.default_rng(0).choice(list("abc "), 240)) + "abcz" * 15


def tokens_of(text: Sequence[str]) -> Tokens:
    types = tuple(dict.fromkeys(text))
    ids = np.array([types.index(letter) for letter in text], dtype=np.uint8)
    return Tokens("char", types, ids)


TOKENS = tokens_of(LETTERS)
PARTS = held_out_text(TOKENS, TextConfig(), CONFIG)
MODELS = {
    name: RegularisedRNN(len(PARTS.vocab), 6, name, 1, torch.Generator().manual_seed(seed))
    for seed, name in enumerate(("rnn", "gru"))
}


def test_the_vocabulary_is_that_of_the_training_part_alone() -> None:
    # `z` stands in the validation and in the test part only.
    assert [len(part.ids) for part in (PARTS.train, PARTS.valid, PARTS.test)] == [180, 60, 60]
    assert PARTS.vocab.tokens[0] == "<unk>" and "z" not in PARTS.vocab and len(PARTS.vocab) == 5
    assert PARTS.test.unknown_share() == 0.25
    whole = before_and_after(TOKENS, PARTS, CONFIG)
    assert len(whole.train) == 240 and whole.chars == 60 and whole.unseen == 0.25


@pytest.mark.parametrize("shares", [{"valid_share": 0.001}, {"test_share": 0.001}, {"valid_share": 0.999}])
def test_shares_that_leave_a_part_empty_are_an_error(shares: dict[str, float]) -> None:
    with pytest.raises(TextError, match=r"expected at least 1 tokens in the (training|validation|test) part"):
        held_out_text(TOKENS, TextConfig(), CONFIG.model_copy(update=shares))


def test_networks_score_each_part_after_all_that_came_before_it() -> None:
    ids = np.concatenate([PARTS.train.ids, PARTS.valid.ids, PARTS.test.ids])
    for network in score_networks(MODELS, PARTS)[:-1]:
        scores = log_probabilities(MODELS[network.entry.model], ids)
        assert np.array_equal(network.entry.train, scores[:179])
        assert np.array_equal(network.valid, scores[179:239])
        assert np.array_equal(network.entry.test, scores[239:])
        assert network.entry.parameters == sum(w.numel() for w in MODELS[network.entry.model].parameters())


def test_networks_read_each_document_by_itself() -> None:
    letters = np.random.default_rng(0).choice([*"abc", END], 300).tolist()
    parts = held_out_text(tokens_of(letters), TextConfig(documents="line"), CONFIG)
    model = RegularisedRNN(len(parts.vocab), 6, "gru", 1, torch.Generator().manual_seed(0))
    (network,) = score_networks({"gru": model}, parts)
    ids = np.concatenate([parts.train.ids, parts.valid.ids, parts.test.ids])
    expected = log_probabilities(model, ids, parts.vocab.end)
    assert parts.vocab.end == 1 and not np.allclose(expected, log_probabilities(model, ids))
    scores = np.concatenate([network.entry.train, network.valid, network.entry.test])
    assert np.array_equal(scores, expected)


def test_the_mixture_is_of_the_network_that_is_best_on_the_validation_part() -> None:
    counts = list(score_counts(before_and_after(TOKENS, PARTS, CONFIG), CONFIG))
    partner = next(entry for entry in counts if entry.model == PARTNER)
    networks = score_networks(MODELS, PARTS)[:-1]
    best, other = sorted(networks, key=lambda network: mean_loss(network.valid))
    # The other one is made far better on the test part, which may not count.
    other = other._replace(entry=other.entry._replace(test=np.zeros(60)))
    found = score_mixture([other, best], counts, PARTS)
    assert found.network == best.entry.model
    assert partner.order is not None
    known = KneserNey(PARTS.train.ids, len(PARTS.vocab), partner.order, modified=True)
    on_valid = known.log_probabilities(PARTS.valid.ids, before=PARTS.train.ids)
    assert found.share == best_share(best.valid, on_valid)
    expected = found.share * np.exp(best.entry.test) + (1 - found.share) * np.exp(partner.test)
    np.testing.assert_allclose(np.exp(found.entry.test), expected)
    assert len(found.entry.train) == 179
    assert found.entry.parameters == best.entry.parameters + partner.parameters


@pytest.mark.parametrize(
    ("share", "member", "words"),
    [
        (1.0, "gru", "the mixture is gru alone, as is best on"),
        (0.0, PARTNER, "the mixture is modified_kneser_ney alone, as is best on"),
        (0.25, "", "the mixture is 25% of gru and the rest of modified_kneser_ney"),
    ],
)
def test_a_mixture_that_is_one_of_the_models_is_shown_as_that(share: float, member: str, words: str) -> None:
    entry = ScoredModel("mixture", np.zeros(2), np.zeros(2), 3, 0.1)
    mixture = Mixture(entry, "gru", share)
    assert mixture.member == member and mixture.in_words.startswith(words)
    named = {"gru/perplexity": 8.8, "modified_kneser_ney/perplexity": 9.9, "unknown_share": 0.0}
    own = {"mixture/perplexity": named[f"{member}/perplexity"]} if member else {}
    assert mixture.figures(named) == {"mixture/network_share": share, **own}


@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), min_size=1, max_size=20),
    st.floats(0, 1),
)
def test_no_share_is_better_than_the_best_one(pairs: list[tuple[float, float]], share: float) -> None:
    first, second = np.log(np.array(pairs)).T
    least = mean_loss(mixed(first, second, best_share(first, second)))
    nearest = round(share, 2)
    plain = -np.mean([np.log(nearest * p + (1 - nearest) * q) for p, q in pairs])
    assert least <= plain + 1e-9
    assert least <= min(mean_loss(first), mean_loss(second)) + 1e-9


def test_a_mixture_sums_to_1_and_has_its_ends_in_both_models() -> None:
    p, q = np.log([0.2, 0.3, 0.5]), np.log([0.6, 0.4, 1e-300])
    assert np.exp(mixed(p, q, 0.3)).sum() == pytest.approx(1)
    assert np.exp(mixed(p, q, 0.3)) == pytest.approx([0.48, 0.37, 0.15])
    np.testing.assert_array_equal(mixed(p, q, 1.0), p)
    np.testing.assert_array_equal(mixed(p, q, 0.0), q)


def test_networks_together_have_the_mean_of_their_probabilities_in_every_part() -> None:
    first, second, both = score_networks(MODELS, PARTS)
    assert both.entry.model == TOGETHER
    assert [network.entry.model for network in score_networks({"gru": MODELS["gru"]}, PARTS)] == ["gru"]
    for found, one, other in (
        (both.entry.train, first.entry.train, second.entry.train),
        (both.valid, first.valid, second.valid),
        (both.entry.test, first.entry.test, second.entry.test),
    ):
        np.testing.assert_allclose(np.exp(found), (np.exp(one) + np.exp(other)) / 2)
    assert both.entry.parameters == first.entry.parameters + second.entry.parameters


def test_together_what_one_finds_impossible_keeps_half_of_the_others_probability() -> None:
    assert together([np.array([-np.inf]), np.array([0.0])]) == pytest.approx(np.log(0.5))
