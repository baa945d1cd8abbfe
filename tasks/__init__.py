"""The stages: each calls the domain, records what came out, and hands on addresses."""

from tasks.corpus import download, verify
from tasks.evaluation import evaluate_forecasts, evaluate_language
from tasks.reporting import report
from tasks.series import series
from tasks.text import ngrams, tokenize, vocab
from tasks.training import train_mlp, train_rnn, train_rnn_scratch

__all__ = [
    "download",
    "evaluate_forecasts",
    "evaluate_language",
    "ngrams",
    "report",
    "series",
    "tokenize",
    "train_mlp",
    "train_rnn",
    "train_rnn_scratch",
    "verify",
    "vocab",
]
