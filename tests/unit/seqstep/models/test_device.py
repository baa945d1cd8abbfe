import pytest
import torch

from seqstep.errors import DeviceError
from seqstep.models.device import prepare_device, resolve_device
from seqstep.settings.config import Compute, Device


@pytest.mark.parametrize(
    "asked, has_gpu, given",
    [
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cpu", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_auto_takes_a_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, asked: Device, has_gpu: bool, given: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert resolve_device(asked) == torch.device(given)


def test_a_missing_gpu_is_an_error_that_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="set device=cpu"):
        resolve_device("cuda")


def test_preparing_the_device_sets_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    assert prepare_device(Compute(device="cpu", threads=3)) == torch.device("cpu")
    assert asked == [3]
