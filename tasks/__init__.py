"""The stages: each calls the domain, records what came out, and hands on addresses.

A new one is a function in a module of this package, with the model of its results beside it, a line here that
names it and declares its metrics, and a call in `flows.walk`. No module of this package may be called like a
stage. Nothing that a stage needs is imported before it runs; see `stagecraft.pipeline.stage`.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from seqstep.models.device import device_name
from seqstep.models.networks import NETWORKS
from seqstep.models.precision import precision_name
from seqstep.settings.config import CorpusConfig, SeriesConfig
from seqstep.settings.local_files import local_file
from stagecraft.code import Code
from stagecraft.pipeline.stage import RECORDING, Stage
from tasks import metrics as known

_code = Code(
    ("tasks", "seqstep"),
    leave_out=("tasks.recording", "tasks.metrics", "stagecraft", "secrecy"),
    recording=RECORDING,
)
_stage = partial(Stage, _code)
_training = partial(
    _stage,
    resolves={
        "device": device_name,
        "rnn.precision": precision_name,
        "held_out.precision": precision_name,
    },
    aside=("checkpoint_epochs",),
)


def _local(config: CorpusConfig | SeriesConfig, **_: object) -> Path | None:
    return local_file(config.path)


def _first_error(metrics: Mapping[str, float]) -> str:
    name, value = next(iter(metrics.items()))
    return f"RMSE {name.rpartition('_')[2]} {value:.4g}"


def _best_forecast(metrics: Mapping[str, float]) -> str:
    first = min(name.rpartition("_k")[2] for name in metrics if "/rmse_k" in name)
    return f"RMSE k{first} {_least(metrics, 'backtest/', f'/rmse_k{first}')}"


def _least(metrics: Mapping[str, float], start: str, end: str) -> str:
    found = [name for name in metrics if name.startswith(start) and name.endswith(end)]
    best = min(found, key=lambda name: metrics[name])
    return f"{metrics[best]:.4g} ({best.removeprefix(start).removesuffix(end)})"


def _copied(metrics: Mapping[str, float]) -> str:
    shares = [value for name, value in metrics.items() if "/copied_share_t" in name]
    return f"{min(shares):.0%} to {max(shares):.0%} copied"


download = _stage(
    "tasks.corpus.download",
    lambda metrics: f"{metrics['corpus/bytes']:,.0f} bytes",
    reads=_local,
    aside=("offline", "corpus.timeout_s", "corpus.attempts"),
    resolves={"corpus.url": lambda urls: [url.identity for url in urls]},
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
    records=("text/lines", "text/char_tokens", "text/word_tokens"),
)
vocab = _stage(
    "tasks.text.vocab",
    lambda metrics: f"{metrics['vocab/word_size']:,.0f} words",
    records=("vocab/char_size", "vocab/word_size"),
)
ngrams = _stage(
    "tasks.text.ngrams",
    lambda metrics: f"{metrics['ngrams/trigram_types']:,.0f} trigrams",
    records=known.NGRAMS,
)
series = _stage(
    "tasks.sources.series",
    lambda metrics: f"{metrics['series/points']:,.0f} values",
    reads=_local,
    records=("series/points",),
)
train_mlp = _training(
    "tasks.training.train_mlp",
    lambda metrics: f"validation MSE {metrics['valid/mse']:.4f}",
    longer="mlp.epochs",
    records=("train/mse", "valid/mse"),
)
train_rnn_scratch = _training(
    "tasks.training.train_rnn_scratch",
    lambda metrics: f"perplexity {metrics['train/perplexity']:.4g}",
    longer="rnn.epochs",
    records=known.LANGUAGE_MODEL,
)
train_rnn = _training(
    "tasks.training.train_rnn",
    lambda metrics: f"perplexity {metrics['train/perplexity']:.4g}",
    longer="rnn.epochs",
    records=known.LANGUAGE_MODEL,
)
evaluate_forecasts = _stage(
    "tasks.evaluation.evaluate_forecasts",
    _first_error,
    judges=("series", "train_mlp"),
    records=known.FORECASTS,
)
evaluate_language = _stage(
    "tasks.evaluation.evaluate_language",
    lambda metrics: f"train perplexity {metrics['language/rnn/train_perplexity']:.4g}",
    judges=("train_rnn_scratch", "train_rnn"),
    records=known.LANGUAGE,
)
backtest = _stage("tasks.comparison.backtest", _best_forecast, judges=("series",), records=known.BACKTEST)
check_comparison = _stage("tasks.comparison.check_comparison", lambda _metrics: "long enough")
compare_language = _stage(
    "tasks.comparison.compare_language",
    lambda metrics: f"perplexity {_least(metrics, 'compare/start/', '/perplexity')}",
    judges=("train_rnn_scratch", "train_rnn"),
    records=known.LANGUAGE_COMPARISON,
)
sample_language = _stage(
    "tasks.sampling.sample_language",
    _copied,
    judges=("train_rnn_scratch", "train_rnn"),
    records=known.SAMPLES,
)
#: a stage for each network of the table
train_held_out = {
    network: _training(
        "tasks.held_out.train_held_out",
        lambda metrics: f"validation perplexity {metrics['valid/best_perplexity']:.4g}",
        resumes=True,
        name=f"train_held_out_{network}",
        records=known.held_out(network),
    )
    for network in NETWORKS
}
compare_held_out = _stage(
    "tasks.held_out.compare_held_out",
    lambda metrics: f"perplexity {_least(metrics, 'compare/held_out/', '/perplexity')}",
    judges=tuple(stage.name for stage in train_held_out.values()),
    records=known.HELD_OUT_COMPARISON,
)
report = _stage("tasks.reporting.report", lambda _metrics: "report.html")
