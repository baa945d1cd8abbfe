"""The configuration: every setting with its default, its unit and its meaning, once.

The defaults are the notes' own values. A profile is a set of changes to them.
"""

import codecs
import io
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from secrecy import holds_url
from seqstep.models.networks import NETWORKS
from seqstep.settings.addresses import Address, Webhook, fetchable
from seqstep.settings.spelling import nearest
from seqstep.text.ngram_models.table import MODELS

Clean = Literal["ascii_letters", "unicode_letters", "none"]
Strip = Literal["none", "gutenberg"]
LineEnds = Literal["join", "space", "keep"]
Documents = Literal["none", "file", "line", "blank_line"]
Locale = Literal["", "tr", "az"]
TokenKind = Literal["char", "word"]
Cell = Literal["rnn", "gru", "lstm"]
Gaps = Literal["refuse", "interpolate"]
Scale = Literal["auto", "none", "standard"]
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16"]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Temperature = Annotated[float, Field(ge=0, le=1000)]
DataName = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
OptimizerName = Literal["sgd", "adam", "adamw"]
Schedule = Literal["constant", "cosine", "plateau"]


def _split(value: Any) -> Any:
    """Let `a,b` on the command line stand for a list of two, and `["a", "b"]` too."""
    value = _read_list(value)
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _split_urls(value: Any) -> Any:
    """Let a string of URLs, parted by spaces, stand for a list (a URL may hold a comma)."""
    value = _read_list(value)
    return value.split() if isinstance(value, str) else value


def _read_list(value: Any) -> Any:
    """Read a text that is a list as TOML and JSON write it; leave all else as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError, RecursionError):
            return tomllib.loads(f"list = {value}")["list"]
    return value


#: what Python takes for encodings, and nobody's texts are in
_NO_ENCODINGS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}


def _known_encoding(name: str) -> str:
    """Refuse what is no encoding of texts; of its names take the one that Python has for it."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
        if (found := codecs.lookup(name).name) not in _NO_ENCODINGS:
            return found
        raise LookupError
    except (LookupError, UnicodeError, ValueError):
        raise PydanticCustomError(
            "no_encoding", "Input should be an encoding, such as utf-8, cp1252, utf-16 or gb18030"
        ) from None


def _no_url(advice: str, value: str) -> str:
    """Refuse a URL where a file is asked for: a path is recorded as it stands, and a URL may hold secrets."""
    if holds_url(value):
        raise PydanticCustomError("no_file", "Input should be a file; {advice}", {"advice": advice})
    return value


def _read_paths(value: Any) -> Any:
    """Let `["a.txt", "b.txt"]` on the command line stand for a list; refuse what is no path and no list."""
    value = _read_list(value)
    paths = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(path, str) for path in paths):
        raise PydanticCustomError("no_path", "Input should be a path, or a list of paths")
    return value


