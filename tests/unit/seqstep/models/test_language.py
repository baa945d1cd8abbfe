"""What holds for every recurrent language model, whatever cell is inside."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.models.language import LanguageModel, detach
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch

Make = Callable[[torch.Generator], LanguageModel]
VOCAB, HIDDEN = 5, 6
MODELS: dict[str, Make] = {
    "scratch": lambda generator: RNNScratch(VOCAB, HIDDEN, generator),
    "rnn": lambda generator: RNNTorch(VOCAB, HIDDEN, "rnn", 1, generator=generator),
    "gru": lambda generator: RNNTorch(VOCAB, HIDDEN, "gru", 2, generator=generator),
    "lstm": lambda generator: RNNTorch(VOCAB, HIDDEN, "lstm", 2, generator=generator),
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
texts = st.lists(st.integers(0, VOCAB - 1), min_size=2, max_size=12)


def lively(make: Make) -> LanguageModel:
    """A model in float64 with weights from N(0, 1), so that every token leaves its mark."""
    generator = torch.Generator().manual_seed(0)
    model = make(generator).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return model


@every_model
@settings(deadline=None, max_examples=20)
@given(text=texts, cut=st.integers(1, 11))
def test_a_state_carried_over_two_calls_equals_one_call(make: Make, text: list[int], cut: int) -> None:
    model, ids, cut = lively(make), torch.tensor([text]), min(cut, len(text) - 1)
    whole, last = model(ids, model.begin_state(1))
    first, state = model(ids[:, :cut], model.begin_state(1))
    second, end = model(ids[:, cut:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    for part, expected in zip(end, last, strict=True):
        torch.testing.assert_close(part, expected)


@every_model
def test_a_prediction_sees_no_later_token(make: Make) -> None:
    model = lively(make)
    texts = torch.tensor([[0, 1, 2, 3, 4], [0, 1, 2, 4, 0]])
    logits, _ = model(texts, model.begin_state(2))
    torch.testing.assert_close(logits[0, :3], logits[1, :3])
    assert not torch.allclose(logits[0, 3], logits[1, 3])


@every_model
def test_the_texts_of_a_batch_do_not_touch_each_other(make: Make) -> None:
    model, ids = lively(make), torch.tensor([[0, 1, 2], [4, 3, 3]])
    together, states = model(ids, model.begin_state(2))
    for row in range(2):
        alone, state = model(ids[row : row + 1], model.begin_state(1))
        torch.testing.assert_close(together[row : row + 1], alone)
        for part, one in zip(states, state, strict=True):
            torch.testing.assert_close(part.select(-2, row), one.select(-2, 0))


@every_model
def test_detach_keeps_the_values_and_ends_the_gradient(make: Make) -> None:
    model = lively(make)
    _, state = model(torch.tensor([[1, 2]]), model.begin_state(1))
    cut = detach(state)
    assert all(part.requires_grad for part in state)
    assert not any(part.requires_grad for part in cut)
    assert all(torch.equal(part, other) for part, other in zip(state, cut, strict=True))


@every_model
def test_a_model_knows_its_vocabulary_and_its_device(make: Make) -> None:
    model = lively(make)
    assert model.vocab == VOCAB
    assert model.device == torch.device("cpu")
    assert model.to("meta").device == torch.device("meta")
    assert all(part.device == torch.device("meta") for part in model.begin_state(1))


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_the_librarys_layers_round_only_while_they_are_trained_and_not_on_other_devices(name: str) -> None:
    model = MODELS[name](torch.Generator())
    model.products = torch.bfloat16
    assert model.rounded() == torch.bfloat16
    with torch.no_grad():
        assert model.rounded() is None
    assert model.to("meta").rounded() is None
