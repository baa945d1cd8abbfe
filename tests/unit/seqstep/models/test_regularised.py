"""The network for unseen text: the library's own without dropout, and what is dropped where."""

import pytest
import torch
from torch import Tensor, nn

from seqstep.models.networks import NETWORKS
from seqstep.models.regularised import Dropout, RegularisedRNN

VOCAB, HIDDEN = 5, 7
IDS = torch.randint(VOCAB, (3, 11), generator=torch.Generator().manual_seed(1))
every_network = pytest.mark.parametrize("network", NETWORKS)


def made(network: str, layers: int = 1, dropout: Dropout | None = None) -> RegularisedRNN:
    model = RegularisedRNN(VOCAB, HIDDEN, network, layers, torch.Generator().manual_seed(0))
    model.dropout = dropout or Dropout()
    model.dice = torch.Generator().manual_seed(4)
    return model


def one_hot(ids: Tensor) -> Tensor:
    return nn.functional.one_hot(ids.T, VOCAB).float()


def by_library(model: RegularisedRNN, kind: type[nn.RNN | nn.GRU | nn.LSTM]) -> Tensor:
    """Logits by one stack of the library's own with the same weights."""
    stack = kind(VOCAB, HIDDEN, num_layers=len(model.stack))
    for number, layer in enumerate(model.stack):
        for name, weight in layer.named_parameters():
            if name == "bias_l0":  # the layer from scratch has one bias only
                stack.state_dict()[f"bias_ih_l{number}"].copy_(weight.detach())
                stack.state_dict()[f"bias_hh_l{number}"].zero_()
            else:
                stack.state_dict()[name.replace("l0", f"l{number}")].copy_(weight.detach())
    outputs = stack(one_hot(IDS))[0]
    return model.linear(outputs).transpose(0, 1)


@pytest.mark.parametrize(
    ("network", "kind"), [("rnn_scratch", nn.RNN), ("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)]
)
@pytest.mark.parametrize("layers", [1, 2])
def test_without_dropout_it_is_the_librarys_stack(
    network: str, kind: type[nn.RNN | nn.GRU | nn.LSTM], layers: int
) -> None:
    model = made(network, layers)
    logits, _ = model(IDS, model.begin_state(3))
    torch.testing.assert_close(logits, by_library(model, kind), atol=1e-6, rtol=1e-5)


@every_network
@pytest.mark.parametrize("layers", [1, 2])
def test_a_text_read_in_two_pieces_is_read_as_a_whole(network: str, layers: int) -> None:
    model = made(network, layers)
    whole, end = model(IDS, model.begin_state(3))
    first, state = model(IDS[:, :4], model.begin_state(3))
    second, last = model(IDS[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, atol=1e-6, rtol=1e-5)
    for one, other in zip(last, end, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


@every_network
def test_nothing_is_dropped_where_no_gradient_is_asked_for(network: str) -> None:
    model = made(network, 2, Dropout(0.5, 0.5, 0.5, 0.5))
    with torch.no_grad():
        read, _ = model(IDS, model.begin_state(3))
        expected, _ = made(network, 2)(IDS, model.begin_state(3))
    assert torch.equal(read, expected)
    assert not torch.equal(model(IDS, model.begin_state(3))[0], expected)


def test_the_recurrent_weights_dropped_are_the_same_at_all_steps() -> None:
    model = made("rnn", 1, Dropout(recurrent=0.5))
    logits, _ = model(IDS, model.begin_state(3))
    dice = torch.Generator().manual_seed(4)
    twin = made("rnn")
    weight = twin.stack[0].weight_hh_l0
    with torch.no_grad():
        kept = torch.empty_like(weight).bernoulli_(0.5, generator=dice)
        assert 0.2 < kept.mean() < 0.8
        weight.copy_(weight * kept / 0.5)
    torch.testing.assert_close(logits, twin(IDS, twin.begin_state(3))[0])


def test_dropped_outputs_are_zeros_and_the_others_stretched() -> None:
    model = made("gru", 1, Dropout(output=0.25))
    seen: list[Tensor] = []
    model.linear.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    model(IDS, model.begin_state(3))
    model.dropout = Dropout()
    model(IDS, model.begin_state(3))
    dropped, whole = seen
    zero = dropped == 0
    assert 0.1 < zero.float().mean() < 0.4
    torch.testing.assert_close(dropped[~zero], whole[~zero] / 0.75)


def test_hidden_tokens_are_columns_of_zeros_on_average_so_many() -> None:
    model = made("rnn", 1, Dropout(input=0.5))
    values = model._drop(one_hot(IDS), 0.5).sum(dim=-1)
    assert set(values.flatten().tolist()) == {0.0, 2.0}


@every_network
def test_a_training_in_bfloat16_has_gradients_close_to_those_in_float32(network: str) -> None:
    gradients = []
    for products in (None, torch.bfloat16):
        model = made(network, 2)
        model.products = products
        logits, state = model(IDS, model.begin_state(3))
        assert logits.dtype == torch.float32 and {part.dtype for part in state} == {torch.float32}
        nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), IDS[:, 1:].flatten()).backward()
        gradients.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]))
    exact, rounded = gradients
    assert 0 < (exact - rounded).norm() < 0.03 * exact.norm()


def test_the_weights_follow_from_the_generator_and_leave_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    one, same = made("lstm", 2), made("lstm", 2)
    assert torch.equal(torch.get_rng_state(), before)
    for first, second in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(first, second) and first.abs().max() <= HIDDEN**-0.5
