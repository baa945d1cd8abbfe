"""The stages: each calls the domain, records what came out, and hands on addresses.

A new one is a function in a module of this package, with the model of its results beside it, a line here that
names it and declares its metrics, and a call in `flows.walk`. No module of this package may be called like a
stage. Nothing that a stage needs is imported before it runs; see `stagecraft.pipeline.stage`.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from seqstep.corpus.files import named, text_files
from seqstep.errors import ConfigError
from seqstep.models.device import device_name
from seqstep.models.networks import NETWORKS
from seqstep.models.precision import precision_name
from seqstep.settings.config import CorpusConfig, SeriesConfig
from seqstep.settings.local_files import called, local_file
from stagecraft.code import Codebase
from stagecraft.key.depends import Network
from stagecraft.pipeline.stage import RECORDING, Stage
from tasks import metrics as known

_code = Codebase(
    ("tasks", "seqstep"),
    leave_out=("tasks.recording", "tasks.metrics", "stagecraft", "secrecy"),
    recording=RECORDING,
)
_stage = partial(Stage, _code)
_training = partial(_stage, resolves={"device": device_name}, aside=("checkpoint_epochs",))
_rnn_training = partial(
    _training, longer="rnn.epochs", resolves={"device": device_name, "rnn.precision": precision_name}
)


def _local(config: SeriesConfig, **_: object) -> Path | None:
    return local_file(config.path)


def _text(config: CorpusConfig, **_: object) -> Sequence[Path]:
    if not (config.path or config.url):
        raise ConfigError("there is no source of the text: set corpus.path or corpus.url")
    found = text_files(config.path)
    return [*found.folders, *found.files]


def _first_error(metrics: Mapping[str, float]) -> str:
    unseen = (name for name in metrics if "/rmse_valid_k" in name)
    if name := next(unseen, ""):
        return f"on unseen values: RMSE {name.rpartition('_')[2]} {metrics[name]:.4g}"
    return "no values were left to test on"


def _beside_the_trigram(metrics: Mapping[str, float]) -> str:
    network, trigram = (
        metrics.get(f"language/{model}/test_perplexity") for model in ("rnn", "laplace_trigram")
    )
    if network is None or trigram is None:
        return "no text was left to test on"
    return f"on unseen text: perplexity {network:.4g}, the trigram's {trigram:.4g}"


def _best_forecast(metrics: Mapping[str, float]) -> str:
    first = min(name.rpartition("_k")[2] for name in metrics if "/rmse_k" in name)
    return f"RMSE k{first} {_least(metrics, 'backtest/', f'/rmse_k{first}')}"


def _least(metrics: Mapping[str, float], start: str, end: str) -> str:
    found = [name for name in metrics if name.startswith(start) and name.endswith(end)]
    best = min(found, key=lambda name: metrics[name])
    return f"{metrics[best]:.4g} ({best.removeprefix(start).removesuffix(end)})"


def _longest_ngrams(metrics: Mapping[str, float]) -> str:
    counted = {name: metrics.get(f"ngrams/{name}_types") for name in ("trigram", "bigram", "unigram")}
    return next(f"{types:,.0f} {name}s" for name, types in counted.items() if types)


def _copied(metrics: Mapping[str, float]) -> str:
    shares = [value for name, value in metrics.items() if "/copied_share_t" in name]
    return f"{min(shares):.0%} to {max(shares):.0%} copied"


download = _stage(
    "tasks.corpus.download",
    lambda metrics: f"{metrics['corpus/bytes']:,.0f} bytes",
    reads=_text,
    # Every byte is held against what the settings expect; see `verify`.
    depends=(Network(),),
    aside=("offline", "corpus.name", "corpus.timeout_s", "corpus.attempts"),
    resolves={"corpus.path": named, "corpus.url": lambda urls: [url.identity for url in urls]},
    records=("corpus/bytes",),
)
verify = _stage(
    "tasks.corpus.verify",
    lambda metrics: f"{metrics['corpus/bytes']:,.0f} bytes as expected",
    records=("corpus/bytes",),
)
tokenize = _stage(
    "tasks.text.tokenize",
    lambda metrics: f"{metrics['text/char_tokens']:,.0f} characters",
    records=known.TEXT,
)
vocab = _stage(
    "tasks.text.vocab",
    lambda metrics: f"{metrics['vocab/word_size']:,.0f} words",
    records=("vocab/char_size", "vocab/word_size"),
)
ngrams = _stage(
    "tasks.text.ngrams",
    _longest_ngrams,
    records=known.NGRAMS,
)
series = _stage(
    "tasks.sources.series",
    lambda metrics: f"{metrics['series/points']:,.0f} values",
    reads=_local,
    aside=("series.name",),
    resolves={"series.path": called},
    records=("series/points", "series/season"),
)
train_mlp = _training(
    "tasks.training.train_mlp",
    lambda metrics: f"validation MSE {metrics['valid/mse']:.4f}",
    longer="mlp.epochs",
    records=("train/mse", "valid/mse"),
)
train_rnn_scratch = _rnn_training(
    "tasks.training.train_rnn_scratch",
    lambda metrics: f"training perplexity {metrics['train/perplexity']:.4g}",
    records=known.LANGUAGE_MODEL,
)
train_rnn = _rnn_training(
    "tasks.training.train_rnn",
    lambda metrics: f"training perplexity {metrics['train/perplexity']:.4g}",
    records=known.LANGUAGE_MODEL,
)
evaluate_forecasts = _stage(
    "tasks.evaluation.evaluate_forecasts",
    _first_error,
    judges=(series, train_mlp),
    records=known.FORECASTS,
)
evaluate_language = _stage(
    "tasks.evaluation.evaluate_language",
    _beside_the_trigram,
    judges=(train_rnn_scratch, train_rnn),
    records=known.LANGUAGE,
)
check_backtest = _stage("tasks.comparison.check_backtest", lambda _metrics: "long enough")
backtest = _stage(
    "tasks.comparison.backtest",
    _best_forecast,
    judges=(series,),
    resolves={"series.path": called},
    records=known.BACKTEST,
)
check_comparison = _stage("tasks.comparison.check_comparison", lambda _metrics: "long enough")
compare_language = _stage(
    "tasks.comparison.compare_language",
    lambda metrics: f"perplexity {_least(metrics, 'compare/start/', '/perplexity')}",
    judges=(train_rnn_scratch, train_rnn),
    records=known.LANGUAGE_COMPARISON,
)
sample_language = _stage(
    "tasks.sampling.sample_language",
    _copied,
    judges=(train_rnn_scratch, train_rnn),
    records=known.SAMPLES,
)
#: a stage for each network of the table
train_held_out = {
    network: _training(
        "tasks.held_out.train_held_out",
        lambda metrics: f"validation perplexity {metrics['valid/best_perplexity']:.4g}",
        resumes=True,
        resolves={"device": device_name, "held_out.precision": precision_name},
        name=f"train_held_out_{network}",
        records=known.held_out(network),
    )
    for network in NETWORKS
}
compare_held_out = _stage(
    "tasks.held_out.compare_held_out",
    lambda metrics: f"perplexity {_least(metrics, 'compare/held_out/', '/perplexity')}",
    judges=train_held_out,
    records=known.HELD_OUT_COMPARISON,
)
report = _stage("tasks.reporting.report", lambda _metrics: "report.html")
