"""Language models on the same tokens: each token of the test part scored once, after all that came before.

Networks read the training part first and carry their state on, as counts look back across the border; neither
reaches over the end of a document.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqstep.evaluation.bootstrap import perplexity_interval
from seqstep.evaluation.texts import ComparedText
from seqstep.metrics import bits_per_char, mean_loss, perplexity
from seqstep.models.language import LanguageModel
from seqstep.models.scoring import log_probabilities, minibatch_log_probabilities
from seqstep.settings.config import ComparisonConfig, RNNConfig
from seqstep.text.ngram_models.choice import fit_chosen
from seqstep.text.ngram_models.kneser_ney import KneserNey
from seqstep.text.ngram_models.ngram_model import NgramModel
from seqstep.text.ngram_models.table import MODELS
from seqstep.text.ngram_models.trie_model import Interpolation, TrieModel
from seqstep.text.ngram_models.witten_bell import WittenBell


class ScoredModel(NamedTuple):
    """What one model made of a text.

    Attributes:
        train: log-probabilities of the training part, natural logarithms.
        test: of every token of the test part, shape (tokens,).
        parameters: weights of a network; n-grams that were counted.
        seconds: wall time of choosing, counting and scoring; of a network's scoring alone.
        order: length of the longest n-grams; none of a model that has no order.
        counts: the model itself, if it is made of counts.
    """

    model: str
    train: np.ndarray
    test: np.ndarray
    parameters: int
    seconds: float
    order: int | None = None
    counts: NgramModel | None = None


def score_counts(text: ComparedText, config: ComparisonConfig) -> Iterator[ScoredModel]:
    """Let every model of counts learn the training part and score both.

    Raises:
        TextError: the training part is too short.
    """
    orders = config.word_orders if text.kind == "word" else config.orders
    for name in MODELS:
        start = time.perf_counter()
        model = fit_chosen(name, text.train, len(text.vocab), orders, config.valid_share, text.vocab.end)
        train = model.log_probabilities(text.train)
        test = model.log_probabilities(text.test, before=text.train)
        order = model.order if isinstance(model, TrieModel) else None
        yield ScoredModel(name, train, test, model.parameters, time.perf_counter() - start, order, model)


def score_network(name: str, model: LanguageModel, text: ComparedText, training: RNNConfig) -> ScoredModel:
    """Let a network that was trained on the training part score both; that one as it was trained on it."""
    start = time.perf_counter()
    read = log_probabilities(model, np.concatenate([text.train, text.test]), text.vocab.end)
    train = minibatch_log_probabilities(model, text.train, training, text.vocab.end)
    parameters = sum(weight.numel() for weight in model.parameters())
    return ScoredModel(name, train, read[-len(text.test) :], parameters, time.perf_counter() - start)


def arpa_models(entries: list[ScoredModel]) -> dict[str, Interpolation]:
    """Find the models that are handed on as ARPA files, by their names."""
    made = {entry.model: entry.counts for entry in entries}
    return {name: model for name, model in made.items() if isinstance(model, WittenBell | KneserNey)}


def named_figures(table: pd.DataFrame, entries: list[ScoredModel]) -> dict[str, float]:
    """Name the figures of all models, `<model>/perplexity` and so on, and the share of unknown tokens."""
    seconds = {f"{entry.model}/seconds": entry.seconds for entry in entries}
    measures = ("perplexity", "bits_per_char", "parameters")
    rows = table.to_dict("records")
    return {f"{row['model']}/{name}": float(row[name]) for row in rows for name in measures} | {
        **seconds,
        "unknown_share": float(table["unknown_share"].iloc[0]),
    }


def rank(entries: list[ScoredModel], text: ComparedText, config: ComparisonConfig) -> pd.DataFrame:
    """Lay all models out, the best on the test part first.

    Returns:
        a row a model: perplexity with its interval, bits per character (with those of `text.spelling`),
        `ratio` to the perplexity of the best with its interval (all of it above 1: worse by more than
        chance), order, parameters, perplexity of the training part, tokens of the test part and the shares
        of unseen and of unknown ones. Perplexities are comparable only between tables of one vocabulary.

    Raises:
        TextError: the test part is too short for an interval.
    """
    best = min(entries, key=lambda entry: mean_loss(entry.test))
    block = config.word_block if text.kind == "word" else config.block
    rows = []
    for entry in sorted(entries, key=lambda entry: mean_loss(entry.test)):
        own, against = (
            perplexity_interval(scores, block, config.interval, config.resamples)
            for scores in (entry.test, entry.test - best.test)
        )
        loss = mean_loss(entry.test)
        rows.append(
            {
                "model": entry.model,
                "perplexity": perplexity(loss),
                "lower": own.low,
                "upper": own.high,
                "bits_per_char": bits_per_char(np.append(entry.test, text.spelling), text.chars),
                "ratio": perplexity(loss - mean_loss(best.test)),
                "ratio_lower": against.low,
                "ratio_upper": against.high,
                "order": entry.order,
                "parameters": entry.parameters,
                "train_perplexity": perplexity(mean_loss(entry.train)),
                "test_tokens": len(text.test),
                "unseen_share": text.unseen,
                "unknown_share": text.unknown,
            }
        )
    return pd.DataFrame(rows).astype({"order": "Int64"})
