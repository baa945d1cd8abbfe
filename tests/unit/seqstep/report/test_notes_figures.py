"""The notes' figures beside those of a run."""

import math

from seqstep.report.notes_figures import PRINTED, beside_the_notes

METRICS = {
    "tokenize": {"text/lines": 3221.0, "text/char_tokens": 170_582.0},
    "train_mlp": {"train/mse": 0.05692, "valid/mse": 0.0532},
    "train_rnn": {"train/perplexity": 1.0198, "train/tokens_per_s": 76_400.0},
    "train_rnn_scratch": {"train/perplexity": math.inf},
}


def test_each_figure_stands_beside_the_notes_with_the_digits_that_they_print() -> None:
    rows = {row.figure: row[1:] for row in beside_the_notes(METRICS)}
    assert rows["lines"] == ("3,221", "3,221", "none")
    assert rows["characters"] == ("170,580", "170,582", "+2")
    assert rows["MLP, mean squared error, training"] == ("0.057", "0.057", "none")
    assert rows["MLP, mean squared error, validation"] == ("0.063", "0.053", "−0.010")
    assert rows["nn.RNN, perplexity"] == ("1.0213", "1.0198", "−0.0015")


def test_a_speed_is_compared_by_its_ratio() -> None:
    rows = {row.figure: row[1:] for row in beside_the_notes(METRICS)}
    assert rows["nn.RNN, tokens/s"] == ("499,128", "76,400", "× 0.15")


def test_a_figure_that_a_run_lacks_is_a_dash() -> None:
    rows = {row.figure: row[1:] for row in beside_the_notes(METRICS)}
    assert rows["words"] == ("32,775", "–", "–")
    assert rows["RNN from scratch, perplexity"] == ("1.0247", "–", "–")
    assert len(rows) == len(PRINTED) == 12
