import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.metrics import mean_loss, perplexity
from seqstep.models import scoring
from seqstep.models.language import HiddenState, LanguageModel
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.models.scoring import log_probabilities, minibatch_log_probabilities
from seqstep.settings.config import RNNConfig

VOCAB = 5
TEXT = np.random.default_rng(0).integers(0, VOCAB, 23).astype(np.uint8)
texts = st.lists(st.integers(0, VOCAB - 1), min_size=2, max_size=15).map(np.array)


def models() -> dict[str, LanguageModel]:
    """Models with weights from N(0, 1), so that every token matters."""
    generator = torch.Generator().manual_seed(0)
    made = {
        "scratch": RNNScratch(VOCAB, 6),
        "gru": RNNTorch(VOCAB, 6, "gru", 2),
        "lstm": RNNTorch(VOCAB, 6, "lstm"),
    }
    for model in made.values():
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, generator=generator)
    return made


every_model = pytest.mark.parametrize("model", models().values(), ids=models().keys())


def biased(biases: list[float]) -> RNNScratch:
    """A model that says the same after every token: the softmax of `biases`."""
    model = RNNScratch(len(biases), 3)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    model.b_q.data = torch.tensor(biases)
    return model


@every_model
@settings(deadline=None, max_examples=20)
@given(ids=texts)
def test_the_scores_equal_a_computation_step_by_step(model: LanguageModel, ids: np.ndarray) -> None:
    state, expected = model.begin_state(1), []
    for token, following in zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True):
        with torch.no_grad():
            logits, state = model(torch.tensor([[token]]), state)
        weights = np.exp(logits[0, 0].double().numpy())
        expected.append(math.log(weights[following] / weights.sum()))
    found = log_probabilities(model, ids)
    assert found.shape == (len(ids) - 1,)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@every_model
@pytest.mark.parametrize("chunk", [1, 2, 7, 21, 22, 23])
def test_the_scores_do_not_depend_on_the_chunks(
    model: LanguageModel, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = log_probabilities(model, TEXT)
    monkeypatch.setattr(scoring, "_CHUNK", chunk)
    np.testing.assert_allclose(log_probabilities(model, TEXT), whole, atol=1e-5)


@every_model
@settings(deadline=None, max_examples=10)
@given(ids=texts)
def test_the_probabilities_of_the_next_token_sum_to_1(model: LanguageModel, ids: np.ndarray) -> None:
    scores = [log_probabilities(model, np.append(ids, token))[-1] for token in range(VOCAB)]
    assert np.exp(scores).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("vocab", [2, 28, 4580])
def test_the_perplexity_of_a_uniform_model_is_the_size_of_the_vocabulary(vocab: int) -> None:
    scores = log_probabilities(biased([0.0] * vocab), np.arange(2001) % vocab)
    assert perplexity(mean_loss(scores)) == pytest.approx(vocab, rel=1e-12)


def test_the_perplexity_of_a_perfect_model_is_1() -> None:
    assert perplexity(mean_loss(log_probabilities(biased([0.0, 1000.0, 0.0]), np.ones(50, int)))) == 1


def test_the_perplexity_is_infinite_where_a_token_has_probability_0() -> None:
    assert perplexity(mean_loss(np.array([-math.inf]))) == math.inf
    scores = log_probabilities(biased([0.0, -math.inf, 0.0]), np.array([0, 2, 1, 0]))
    assert perplexity(mean_loss(scores)) == math.inf


def test_scoring_keeps_no_gradient_and_changes_no_weight() -> None:
    model = biased([0.0, 1.0])
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    log_probabilities(model, np.array([0, 1, 1]))
    assert all(weight.grad is None for weight in model.parameters())
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


@every_model
def test_rows_are_scored_side_by_side_from_a_fresh_state_in_whole_minibatches(model: LanguageModel) -> None:
    rows, steps = 2, 5  # 22 labels are two rows of 11, of which two minibatches fill 10 columns
    expected = [log_probabilities(model, TEXT[start : start + 11]) for start in (0, 11)]
    found = minibatch_log_probabilities(model, TEXT, RNNConfig(batch=rows, steps=steps))
    np.testing.assert_allclose(found, np.concatenate([row[:10] for row in expected]), rtol=1e-5)


END = 1
#: a document's tokens, without its end
documents = st.lists(st.sampled_from([0, 2, 3, 4]), min_size=1, max_size=9)


def joined(parts: list[list[int]]) -> np.ndarray:
    """The text of some documents, as it is read: an end begins and ends each."""
    return np.array([END, *(token for part in parts for token in [*part, END])], np.uint8)


@every_model
@settings(deadline=None, max_examples=20)
@given(parts=st.lists(documents, min_size=1, max_size=6), cut=st.integers(0, 4), chunk=st.integers(1, 30))
def test_each_document_is_scored_as_if_it_stood_alone(
    model: LanguageModel, parts: list[list[int]], cut: int, chunk: int
) -> None:
    ids = joined(parts)[min(cut, len(parts[0])) :]  # the first may lack its beginning, the last its end
    ids = ids[: max(2, len(ids) - cut)]
    starts = [0, *(place for place in range(1, len(ids) - 1) if ids[place] == END)]
    expected = [
        log_probabilities(model, ids[start : stop + 1])
        for start, stop in zip(starts, [*starts[1:], len(ids) - 1], strict=True)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "_CHUNK", chunk)
        found = log_probabilities(model, ids, END)
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-5)


@every_model
def test_the_order_of_documents_changes_no_score(model: LanguageModel) -> None:
    parts = [[0, 2], [3], [4, 4, 0, 2, 3], [2, 2], [3, 0, 0]]
    whole = log_probabilities(model, joined(parts), END)
    scores = dict(
        zip(map(tuple, parts), np.split(whole, np.cumsum([len(p) + 1 for p in parts])), strict=False)
    )
    for _ in range(5):
        np.random.default_rng(0).shuffle(parts)
        found = log_probabilities(model, joined(parts), END)
        np.testing.assert_allclose(found, np.concatenate([scores[tuple(p)] for p in parts]), atol=1e-5)


@every_model
@pytest.mark.parametrize("at_random", [False, True])
def test_the_minibatches_of_documents_are_windows_each_from_a_fresh_state(
    model: LanguageModel, at_random: bool
) -> None:
    ids = joined([[0, 2, 3, 4, 4, 0, 2], [3], [2, 3, 4]])
    windows = [ids[0:4], ids[3:7], ids[6:9], ids[8:11], ids[10:14], ids[13:15]]
    expected = [log_probabilities(model, window) for window in windows]
    config = RNNConfig(batch=2, steps=3, random_batches=at_random)
    found = minibatch_log_probabilities(model, ids, config, END)
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-5)


@every_model
def test_a_text_that_is_one_document_has_the_same_bits_whether_it_may_end_or_not(
    model: LanguageModel,
) -> None:
    ids = np.random.default_rng(0).choice([0, 2, 3, 4], 2500)
    assert np.array_equal(log_probabilities(model, ids, END), log_probabilities(model, ids))


def test_many_short_documents_are_scored_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    model, shapes = biased([0.0] * VOCAB), []
    read = RNNScratch.forward

    def counted(self: RNNScratch, ids: torch.Tensor, state: HiddenState) -> tuple[torch.Tensor, HiddenState]:
        shapes.append(ids.numel())
        return read(self, ids, state)

    monkeypatch.setattr(RNNScratch, "forward", counted)
    log_probabilities(model, joined([[2] * (length % 9 + 1) for length in range(3000)]), END)
    assert len(shapes) < 25 and max(shapes) <= 1000
