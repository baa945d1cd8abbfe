"""Answers to requests: what the domain says, within limits, and refusals in words."""

from typing import Any

import numpy as np
import pytest
import torch

from seqstep.errors import TextError, WindowError
from seqstep.generation.answers import MOST_TOKENS, MOST_VALUES, continue_texts, forecast_windows
from seqstep.generation.generate import continue_text
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.text.codec import Codec
from seqstep.text.tokens import tokenize
from seqstep.text.vocab import Vocab

CODEC = Codec(Vocab.of(tokenize(["the keeper kept the lamp"], "char")), "char", "ascii_letters")
MODEL = RNNScratch(len(CODEC.vocab), 8, torch.Generator().manual_seed(0))
WINDOWS = np.array([[0.0, 1.0], [2.0, 4.0]])


def straight(windows: np.ndarray) -> np.ndarray:
    return 2 * windows[:, -1] - windows[:, -2]


def test_each_text_is_continued_as_if_it_were_alone() -> None:
    options = {"length": 7, "temperature": 0.7, "seed": 3}
    answers = continue_texts(MODEL, CODEC, ["the", "lamp"], top_k=4, **options)
    assert answers == [continue_text(MODEL, CODEC, text, top_k=4, **options) for text in ("the", "lamp")]
    assert continue_texts(MODEL, CODEC, ["the"], length=0) == ["the"]
    assert continue_texts(MODEL, CODEC, []) == []


@pytest.mark.parametrize(
    ("texts", "options", "said"),
    [
        ([""], {}, "at least one char after text.clean=ascii_letters, got ''"),
        (["a"], {"length": -1}, "expected length from 0 to 20000, got -1"),
        (["a"], {"length": 1_000_000}, "expected length from 0 to 20000, got 1000000"),
        (["a"], {"length": MOST_TOKENS}, "got 1 to read and 1 times 20000 to write; lower length"),
        (["a"] * 3, {"length": MOST_TOKENS // 2}, "got 3 to read and 3 times 10000 to write"),
        (["a" * (MOST_TOKENS + 1)], {"length": 0}, "expected at most 20000 chars in a request, got 20001"),
        (["a"], {"temperature": -0.1}, "expected a temperature of 0 or more, got -0.1"),
        (["a"], {"temperature": float("nan")}, "expected a temperature of 0 or more, got nan"),
        (["a"], {"top_k": -1}, "expected top_k from 0"),
        (["a"], {"seed": -1}, "expected seed from 0"),
        (["a"], {"seed": 2**63}, "expected seed from 0"),
    ],
)
def test_texts_and_parameters_out_of_range_are_refused(
    texts: list[str], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(TextError, match=said):
        continue_texts(MODEL, CODEC, texts, **options)


def test_each_window_is_followed_by_its_forecasts() -> None:
    assert forecast_windows(straight, 2, WINDOWS, 3).tolist() == [[2.0, 3.0, 4.0], [6.0, 8.0, 10.0]]


@pytest.mark.parametrize(
    ("windows", "horizon", "said"),
    [
        (WINDOWS, 0, "expected a horizon from 1 to 5000 after 2 windows, got 0"),
        (WINDOWS, MOST_VALUES, "expected a horizon from 1 to 5000 after 2 windows, got 10000"),
        (WINDOWS[:, :1], 1, r"expected windows of 2 finite values each, got \(2, 1\): \[\[0.0\], \[2.0\]\]"),
        (WINDOWS[0], 1, r"expected windows of 2 finite values each, got \(2,\)"),
        (np.array([[0.0, np.nan]]), 1, "finite values"),
        (np.array([[-1e308, 1e308]]), 1, r"got up to 1e\+308, after which it forecasts no finite number"),
    ],
)
def test_windows_and_horizons_out_of_range_are_refused(windows: np.ndarray, horizon: int, said: str) -> None:
    with pytest.raises(WindowError, match=said):
        forecast_windows(straight, 2, windows, horizon)
