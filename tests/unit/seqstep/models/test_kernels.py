"""Starting the kernels, on a machine that has no GPU for them."""

import sys
import warnings

import pytest
import torch

from seqstep.models import kernels


def refuse() -> None:
    raise RuntimeError("too many blocks in cooperative launch")


def test_a_processor_takes_the_steps_one_by_one() -> None:
    assert not kernels.walk(torch.zeros(16, 3, 2), torch.zeros(16, 16))
    assert not kernels.walk_back(torch.zeros(16, 2, 2), torch.zeros(16, 2, 2), torch.zeros(16, 16))


def test_what_cant_be_started_is_told_once_and_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_failed", set())
    monkeypatch.setattr(torch.Tensor, "is_cuda", True)
    states = torch.zeros(16, 3, 2)
    with pytest.warns(UserWarning, match="taken one by one, which is slower: RuntimeError.*too many blocks"):
        assert not kernels._started(refuse, states)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not kernels._started(refuse, states)
    assert kernels._started(lambda: None, torch.zeros(16, 3, 4))


def test_without_triton_the_steps_are_taken_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_failed", set())
    monkeypatch.setattr(torch.Tensor, "is_cuda", True)
    monkeypatch.setitem(sys.modules, "triton", None)
    monkeypatch.delitem(sys.modules, "seqstep.models.recurrence_on_gpu", raising=False)
    monkeypatch.delattr("seqstep.models.recurrence_on_gpu", raising=False)
    with pytest.warns(UserWarning, match="a C compiler"):
        assert not kernels.walk(torch.zeros(16, 3, 2), torch.zeros(16, 16))


@pytest.mark.parametrize(
    "states",
    [
        torch.zeros(1025, 3, 2),
        torch.zeros(16, 3, 2, dtype=torch.float64),
        torch.zeros(1).expand(2, 2**15, 2**15),
    ],
    ids=["more units", "another type", "more numbers"],
)
def test_what_the_kernels_do_not_take_is_not_tried(
    states: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.Tensor, "is_cuda", True)
    assert not kernels._started(refuse, states)