def _no_urls(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    for path in [value] if isinstance(value, str) else value:
        _no_url("set corpus.url for an address", path)
    return value


def _names_of(table: Iterable[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse names that a table does not have, and one twice."""
    known = tuple(table)
    unknown = [name for name in names if name not in known]
    if unknown or len(set(names)) < len(names):
        hint = nearest(unknown[0], known) if unknown else "one is there twice"
        raise PydanticCustomError(
            "no_such_name",
            "Input should be different names out of {known}; {hint}",
            {"known": ", ".join(known), "hint": hint},
        )
    return names


def _is_list(annotation: Any) -> bool:
    """Tell whether a type has lists among its values, and no text."""
    choices = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds = {get_origin(choice) or choice for choice in choices}
    return str not in kinds and not kinds.isdisjoint({frozenset, list, set, tuple})


def _allows_truth(annotation: Any) -> bool:
    """Tell whether a type has true and false among its values."""
    return annotation is bool or isinstance(annotation, bool) or any(map(_allows_truth, get_args(annotation)))


class Section(BaseModel):
    """A group of settings: immutable, and closed to names that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> Any:
        """Read lists as they are written; refuse true and false where Python takes them for numbers."""
        field = cls.model_fields[str(info.field_name)]
        if isinstance(value, bool) and not _allows_truth(field.annotation):
            raise PydanticCustomError("no_truth", "Input should be something else than true or false")
        has_own_way = any(isinstance(part, BeforeValidator) for part in field.metadata)
        return _split(value) if _is_list(field.annotation) and not has_own_way else value

    #: what users call the group; empty for settings that stand in none
    section: ClassVar[str] = ""


class CorpusConfig(Section):
    """Where the text comes from, and how to know that it is the right one."""

    section = "corpus"

    url: Annotated[
        tuple[Annotated[Address, AfterValidator(fetchable)], ...], BeforeValidator(_split_urls)
    ] = Field(
        default_factory=lambda: (Address("http://d2l-data.s3-accelerate.amazonaws.com/timemachine.txt"),),
        description="addresses of the text (http or https), tried in order; ${NAME} in one stands for what"
        " the environment holds, such as a token",
    )
    path: Annotated[str | tuple[str, ...], BeforeValidator(_read_paths), AfterValidator(_no_urls)] = Field(
        "",
        description="a file instead of the addresses, a folder, a pattern such as texts/**/*.txt, or a list"
        " of them; `-` is standard input, `builtin:lighthouse` the carried story",
    )
    member: str = Field("", description="the file that is read of a .zip that holds several")
    field: str = Field(
        "", description="the field of JSON lines, or the column of Parquet, that holds each record's text"
    )
    encoding: Annotated[str, AfterValidator(_known_encoding)] = Field(
        "utf-8", description="the encoding of the text, such as cp1252, utf-16 or gb18030"
    )
    sha1: str = Field(
        "090b5e7e70c295757f55df93cb0a180b9691891a",
        pattern=r"^([0-9a-fA-F]{40})?$",
        description="the SHA-1 that the text's file must have, 40 hexadecimal digits; empty accepts any; of"
        " several files, that of the text that they make",
    )
    name: DataName = Field(
        "",
        description="what the text is called, also when it has grown or moved; empty: its address, without"
        " secrets",
    )
    max_bytes: PositiveInt = Field(1 << 30, description="largest text that is accepted, in bytes")
    timeout_s: PositiveFloat = Field(
        30.0, description="seconds without an answer after which a server counts as hanging"
    )
    attempts: PositiveInt = Field(3, description="tries per address before it is given up")


class TextConfig(Section):
    """How the text becomes tokens and vocabularies."""

    section = "text"

    clean: Clean = Field(
        "ascii_letters",
        description="ascii_letters keeps A-Z in lower case (the notes), unicode_letters the letters"
        " of any language in lower case, none everything as it is",
    )
    strip: Strip = Field(
        "none", description="gutenberg leaves out what Project Gutenberg wrote before and after its texts"
    )
    lines: LineEnds | Literal["auto"] = Field(
        "auto",
        description="what becomes of a line's end: join leaves nothing between two lines (the notes), space a"
        " space, keep keeps it as a token; auto keeps it with clean=none and joins otherwise",
    )
    documents: Documents = Field(
        "none",
        description="what is a text of its own, ended by the token </s>, across which nothing is counted or"
        " learnt: none, every file (or record) of the text, every line, or what blank_line parts",
    )
    locale: Locale = Field(
        "",
        description="language by whose rules unicode_letters makes lower case: tr or az, whose I has no dot;"
        " empty: those of all others",
    )
    max_dropped: float = Field(
        0.2, ge=0, le=1, description="share of a text's letters that the cleaning may drop"
    )
    min_freq: NonNegativeInt = Field(0, description="tokens that occur less often become <unk>")
    reserved: tuple[str, ...] = Field(
        (), description="tokens that stand in the vocabulary after <unk>, found in the text or not"
    )

    @property
    def line_ends(self) -> LineEnds:
        """What becomes of the ends of lines."""
        if self.lines != "auto":
            return self.lines
        return "keep" if self.clean == "none" else "join"


class NgramsConfig(Section):
    """The statistics of neighbouring words, and the smoothed model made of them."""

    section = "ngrams"

    tokens: TokenKind = Field("word", description="whose n-grams are counted: char or word")
    top: PositiveInt = Field(10, description="rows in the tables of the most common n-grams")
    zipf_first_rank: PositiveInt = Field(10, description="rank at which Zipf's line starts to be fitted")
    epsilon: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = Field(
        (1.0, 1.0, 1.0),
        description="weights of the Laplace interpolation for uni-, bi- and trigrams, as counts",
    )


class SeriesConfig(Section):
    """The series: the notes' noisy sine, or a column of a table."""

    section = "series"

    points: PositiveInt = Field(1000, description="length of the sine (T)")
    frequency: PositiveFloat = Field(0.01, description="radians of the sine per time step")
    noise_std: NonNegativeFloat = Field(0.2, description="standard deviation of the sine's noise")
    path: Annotated[str, AfterValidator(partial(_no_url, "fetch what is at an address first"))] = Field(
        "", description="a table instead of the sine: CSV, compressed or not, or Parquet"
    )
    column: str = Field(
        "", description="the column of the file that is forecast: its name, or its place, counted from 1"
    )
    name: DataName = Field(
        "",
        description="what the series is called, also when it has grown or moved; empty: its address and"
        " column",
    )
    member: str = Field("", description="the file that is read of a .zip that holds several")
    encoding: Annotated[str, AfterValidator(_known_encoding)] = Field(
        "utf-8", description="the encoding of the file, where no byte order mark tells it"
    )
    max_bytes: PositiveInt = Field(1 << 30, description="largest file that is read, unpacked, in bytes")
    only: str = Field(
        "",
        pattern=r"^(?s:.+=.*)?$",
        description="COLUMN=VALUE: the rows that are read of a file with several series; empty: all",
    )
    footer: NonNegativeInt = Field(
        0, description="lines at the file's end that are no rows, such as one with a total"
    )
    date_column: str = Field(
        "auto",
        description="the column with the dates, or several, such as Date,Time; auto finds it; empty: none",
    )
    date_format: str = Field(
        "auto",
        description="how dates are written: codes such as %d/%m/%Y, or iso, year, quarter, half-year, month,"
        " week, epoch_s, epoch_ms, epoch_us, epoch_ns, serial (days of a spreadsheet); auto takes the one"
        " that alone gives all rows a date at a regular step",
    )
    zone: str = Field(
        "",
        description="the time zone of the dates, such as Europe/Berlin; empty: as the file says, if it does",
    )
    separator: str = Field("auto", description="what parts the file's fields; auto finds , ; tab or |")
    decimal: Literal["auto", ".", ","] = Field(
        "auto", description="the decimal mark of the numbers; auto takes what only one reading fits"
    )
    thousands: Literal["auto", "none", ",", ".", "'", "space"] = Field(
        "auto", description="what parts the thousands of the numbers; auto takes what only one reading fits"
    )
    missing: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        (), description="what stands for a missing value, such as ?,-9999; besides nothing, NA, NaN and null"
    )
    gaps: Gaps = Field("refuse", description="missing values and dates: refuse, or interpolate linearly")
    scale: Scale = Field(
        "auto",
        description="standard: mean 0 and deviation 1 on the training part; auto: standard for a file,"
        " none for the sine",
    )


class MLPConfig(Section):
    """The multilayer perceptron that forecasts the series."""

    section = "mlp"

    window: PositiveInt = Field(4, description="past values that a prediction sees (tau)")
    train_share: float = Field(
        0.6, gt=0, lt=1, description="share of the series whose windows train the model"
    )
    hidden: PositiveInt = Field(32, description="units of the hidden layer")
    batch: PositiveInt = Field(20, description="windows per minibatch")
    epochs: PositiveInt = Field(10, description="passes over the training windows")
    learning_rate: PositiveFloat = Field(0.05, description="step size of Adam")


class RNNConfig(Section):
    """What both recurrent language models share: data, size and training."""

    section = "rnn"

    tokens: TokenKind = Field("char", description="what the models read: char or word")
    max_tokens: PositiveInt = Field(10_000, description="tokens of the text's start that train the models")
    hidden: PositiveInt = Field(512, description="units of the hidden state")
    batch: PositiveInt = Field(32, description="sequences per minibatch")
    steps: PositiveInt = Field(35, description="tokens per sequence, the reach of a gradient in time")
    epochs: PositiveInt = Field(2000, description="passes over the training tokens")
    learning_rate: PositiveFloat = Field(0.5, description="step size of SGD")
    clip: PositiveFloat = Field(1.0, description="largest norm of all gradients together (theta)")
    random_batches: bool = Field(
        False,
        description="draw sequences at random instead of in order (use_random_iter); those of a text of"
        " documents always are, each from a state of zeros",
    )
    precision: Precision = Field(
        "auto",
        description="in what training multiplies matrices: float32; bfloat16, with weights and sums in"
        " float32; auto takes bfloat16 where the processor multiplies it",
    )


class LayerConfig(Section):
    """The library's recurrent layer, used by `train_rnn` alone."""

    section = "rnn_layer"

    cell: Cell = Field("rnn", description="rnn, gru or lstm")
    layers: PositiveInt = Field(1, description="recurrent layers on top of each other")
    bidirectional: bool = Field(
        False, description="refused: a language model that reads backwards sees what it predicts"
    )


class SamplesConfig(Section):
    """The greedy texts that show how far a language model is."""

    section = "samples"

    prefix: str = Field("time traveller", min_length=1, description="what the samples continue")
    length: PositiveInt = Field(50, description="tokens per sample")
    every: PositiveInt = Field(25, description="epochs between two samples")
    last_prefix: str = Field(
        "traveller", min_length=1, description="what one more sample continues at the end"
    )
    last_length: PositiveInt = Field(55, description="tokens of that last sample")


class ForecastConfig(Section):
    """How far ahead the series is forecast."""

    section = "forecast"

    horizons: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = Field(
        (1, 4, 16, 64), description="steps ahead (k) whose errors are measured"
    )


class LanguageConfig(Section):
    """How the language models are measured."""

    section = "language"

    test_tokens: NonNegativeInt = Field(
        5000, description="tokens after the training text that the models have not seen"
    )


class RecurrentConfig(Section):
    """The small recurrent network that forecasts the series."""

    section = "gru"

    window: PositiveInt = Field(64, description="past values that a prediction sees (tau)")
    hidden: PositiveInt = Field(32, description="units of the hidden state")
    batch: PositiveInt = Field(32, description="windows per minibatch, drawn anywhere in the known values")
    updates: PositiveInt = Field(300, description="minibatches that train the network")
    learning_rate: PositiveFloat = Field(0.01, description="first step size of Adam; it falls to 0")


class BacktestConfig(Section):
    """From where forecasts are made and measured, and on what the models are fitted."""

    section = "backtest"

    start_share: float = Field(
        0.6, gt=0, lt=1, description="share of the series that is known at the first origin"
    )
    stride: PositiveInt = Field(1, description="steps between two origins")
    refit_every: NonNegativeInt = Field(
        0, description="origins between two fits; 1 fits at every origin, 0 at the first alone"
    )
    train_points: NonNegativeInt = Field(
        0, description="latest known values that a model is fitted on (sliding); 0: all (expanding)"
    )
    season: Literal["auto"] | PositiveInt = Field(
        "auto",
        description="steps of a season, for the seasonal forecast and the scale of MASE; 1: none; auto: the"
        " sine's own, or what the dates' step suggests and the autocorrelation of the values before the first"
        " origin bears out",
    )
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = Field(
        (0, 1, 2), description="seeds that a random model is trained with"
    )
    level: float = Field(0.9, gt=0, lt=1, description="share of targets that intervals shall hold")
    calibration_share: float = Field(
        0.5, gt=0, lt=1, description="share of the origins, the earlier ones, that calibrate the intervals"
    )


class ComparisonConfig(Section):
    """Whether all models are compared, and how the language models are."""

    section = "comparison"

    enabled: bool = Field(
        False,
        description="whether backtest, compare_language, sample_language and compare_held_out are among the"
        " stages",
    )
    orders: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = Field(
        (2, 3, 4, 5, 6, 7),
        description="lengths of the longest n-grams, of which each model of counts gets its best",
    )
    valid_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="share of the training text, at its end, that orders are chosen by and networks for"
        " unseen text are stopped by",
    )
    test_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="share of the whole text, at its end, that compare_held_out and the table of words"
        " test on",
    )
    interval: float = Field(0.95, gt=0, lt=1, description="level of the perplexities' intervals")
    block: PositiveInt = Field(100, description="neighbouring tokens that the bootstrap draws together")
    resamples: PositiveInt = Field(2000, description="texts that the bootstrap draws")
    word_min_freq: NonNegativeInt = Field(
        2, description="words that occur less often in the training text become <unk> in the table of words"
    )
    word_orders: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = Field(
        (1, 2, 3, 4), description="lengths of the longest n-grams of words, to choose from as from orders"
    )
    word_block: PositiveInt = Field(
        20, description="neighbouring words that the bootstrap draws together, about as long as a block"
    )


