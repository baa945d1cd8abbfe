"""Samples along a training: when they are due, and how much of one is remembered."""

import math
from pathlib import Path

import pytest
import torch

from seqstep.errors import ModelError
from seqstep.generation.along_training import Sampler, copied_share
from seqstep.generation.generate import continue_text
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.settings.config import SamplesConfig
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
    when, samples = zip(*(line.split(": ", 1) for line in sampler.text.splitlines()), strict=True)
    assert when == ("before training", "epoch 1", "epoch 25", "epoch 50", "at the end", "at the end")
    assert set(samples[:-1]) == {continue_text(model, CODEC, "time", 5)}
    assert samples[-1] == continue_text(model, CODEC, "rave", 7)
    assert sampler.text.endswith("\n")


def network(seed: int) -> RNNScratch:
    """Weights large enough that two networks write two texts."""
    model = RNNScratch(len(VOCAB), 4, torch.Generator().manual_seed(seed))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(seed))
    return model


def sampler_of(seed: int) -> Sampler:
    return Sampler(network(seed), CODEC, SamplesConfig(prefix="time", last_prefix="rave", length=9, every=2))


def test_what_a_sampler_restores_is_not_written_again_and_what_comes_later_is(tmp_path: Path) -> None:
    first, later = sampler_of(0), sampler_of(1)
    first.before()
    for epoch in range(1, 5):
        first.after(epoch)
    first.finish()
    first.save(tmp_path)
    later.load(tmp_path)
    later.before()
    for epoch in range(1, 7):
        later.after(epoch)
    later.finish()
    before, own = first.text.splitlines(), sampler_of(1)
    own.after(6)
    own.finish()
    assert before[:-2] == later.text.splitlines()[:4]
    assert own.text.splitlines() == later.text.splitlines()[4:]
    assert [line.split(":")[0] for line in later.text.splitlines()] == [
        *("before training", "epoch 1", "epoch 2", "epoch 4", "epoch 6", "at the end", "at the end")
    ]
    assert before[-2] != later.text.splitlines()[-2]


def test_a_sampler_saves_the_same_before_and_after_its_end_and_after_it_was_loaded(tmp_path: Path) -> None:
    sampler, contents = sampler_of(0), []
    sampler.before()
    sampler.after(1)
    again = sampler_of(1)
    for step in (lambda: None, sampler.finish, sampler.finish):
        step()
        sampler.save(tmp_path)
        contents.append((tmp_path / "samples.json").read_bytes())
    again.load(tmp_path)
    again.save(tmp_path)
    contents.append((tmp_path / "samples.json").read_bytes())
    assert len(set(contents)) == 1
    assert len(sampler.text.splitlines()) == 4


def test_lines_of_any_characters_survive_being_saved(tmp_path: Path) -> None:
    sampler, again = sampler_of(0), sampler_of(0)
    sampler.lines = {0: 'before training: a\nb\u2028\u00e9\U0001f600"\\', 1: ""}
    sampler.save(tmp_path)
    again.load(tmp_path)
    assert again.lines == sampler.lines


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"a": "b"}', b'{"1": 2}', b"\xff", b'{"1": "ab'])
def test_damaged_samples_are_an_error_that_names_the_file(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "samples.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"expected the samples of a saved training at .*samples\.json"):
        sampler_of(0).load(tmp_path)


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
