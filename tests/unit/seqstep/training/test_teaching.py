"""What counts of the rest of a text say, and what a network that is taught learns of it."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from seqstep.errors import TextError
from seqstep.models.regularised import RegularisedRNN
from seqstep.settings.config import HeldOutConfig
from seqstep.text.batches import sequential_batches
from seqstep.text.ngram_models.kneser_ney import KneserNey
from seqstep.training.held_out import HeldOutTraining
from seqstep.training.teaching import taught_probabilities

VOCAB, END = 4, 1
IDS = np.random.default_rng(0).integers(1, VOCAB, 200).astype(np.uint8)


def test_each_place_is_told_of_by_counts_of_the_nine_tenths_that_it_is_not_in() -> None:
    taught = taught_probabilities(IDS, VOCAB, 3)
    assert taught.shape == (200, VOCAB)
    np.testing.assert_allclose(taught.sum(axis=1), 1, rtol=1e-6)
    rest = KneserNey(np.concatenate([IDS[:40], IDS[60:]]), VOCAB, 3, modified=True)
    for place in range(40, 60):
        np.testing.assert_allclose(taught[place], rest.probabilities(IDS[:place]), rtol=1e-6)


def test_a_token_does_not_make_itself_likely() -> None:
    other = IDS.copy()
    other[50] = IDS[50] % (VOCAB - 1) + 1
    before, after = (taught_probabilities(ids, VOCAB, 3) for ids in (IDS, other))
    np.testing.assert_array_equal(before[40:51], after[40:51])
    assert (before[:40] != after[:40]).any()


@pytest.mark.parametrize("teaching", [0.0, 0.75])
def test_a_step_goes_down_the_loss_against_tokens_and_probabilities_mixed(teaching: float) -> None:
    config = HeldOutConfig(
        batch=1, steps=100, epochs=1, optimizer="sgd", learning_rate=0.5, weight_decay=0, clip=1e6
    ).model_copy(update={"teaching": teaching, "dropout_output": 0.0, "precision": "float32"})
    model, plain = (RegularisedRNN(VOCAB, 5, "gru", 1, torch.Generator().manual_seed(0)) for _ in range(2))
    list(HeldOutTraining(model, IDS, IDS[:20], config, seed=0).run())

    rng = np.random.default_rng(0)
    rng.integers(2**62)  # the dice
    ((read, following),) = sequential_batches(np.arange(200), 1, 100, rng)
    logits, _ = plain(torch.from_numpy(IDS[read].astype(np.int64)), plain.begin_state(1))
    taught = taught_probabilities(IDS, VOCAB, config.teaching_order)[following[0]]
    target = (1 - teaching) * np.eye(VOCAB)[IDS[following[0]]] + teaching * taught
    (-(torch.from_numpy(target) * torch.log_softmax(logits[0], dim=1)).sum(dim=1).mean()).backward()
    for found, weight in zip(model.parameters(), plain.parameters(), strict=True):
        assert weight.grad is not None
        torch.testing.assert_close(found, weight - 0.5 * weight.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("teaching", [0.0, 0.75])
def test_a_step_on_documents_goes_down_the_same_loss_of_their_tokens_alone(teaching: float) -> None:
    starts, labels = [0, *np.flatnonzero(IDS[1:-1] == END) + 1, 199], IDS[1:].astype(int)
    config = HeldOutConfig(
        batch=len(starts) - 1,
        steps=60,
        epochs=1,
        optimizer="sgd",
        learning_rate=0.5,
        weight_decay=0,
        clip=1e6,
    ).model_copy(update={"teaching": teaching, "dropout_output": 0.0, "precision": "float32"})
    model, plain = (RegularisedRNN(VOCAB, 5, "gru", 1, torch.Generator().manual_seed(0)) for _ in range(2))
    (epoch,) = HeldOutTraining(model, IDS, IDS[:20], config, 0, END).run()

    logits = []
    for start, last in pairwise(starts):
        document = torch.from_numpy(IDS[start:last].astype(np.int64))
        logits.append(plain(document[None], plain.begin_state(1))[0][0])
    scores = torch.log_softmax(torch.cat(logits), dim=1)
    taught = taught_probabilities(IDS, VOCAB, config.teaching_order, END)[1:]
    target = (1 - teaching) * np.eye(VOCAB)[labels] + teaching * taught
    (-(torch.from_numpy(target) * scores).sum(dim=1).mean()).backward()
    assert epoch.loss == pytest.approx(-scores[np.arange(199), labels].mean().item())
    for found, weight in zip(model.parameters(), plain.parameters(), strict=True):
        assert weight.grad is not None
        torch.testing.assert_close(found, weight - 0.5 * weight.grad, atol=1e-6, rtol=1e-4)


def test_what_is_taught_is_counted_across_no_end_of_a_document() -> None:
    taught = taught_probabilities(IDS, VOCAB, 3, END)
    rest = KneserNey(np.concatenate([IDS[:40], IDS[60:]]), VOCAB, 3, modified=True, end=END)
    for place in range(40, 60):
        np.testing.assert_allclose(taught[place], rest.probabilities(IDS[:place]), rtol=1e-6)
    assert not np.allclose(taught, taught_probabilities(IDS, VOCAB, 3))


def test_a_vocabulary_whose_probabilities_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(
        TextError, match=r"got 200 tokens of a vocabulary of 2,000,000; set held_out\.teaching=0"
    ):
        taught_probabilities(IDS, 2_000_000, 3)