class SamplingConfig(Section):
    """The texts that trained models write side by side, in sample_language alone."""

    section = "sampling"

    temperatures: Annotated[tuple[Temperature, ...], Field(min_length=1)] = Field(
        (0.0, 0.5, 0.8, 1.0),
        description="0 takes the most likely token, 1 draws from the model's distribution, values between"
        " from a sharper one",
    )
    length: PositiveInt = Field(400, description="tokens per text")
    models: Annotated[tuple[str, ...], AfterValidator(partial(_names_of, MODELS))] = Field(
        ("modified_kneser_ney", "witten_bell"),
        description="models of counts that write beside both networks",
    )
    copied_length: PositiveInt = Field(
        8, description="characters of the strings that are looked for in the training text"
    )


class HeldOutConfig(Section):
    """The networks that are trained to predict unseen text, and how they are kept from learning by heart."""

    section = "held_out"

    networks: Annotated[tuple[str, ...], AfterValidator(partial(_names_of, NETWORKS))] = Field(
        (), description=f"which are trained: {', '.join(NETWORKS)}; none leaves the comparison of them out"
    )
    alone: bool = Field(
        False, description="whether the pipeline has only the stages that these networks and the report need"
    )
    hidden: PositiveInt = Field(128, description="units of the hidden state")
    layers: PositiveInt = Field(1, description="recurrent layers on top of each other")
    batch: PositiveInt = Field(16, description="sequences per minibatch")
    steps: PositiveInt = Field(50, description="tokens per sequence, the reach of a gradient in time")
    epochs: PositiveInt = Field(30, description="passes over the training part, at most")
    validate_every: PositiveInt = Field(1, description="epochs between two looks at the validation part")
    patience: NonNegativeInt = Field(
        5, description="validations without a better one after which the training stops; 0: never"
    )
    optimizer: OptimizerName = Field("adamw", description="sgd, adam or adamw")
    learning_rate: PositiveFloat = Field(0.003, description="first step size of the optimizer")
    schedule: Schedule = Field(
        "cosine",
        description="constant; cosine falls to 0 over the epochs; plateau halves the step size after two"
        " validations without a better one",
    )
    weight_decay: NonNegativeFloat = Field(0.01, description="how strongly weights are drawn to 0")
    clip: PositiveFloat = Field(1.0, description="largest norm of all gradients together")
    averaging: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share that the running mean of the weights keeps in each update; the mean is validated"
        " and kept; 0: the weights themselves",
    )
    teaching: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="how much a network learns from probabilities by counts (modified Kneser–Ney of the rest"
        " of the training part) instead of from the tokens themselves",
    )
    teaching_order: PositiveInt = Field(7, description="length of the longest n-grams of these counts")
    dropout_input: float = Field(0.0, ge=0, lt=1, description="share of the tokens that are not shown")
    dropout_between: float = Field(0.2, ge=0, lt=1, description="share dropped between layers")
    dropout_output: float = Field(0.3, ge=0, lt=1, description="share dropped before the output")
    dropout_recurrent: float = Field(
        0.0, ge=0, lt=1, description="share of the recurrent weights dropped, the same at all steps"
    )
    precision: Precision = Field("auto", description="in what training multiplies; see rnn.precision")


