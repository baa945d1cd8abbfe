"""Metrics of stages that share them, or that make them of tables; a stage with a few lists them in its line.

`<…>` stands for what only a run tells. A test holds every stage to what it declares.
"""

from collections.abc import Iterable

from seqstep.models.networks import NETWORKS
from seqstep.text.ngram_models.table import MODELS


def _each(start: str, models: Iterable[str], measures: Iterable[str]) -> tuple[str, ...]:
    """Name every measure of every model."""
    measures = tuple(measures)
    return tuple(f"{start}/{model}/{measure}" for model in models for measure in measures)


_RECURRENT = ("rnn_scratch", "rnn")
_COST = ("parameters", "seconds")
_COMPARED = ("perplexity", "bits_per_char", *_COST)
_TESTED = ("test_perplexity", "test_bits_per_char")
_HELD_OUT = tuple(f"held_out_{network}" for network in NETWORKS)

TEXT = (
    *(f"text/{figure}" for figure in ("lines", "char_tokens", "word_tokens")),
    *(f"text/dropped_{kind}" for kind in ("letters", "digits", "punctuation", "line_ends", "letters_share")),
)
NGRAMS = tuple(f"ngrams/{kind}_types" for kind in ("unigram", "bigram", "trigram")) + tuple(
    f"ngrams/zipf_slope_{order}" for order in (1, 2, 3)
)
LANGUAGE_MODEL = ("train/loss", "train/perplexity", "train/tokens_per_s")
FORECASTS = tuple(
    f"forecast/mlp/{measure}"
    for measure in ("rmse_k<steps>", "mae_k<steps>", "rmse_valid_k<steps>", "rmse_multistep", "mae_multistep")
)
LANGUAGE = _each("language", (*_RECURRENT, "laplace_trigram"), ("train_perplexity", *_TESTED))
BACKTEST = _each(
    "backtest",
    ["<model>"],
    (*(f"{measure}_k<steps>" for measure in ("rmse", "mae", "mase", "coverage", "width")), *_COST),
)
LANGUAGE_COMPARISON = (
    *_each("compare/start", (*MODELS, *_RECURRENT), _COMPARED),
    *_each("compare/words", MODELS, _COMPARED),
    *(f"compare/{table}/unknown_share" for table in ("start", "words")),
)
SAMPLES = (
    *_each("samples", (*MODELS, *_RECURRENT), ["copied_share_t<temperature>"]),
    "samples/unseen_text/copied_share",
)
HELD_OUT_COMPARISON = (
    *_each("compare/held_out", (*_HELD_OUT, "networks_together", "mixture", *MODELS), _COMPARED),
    "compare/held_out/mixture/network_share",
    "compare/held_out/unknown_share",
    *_each("language", _HELD_OUT, _TESTED),
)


def held_out(network: str) -> tuple[str, ...]:
    """Name what the training of a network for unseen text records."""
    return (
        *LANGUAGE_MODEL,
        "train/learning_rate",
        "train/epochs",
        f"train/held_out_{network}/seconds",
        "valid/perplexity",
        "valid/best_perplexity",
        "valid/best_epoch",
    )
