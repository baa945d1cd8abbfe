"""Which settings points of a sweep may differ in, where they are compared by how well they predict a text.

A perplexity is that of certain tokens: over other tokens, or with another vocabulary, which reads more or
fewer of them as `<unk>`, a lower one says nothing. Bits per character compare over vocabularies, on the same
characters.
"""

from collections.abc import Iterable

from seqstep.errors import ConfigError

_VOCABULARY = ("text.min_freq", "text.reserved", "comparison.word_min_freq")
_NO_TEXT = ("corpus.name", "corpus.timeout_s", "corpus.attempts", "corpus.max_bytes", "text.max_dropped")
_START = ("rnn.max_tokens", "language.test_tokens")
_END = ("comparison.test_share", "comparison.valid_share")


def check_comparable(metric: str, names: Iterable[str]) -> None:
    """See that points which differ in some settings can be compared by a metric.

    Args:
        metric: `NAME` or `STAGE:NAME`.
        names: the settings, by their dotted names.

    Raises:
        ConfigError: they can't; it names what compares them.
    """
    names, figure = list(names), metric.rpartition("/")[2].strip()
    per_token, per_char = "perplexity" in figure or figure == "loss", "bits_per_char" in figure
    if not (per_token or per_char):
        return
    if others := [name for name in names if _chooses_text(name, metric)]:
        raise ConfigError(
            f"expected points that are measured on the same text, to be compared by {metric}, got ones"
            f" that differ in {', '.join(others)}; no figure compares them: run each apart, or leave that out"
        )
    if per_token and (vocabularies := [name for name in names if name in _VOCABULARY]):
        raise ConfigError(
            f"expected points that are measured on the same tokens, to be compared by {metric}, got ones"
            f" whose vocabularies differ ({', '.join(vocabularies)}); --metric {_across(metric)}"
            " compares them"
        )


def _chooses_text(name: str, metric: str) -> bool:
    """Tell whether a setting chooses the text that a figure is measured on, or what its tokens are."""
    if name.startswith(("text.", "corpus.")):
        return name not in _VOCABULARY and name not in _NO_TEXT
    at_end = any(part in metric for part in ("held_out", "compare/words", "valid/"))
    return name == "rnn.tokens" or name in (_END if at_end else _START)


def _across(metric: str) -> str:
    """Name the figure that says the same per character; of trainings, that of their evaluation."""
    _, _, name = metric.rpartition(":")
    if "perplexity" in name and name.startswith(("language/", "compare/")):
        return name.replace("train_perplexity", "test_perplexity").replace("perplexity", "bits_per_char")
    stage = metric.partition(":")[0].strip()
    if stage.startswith("train_held_out"):
        return f"language/{stage.removeprefix('train_')}/test_bits_per_char"
    return (
        "language/rnn_scratch/test_bits_per_char" if "scratch" in stage else "language/rnn/test_bits_per_char"
    )
