"""Finding the kernels, on a machine that has no GPU for them."""

import pytest
import torch

from seqstep.models.kernels import _tried, kernels_for


def test_a_processor_takes_the_steps_one_by_one() -> None:
    assert kernels_for(torch.zeros(16, 3, 2)) is None


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_where_they_cant_be_started_a_warning_says_so_and_the_steps_are_taken_one_by_one() -> None:
    with pytest.warns(UserWarning, match="taken one by one, which is slower"):
        assert _tried(torch.Size((16, 3, 2)), torch.float32, torch.device("cpu")) is None
