"""The library's layers in bfloat16, also where oneDNN was told to do without."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import torch
from seqstep.models.regularised import RegularisedRNN

model = RegularisedRNN(5, 8, "lstm", 1, torch.Generator().manual_seed(0))
model.products = torch.bfloat16
drawn = torch.random.get_rng_state()
logits, _ = model(torch.zeros(2, 3, dtype=torch.long), model.begin_state(2))
logits.sum().backward()
assert torch.equal(torch.random.get_rng_state(), drawn)
print(model.linear.weight.grad.isfinite().all().item())
"""


@pytest.mark.first_quick
@pytest.mark.parametrize("limit", ["", "AVX2"])
def test_an_lstm_trains_in_bfloat16_whatever_onednn_may_use(limit: str) -> None:
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": limit} if limit else dict(os.environ)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n", done.stderr
