"""Texts that models write side by side, from the coldest to the hottest, and how much of each is copied.

A model that has learnt its training text by heart writes strings of it at every temperature. Some strings
stand there by chance of the language: the unseen text that follows says how many.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqstep.generation.along_training import copied_share
from seqstep.generation.generate import generate
from seqstep.models.language import LanguageModel
from seqstep.settings.config import ComparisonConfig, SamplingConfig
from seqstep.text.codec import Codec
from seqstep.text.ngram_models.choice import fit_chosen
from seqstep.text.ngram_models.drawing import draw
from seqstep.text.spacing import show_lines

UNSEEN = "unseen_text"

#: from the indices of a prefix, a length, a temperature and a seed to the indices of what follows
Write = Callable[[list[int], int, float, int], list[int]]


class Sample(NamedTuple):
    """What one model wrote at one temperature, or the unseen text, which has none (nan).

    Attributes:
        copied_share: share of its strings of characters that stand in the training text.
        text: without the prefix.
    """

    model: str
    temperature: float
    copied_share: float
    text: str


def network_writer(model: LanguageModel, end: int | None = None) -> Write:
    """Let a network write, to the end of a document if there are several."""
    return lambda prefix, length, temperature, seed: generate(
        model, prefix, length, temperature, seed=seed, end=end
    )


def counts_writers(
    models: Sequence[str],
    train: np.ndarray,
    vocab: int,
    config: ComparisonConfig,
    end: int | None = None,
) -> dict[str, Write]:
    """Let models of counts write, each of the order that `choose_order` finds.

    Args:
        models: names in the table of models.
        train: shape (tokens,), what they learn from.
        end: the token that ends documents, if there are several; they write to there.

    Raises:
        ConfigError: there is no such model.
        TextError: the training part is too short.
    """
    return {
        name: partial(draw, fit_chosen(name, train, vocab, config.orders, config.valid_share, end), end=end)
        for name in models
    }


def write_all(
    writers: Mapping[str, Write],
    codec: Codec,
    prefix: str,
    train: np.ndarray,
    config: SamplingConfig,
    seed: int,
) -> list[Sample]:
    """Let every model continue the same prefix at every temperature.

    Args:
        train: shape (tokens,), the text that the models learned from.

    Returns:
        model by model, in each the temperatures from the lowest on.

    Raises:
        TextError: a prefix without tokens.
    """
    read, memory = codec.encode_prefix(prefix), codec.decode(train.tolist())
    samples = []
    for name, write in writers.items():
        for temperature in sorted(set(config.temperatures)):
            text = codec.decode(write(codec.begin(read), config.length, temperature, seed))
            copied = copied_share(text, memory, config.copied_length)
            samples.append(Sample(name, temperature, copied, text))
    return samples


def unseen_sample(codec: Codec, train: np.ndarray, unseen: np.ndarray, config: SamplingConfig) -> Sample:
    """Treat unseen text as if it were written: its copied share is that of all of it, its text the start.

    Args:
        train, unseen: shape (tokens,), indices.

    Returns:
        a copied share of nan if the unseen text is shorter than the strings.
    """
    text, memory = codec.decode(unseen.tolist()), codec.decode(train.tolist())
    shown = codec.decode(unseen[: config.length].tolist())
    return Sample(UNSEEN, math.nan, copied_share(text, memory, config.copied_length), shown)


def named_shares(samples: Sequence[Sample]) -> dict[str, float]:
    """Name the copied shares: `<model>/copied_share_t0.5` and so on; the unseen text has no temperature."""
    return {
        f"{sample.model}/copied_share" + ("" if sample.model == UNSEEN else f"_t{sample.temperature:g}"): (
            sample.copied_share
        )
        for sample in samples
    }


def sample_table(samples: Sequence[Sample]) -> pd.DataFrame:
    """Lay the samples out: a row a model and temperature, its copied share and its text."""
    return pd.DataFrame(samples, columns=Sample._fields)


def samples_markdown(samples: Sequence[Sample]) -> str:
    """Write the samples as a table in Markdown."""
    rows = [
        f"| {name} | {'–' if math.isnan(heat) else f'{heat:g}'} | {copied:.1%} | {_in_a_cell(text)} |"
        for name, heat, copied, text in samples
    ]
    return "\n".join(["| model | temperature | copied | text |", "|---|---|---|---|", *rows, ""])


def _in_a_cell(text: str) -> str:
    """Write a text so that a table's cell holds it as it is."""
    for mark in "\\|`*_<":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(show_lines(text).splitlines())
