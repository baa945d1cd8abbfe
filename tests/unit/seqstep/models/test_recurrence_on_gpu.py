"""The kernels against the equations, in float64: on a GPU, or one program of them in Triton's interpreter."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

on_gpu = torch.cuda.is_available()
if not on_gpu:
    os.environ["TRITON_INTERPRET"] = "1"  # read where the kernels are defined
kernels = pytest.importorskip(
    "seqstep.models.recurrence_on_gpu",
    reason="there is no Triton here; `pip install '.[triton]'`",
    exc_type=ImportError,
)

DEVICE = "cuda" if on_gpu else "cpu"
needs_a_gpu = pytest.mark.skipif(not on_gpu, reason="there is no CUDA GPU here")
# In the interpreter programs can't wait for each other, and bfloat16 factors are multiplied bit by bit.
SIZES = [
    pytest.param(16, 7, 3, torch.float32, id="one program"),
    pytest.param(5, 1, 16, torch.float32, id="one step, a few units"),
    pytest.param(12, 4, 1, torch.float32, id="one sequence"),
    *(
        pytest.param(*size, marks=needs_a_gpu)
        for size in [
            (512, 35, 32, torch.float32),
            (512, 35, 32, torch.bfloat16),
            (16, 3, 2, torch.bfloat16),
            (100, 9, 70, torch.float32),
            (100, 9, 70, torch.bfloat16),
            (1024, 5, 32, torch.float32),
            (1024, 5, 32, torch.bfloat16),
        ]
    ),
]
#: dimensions in the order in which they lie in memory, and their way back
LAYOUTS = [(0, 1, 2), (1, 2, 0)]


def lying(tensor: Tensor, layout: tuple[int, ...]) -> Tensor:
    """Copy a tensor so that its dimensions lie in this order."""
    back = sorted(range(3), key=layout.__getitem__)
    return tensor.permute(layout).contiguous().permute(back)


def draw(*shape: int, dtype: torch.dtype, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE, dtype)


def error(found: Tensor, expected: Tensor) -> float:
    return ((found.double() - expected).norm() / expected.norm()).item()


def bound(dtype: torch.dtype) -> float:
    return 4e-3 if dtype == torch.bfloat16 else 2e-6


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("hidden, steps, batch, dtype", SIZES)
def test_the_walk_puts_each_state_in_the_place_of_its_input(
    hidden: int, steps: int, batch: int, dtype: torch.dtype, layout: tuple[int, ...]
) -> None:
    states = lying(draw(hidden, steps + 1, batch, dtype=dtype), layout)
    factor = draw(hidden, hidden, dtype=dtype, seed=1) * hidden**-0.5
    expected = states.double()
    for step in range(steps):
        Z = expected[:, step + 1] + factor.double() @ expected[:, step]
        expected[:, step + 1] = torch.tanh(Z / 2)
    kernels.walk(states, factor)
    assert error(states, expected) <= bound(dtype)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("hidden, steps, batch, dtype", SIZES)
def test_the_walk_back_puts_each_derivative_in_the_place_of_its_part(
    hidden: int, steps: int, batch: int, dtype: torch.dtype, layout: tuple[int, ...]
) -> None:
    gradients = lying(draw(hidden, steps, batch, dtype=dtype), layout)
    states = lying(draw(hidden, steps, batch, dtype=dtype, seed=1).tanh(), layout)
    factor = draw(hidden, hidden, dtype=dtype, seed=2) * hidden**-0.5
    slopes, expected = 1 - states.double() ** 2, gradients.double()
    expected[:, -1] *= slopes[:, -1]
    for step in reversed(range(steps - 1)):
        dH = expected[:, step] + factor.double() @ expected[:, step + 1]
        expected[:, step] = dH * slopes[:, step]
    kernels.walk_back(gradients, states, factor.t().contiguous().t())
    assert error(gradients, expected) <= bound(dtype)


@needs_a_gpu
def test_two_that_take_nearly_all_of_a_gpu_wait_for_each_other() -> None:
    """Were two kernels started by halves, the programs of both would wait for ever."""
    size = min(1024, torch.cuda.get_device_properties(0).multi_processor_count // 2 * 16)
    factor = draw(size, size, dtype=torch.bfloat16) * size**-0.5
    given = [draw(size, 9, 64, dtype=torch.bfloat16, seed=seed) for seed in (1, 2)]
    expected = [states.clone() for states in given]
    for states in expected:
        kernels.walk(states, factor)
    torch.cuda.synchronize()

    def many(states: Tensor) -> Tensor:
        with torch.cuda.stream(torch.cuda.Stream()):
            for _ in range(100):
                again = states.clone()
                kernels.walk(again, factor)
            torch.cuda.current_stream().synchronize()
        return again

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(many, given))
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
