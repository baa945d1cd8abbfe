import numpy as np
import torch

from seqstep.models.gru import GRU


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_it_follows_the_equations_of_the_unit() -> None:
    model = GRU(3, 2, torch.Generator().manual_seed(0))
    values = np.random.default_rng(0).normal(size=5)
    w, u, b, c = (weight.detach().double().numpy() for weight in model.layer.parameters())
    h, expected = np.zeros(3), []
    for value in values:
        (r_x, z_x, n_x), (r_h, z_h, n_h) = np.split(w[:, 0] * value + b, 3), np.split(u @ h + c, 3)
        r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        h = (1 - z) * np.tanh(n_x + r * n_h) + z * h
        expected.append(model.output.weight.detach().numpy() @ h + model.output.bias.detach().numpy())
    found, state = model(torch.tensor(values, dtype=torch.float32)[None])
    np.testing.assert_allclose(found[0].detach().numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(state[0, 0].detach().numpy(), h, atol=1e-6)


def test_a_state_that_is_handed_on_goes_on_where_it_was() -> None:
    model, values = GRU(4, 1, torch.Generator().manual_seed(0)), torch.linspace(-1, 1, 12).reshape(2, 6)
    whole, _ = model(values)
    first, state = model(values[:, :4])
    second, _ = model(values[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)


def test_its_weights_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    one, same, other = (GRU(4, 1, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    for mine, twin, different in zip(one.parameters(), same.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, twin)
        assert not torch.equal(mine, different)
        assert mine.abs().max() <= 0.5