class RetryConfig(Section):
    """What becomes of a stage that fails for a reason that may pass, such as a server that restarts."""

    section = "retry"

    attempts: PositiveInt = Field(5, le=20, description="tries per stage before the run fails")
    pause_s: NonNegativeFloat = Field(
        2.0, description="seconds before the second try, doubled before each further one"
    )


class NotifyConfig(Section):
    """Who is told of a run that failed."""

    section = "notify"

    webhook: Webhook = Field(
        default_factory=lambda: Webhook(""),
        description="URL that is sent one JSON message per failed run; ${NAME} in it stands for what the"
        " environment holds; empty: the environment variable SEQSTEP_WEBHOOK, if it is set",
    )
    timeout_s: PositiveFloat = Field(10.0, description="seconds after which a message is given up")


class Compute(Section):
    """What every training is run with."""

    seed: Seed = Field(0, description="where every random number starts")
    device: Device = Field("auto", description="auto takes a CUDA GPU where there is one; cpu; cuda")
    threads: PositiveInt = Field(
        1, description="processor threads per training; the two recurrent ones run side by side"
    )
    checkpoint_epochs: PositiveInt = Field(
        25, description="epochs between two checkpoints, from which a killed training goes on"
    )


class Config(Compute):
    """All settings of one pipeline run."""

    corpus: CorpusConfig = Field(default_factory=CorpusConfig)
    text: TextConfig = Field(default_factory=TextConfig)
    ngrams: NgramsConfig = Field(default_factory=NgramsConfig)
    series: SeriesConfig = Field(default_factory=SeriesConfig)
    mlp: MLPConfig = Field(default_factory=MLPConfig)
    rnn: RNNConfig = Field(default_factory=RNNConfig)
    rnn_layer: LayerConfig = Field(default_factory=LayerConfig)
    samples: SamplesConfig = Field(default_factory=SamplesConfig)
    forecast: ForecastConfig = Field(default_factory=ForecastConfig)
    language: LanguageConfig = Field(default_factory=LanguageConfig)
    gru: RecurrentConfig = Field(default_factory=RecurrentConfig)
    backtest: BacktestConfig = Field(default_factory=BacktestConfig)
    comparison: ComparisonConfig = Field(default_factory=ComparisonConfig)
    sampling: SamplingConfig = Field(default_factory=SamplingConfig)
    held_out: HeldOutConfig = Field(default_factory=HeldOutConfig)
    retry: RetryConfig = Field(default_factory=RetryConfig)
    notify: NotifyConfig = Field(default_factory=NotifyConfig)

    @property
    def compute(self) -> Compute:
        """The settings that every training is run with, and no others."""
        return Compute(**{name: getattr(self, name) for name in Compute.model_fields})


_CARRIED: dict[str, Any] = {
    "url": (),
    "path": "builtin:lighthouse",
    "sha1": "799ccd6f056eecbf217baf2e601d87538034df6a",
}

PROFILES: dict[str, dict[str, Any]] = {
    "quick": {"corpus": _CARRIED, "rnn": {"epochs": 60}},
    "notes": {},
    # More than three of the sine's periods, so that the first origin knows its season.
    "compare": {
        "corpus": _CARRIED,
        "rnn": {"epochs": 60},
        "series": {"points": 2000},
        "backtest": {"start_share": 0.5, "stride": 2},
        "comparison": {"enabled": True},
        "held_out": {"networks": tuple(NETWORKS)},
    },
    "best": {
        "comparison": {"valid_share": 0.05},
        "held_out": {
            "networks": ("lstm",),
            "alone": True,
            "hidden": 512,
            "epochs": 60,
            "validate_every": 2,
            "averaging": 0.995,
            "teaching": 0.5,
            "dropout_input": 0.05,
            "dropout_output": 0.5,
            "dropout_recurrent": 0.4,
        },
        "samples": {"every": 10},
        "checkpoint_epochs": 5,
    },
}
