"""Samples along a training: when they are due, and how much of one is remembered."""

import math

import pytest
import torch

from seqstep.config import SamplesConfig
from seqstep.generation import continue_text
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.samples import Sampler, copied_share
from seqstep.text.codec import Codec
from seqstep.text.vocab import Vocab

VOCAB = Vocab([(letter, 1) for letter in "time rav"])
CODEC = Codec(VOCAB, "char", "ascii_letters")


def test_samples_come_before_at_the_first_at_every_25th_epoch_and_twice_at_the_end() -> None:
    model = RNNScratch(len(VOCAB), 4, torch.Generator().manual_seed(0))
    sampler = Sampler(model, CODEC, SamplesConfig(prefix="time", last_prefix="rave", length=5, last_length=7))
    sampler.before()
    for epoch in range(1, 61):
        sampler.after(epoch)
    sampler.finish()
    when, samples = zip(*(line.split(": ", 1) for line in sampler.lines), strict=True)
    assert when == ("before training", "epoch 1", "epoch 25", "epoch 50", "at the end", "at the end")
    assert set(samples[:-1]) == {continue_text(model, CODEC, "time", 5)}
    assert samples[-1] == continue_text(model, CODEC, "rave", 7)
    assert sampler.text.splitlines() == sampler.lines and sampler.text.endswith("\n")


def test_the_notes_settings_are_50_after_time_traveller_and_55_after_traveller() -> None:
    config = SamplesConfig()
    assert (config.prefix, config.length, config.every) == ("time traveller", 50, 25)
    assert (config.last_prefix, config.last_length) == ("traveller", 55)


@pytest.mark.parametrize(
    ("text", "training_text", "length", "share"),
    [
        ("abcd", "xabcdx", 2, 1.0),
        ("abcd", "ab", 2, 1 / 3),  # of ab, bc, cd
        ("abab", "ab", 2, 2 / 3),  # a string that occurs twice counts twice
        ("abcd", "dcba", 2, 0.0),
        ("abcd", "abcd", 4, 1.0),
        ("abcdefgh", "abcdefgh", 8, 1.0),
    ],
)
def test_the_copied_share_counts_strings(text: str, training_text: str, length: int, share: float) -> None:
    assert copied_share(text, training_text, length) == pytest.approx(share)


def test_a_text_that_is_shorter_than_the_strings_has_no_copied_share() -> None:
    assert math.isnan(copied_share("abcdefg", "abcdefg"))
