"""What the stages hand on to each other: addresses and a few small facts.

A stage may as well declare its results beside its function: its return hint is what tells.
"""

from typing import Literal

from stagecraft.files.artifact import Artifact, Frozen, Reference


class CorpusFile(Frozen):
    """The text's file in UTF-8, and the numbers of the characters that its documents begin with.

    Attributes:
        sha1: of the file.
        original: SHA-1 of the one file that it was made from; empty if it is that file, or made from several.
        documents: .npy, int64, ascending.
    """

    file: Artifact
    source: str
    sha1: str
    original: str
    documents: Artifact


class TokenFiles(Frozen):
    """One sequence of tokens: their ids (.npy, memory-mappable) and the types that these number."""

    ids: Artifact
    types: Artifact


class TokenizedText(Frozen):
    """The text as characters and as words, and what its reader should know of it."""

    char: TokenFiles
    word: TokenFiles
    notices: tuple[str, ...]


class Vocabularies(Frozen):
    """The vocabularies of characters and of words, and the table of the words' frequencies."""

    char: Artifact
    word: Artifact
    frequencies: Artifact


class NgramStatistics(Frozen):
    """Figures and tables of the n-grams."""

    zipf_unigrams: Artifact
    zipf: Artifact
    most_common: Artifact
    summary: Artifact


class SeriesFile(Frozen):
    """The series as CSV, its picture, how it is scaled, and the steps of its season (1: none)."""

    values: Artifact
    plot: Artifact
    scale: Literal["none", "standard"]
    season: int


class TrainedModel(Frozen):
    """A model, how its training went, and the run that trained it."""

    weights: Artifact
    spec: Artifact
    history: Artifact
    run: Reference


class TrainedLanguageModel(TrainedModel):
    """A language model, with the texts that it wrote along the way."""

    samples: Artifact


class ForecastEvaluation(Frozen):
    """Figures and errors of the forecasts."""

    loss: Artifact
    one_step: Artifact
    multi_step: Artifact
    k_step: Artifact
    errors: Artifact


class LanguageEvaluation(Frozen):
    """Figures, samples and the comparison of the language models."""

    losses: tuple[Artifact, ...]
    comparison: Artifact
    samples: Artifact


class Backtest(Frozen):
    """Forecasts of all models from the same origins: tables of what came of them, and plots."""

    forecasts: Artifact
    errors: Artifact
    tests: Artifact
    coverage: Artifact
    by_horizon: Artifact
    residuals: Artifact
    intervals: Artifact
    covered: Artifact


class LanguageComparison(Frozen):
    """All language models after the text's start, those of counts of words on the whole text, ARPA files.

    A text without words has no table of them.
    """

    start: Artifact
    words: Artifact | None
    plot: Artifact
    arpa: tuple[Artifact, ...]


class LanguageSamples(Frozen):
    """What language models wrote after a prefix, and the length of strings by which its copies are found."""

    samples: Artifact
    page: Artifact
    plot: Artifact
    prefix: str
    copied_length: int


class HeldOutComparison(Frozen):
    """Networks for unseen text beside all models of counts, on the end of the whole text, and ARPA files."""

    table: Artifact
    plot: Artifact
    arpa: tuple[Artifact, ...]


class Report(Frozen):
    """The page."""

    page: Artifact
