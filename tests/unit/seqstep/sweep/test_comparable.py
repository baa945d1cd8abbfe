"""By which figures points of a sweep can be compared."""

import pytest

from seqstep.errors import ConfigError
from seqstep.sweep.comparable import check_comparable

TESTED = "language/rnn/test_perplexity"


@pytest.mark.parametrize(
    ("metric", "names"),
    [
        (TESTED, ["rnn.hidden", "seed", "comparison.test_share", "mlp.window", "corpus.attempts"]),
        ("language/rnn/test_bits_per_char", ["text.min_freq"]),
        ("compare/held_out/mixture/bits_per_char", ["text.min_freq", "rnn.max_tokens"]),
        ("valid/mse", ["text.clean", "mlp.window"]),
        ("forecast/mlp/rmse_k016", ["corpus.path"]),
    ],
)
def test_points_on_the_same_tokens_compare_and_over_vocabularies_by_bits_per_character(
    metric: str, names: list[str]
) -> None:
    check_comparable(metric, names)


@pytest.mark.parametrize(
    ("metric", "instead"),
    [
        (TESTED, "language/rnn/test_bits_per_char"),
        ("language/rnn/train_perplexity", "language/rnn/test_bits_per_char"),
        ("compare/held_out/mixture/perplexity", "compare/held_out/mixture/bits_per_char"),
        ("train_rnn_scratch:train/perplexity", "language/rnn_scratch/test_bits_per_char"),
        ("train_rnn: train/loss", "language/rnn/test_bits_per_char"),
        ("train_held_out_lstm:valid/best_perplexity", "language/held_out_lstm/test_bits_per_char"),
    ],
)
def test_perplexities_of_other_vocabularies_are_refused_and_what_compares_is_named(
    metric: str, instead: str
) -> None:
    with pytest.raises(ConfigError, match=rf"differ \(text\.min_freq\); --metric {instead} compares them"):
        check_comparable(metric, ["seed", "text.min_freq"])


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (TESTED, "rnn.max_tokens"),
        (TESTED, "text.clean"),
        (TESTED, "corpus.path"),
        (TESTED, "rnn.tokens"),
        ("language/rnn/test_bits_per_char", "language.test_tokens"),
        ("compare/held_out/mixture/perplexity", "comparison.test_share"),
        ("train_held_out_lstm:valid/best_perplexity", "comparison.valid_share"),
    ],
)
def test_figures_on_different_texts_are_refused(metric: str, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"on the same text, .* differ in {name}; no figure compares them"):
        check_comparable(metric, [name])
