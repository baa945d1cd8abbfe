"""Samples side by side: what they are, and how much of them is copied."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from seqstep.errors import ConfigError, TextError
from seqstep.generation.generate import generate
from seqstep.generation.side_by_side import (
    Sample,
    Write,
    counts_writers,
    named_shares,
    network_writer,
    sample_table,
    samples_markdown,
    unseen_sample,
    write_all,
)
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.report.model_tables import tabulate_copied, written_texts
from seqstep.settings.config import ComparisonConfig, SamplingConfig
from seqstep.text.codec import Codec
from seqstep.text.ngram_models.drawing import draw
from seqstep.text.ngram_models.witten_bell import WittenBell
from seqstep.text.tokens import tokenize
from seqstep.text.vocab import Vocab

TOKENS = tokenize(["the keeper kept the lamp the lamp kept the keeper " * 8, "xyz" * 9], "char")
CODEC = Codec(Vocab.of(TOKENS), "char", "ascii_letters")
IDS = CODEC.vocab.encode(TOKENS)
TRAIN, UNSEEN = IDS[:-27], IDS[-27:]
CONFIG = SamplingConfig(temperatures=(1.0, 0.0), length=30, copied_length=4)
CHOICE = ComparisonConfig(orders=(2, 5))


def repeat(ids: np.ndarray) -> dict[str, Write]:
    """A model that writes one text whatever it is asked."""
    return {"parrot": lambda prefix, length, temperature, seed: ids.tolist()}


def test_all_of_the_training_text_is_copied_and_nothing_of_another_alphabet() -> None:
    for ids, share in ((TRAIN, 1.0), (UNSEEN, 0.0), (TRAIN[5:60], 1.0)):
        samples = write_all(repeat(ids), CODEC, "the", TRAIN, CONFIG, 0)
        assert [sample.copied_share for sample in samples] == [share, share]


def test_a_text_that_leaves_the_training_text_once_is_copied_but_for_the_strings_across() -> None:
    ids = np.concatenate([TRAIN[:10], UNSEEN[:1], TRAIN[:10]])
    (sample, _) = write_all(repeat(ids), CODEC, "the", TRAIN, CONFIG, 0)
    assert sample.copied_share == pytest.approx(14 / 18)  # 18 strings of 4, of which 4 hold the stranger


def test_every_model_continues_the_same_prefix_from_the_coldest_to_the_hottest() -> None:
    network = RNNScratch(len(CODEC.vocab), 4, torch.Generator().manual_seed(0))
    writers = {"rnn": network_writer(network)}
    writers |= counts_writers(["witten_bell"], TRAIN, len(CODEC.vocab), CHOICE)
    samples = write_all(writers, CODEC, "the", TRAIN, CONFIG, 7)
    assert [sample[:2] for sample in samples] == [
        ("rnn", 0.0),
        ("rnn", 1.0),
        ("witten_bell", 0.0),
        ("witten_bell", 1.0),
    ]
    read, counts = CODEC.encode("the"), WittenBell(TRAIN, len(CODEC.vocab), 5)
    expected = [generate(network, read, 30, heat, seed=7) for heat in (0.0, 1.0)]
    expected += [draw(counts, read, 30, heat, 7) for heat in (0.0, 1.0)]
    assert [sample.text for sample in samples] == [CODEC.decode(ids) for ids in expected]


def test_counts_of_a_long_order_copy_and_those_of_single_letters_do_not() -> None:
    shares = []
    for order in (5, 1):
        choice = ComparisonConfig(orders=(order,))
        writers = counts_writers(["witten_bell"], TRAIN, len(CODEC.vocab), choice)
        shares.append(write_all(writers, CODEC, "the", TRAIN, CONFIG, 0)[-1].copied_share)
    assert shares[0] > 0.8 > 0.2 > shares[1]


def test_unseen_text_stands_beside_them_as_a_yardstick() -> None:
    again = unseen_sample(CODEC, TRAIN, TRAIN[:100], CONFIG)
    assert again.copied_share == 1 and len(again.text) == CONFIG.length and math.isnan(again.temperature)
    assert unseen_sample(CODEC, TRAIN, UNSEEN, CONFIG).copied_share == 0
    assert math.isnan(unseen_sample(CODEC, TRAIN, UNSEEN[:3], CONFIG).copied_share)


SAMPLES = [
    Sample("rnn", 0.0, 1.0, "the lamp"),
    Sample("rnn", 0.5, 0.25, "the <unk>|mp\n"),
    Sample("unseen_text", math.nan, 0.125, "xyz"),
]


def test_samples_are_laid_out_as_metrics_as_a_table_and_as_markdown() -> None:
    assert named_shares(SAMPLES) == {
        "rnn/copied_share_t0": 1.0,
        "rnn/copied_share_t0.5": 0.25,
        "unseen_text/copied_share": 0.125,
    }
    assert list(sample_table(SAMPLES)) == ["model", "temperature", "copied_share", "text"]
    assert samples_markdown(SAMPLES).splitlines()[2:] == [
        "| rnn | 0 | 100.0% | the lamp |",
        r"| rnn | 0.5 | 25.0% | the \<unk>\|mp↵ |",
        "| unseen_text | – | 12.5% | xyz |",
    ]


def test_the_report_shows_shares_by_temperature_and_every_text() -> None:
    table = sample_table(SAMPLES)
    assert tabulate_copied(table).to_dict("list") == {
        "model": ["rnn"],
        "temperature 0": ["100%"],
        "temperature 0.5": ["25%"],
    }
    assert written_texts(table) == {
        "rnn": "temperature 0:\nthe lamp\n\ntemperature 0.5:\nthe <unk>|mp\n",
        "unseen_text": "xyz",
    }
    assert pd.isna(table["temperature"].iloc[-1])


def test_an_unknown_model_and_an_empty_prefix_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"there is no model of counts 'katz'; there are: uniform, "):
        counts_writers(["katz"], TRAIN, len(CODEC.vocab), CHOICE)
    with pytest.raises(TextError, match="at least one char"):
        write_all(repeat(TRAIN), CODEC, "", TRAIN, CONFIG, 0)
