"""The pipelines: what happens, in order, and the Prefect flows that make it happen."""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

import tasks
from seqstep.config import Config
from seqstep.settings import flatten, resolve
from stagecraft.artifact import Frozen
from stagecraft.home import open_home
from stagecraft.progress import Outcome
from stagecraft.stages import Node, Run, Trace, conduct
from stagecraft.tracking import Tracker

#: what each flow ends in; all that leads there belongs to it
ENDS = {
    "pipeline": ("ngrams", "evaluate_forecasts", "evaluate_language"),
    "text": ("ngrams", "evaluate_language"),
    "series": ("evaluate_forecasts",),
}

# Each stage waits in a thread of its own for the ones before it.
_runner: Any = ThreadPoolTaskRunner(max_workers=32)


class Summary(Frozen):
    """How a pipeline run ended."""

    run_id: str
    profile: str
    stages: tuple[Outcome, ...]


def walk(run: Run, profile: str, config: Config, offline: bool = False) -> None:
    """Call every stage with its inputs; the branches of text and series meet in the report."""
    rnn, compute = config.rnn, config.compute
    # text
    found = run(tasks.download, config.corpus, offline)
    corpus = run(tasks.verify, found, config.corpus.sha1)
    tokens = run(tasks.tokenize, corpus, config.text)
    vocab = run(tasks.vocab, tokens, config.text)
    ngrams = run(tasks.ngrams, tokens.word, vocab.word, config.ngrams)
    # series
    series = run(tasks.series, config.series, config.seed)
    # models
    mlp = run(tasks.train_mlp, series, config.mlp, compute)
    text = (getattr(tokens, rnn.tokens), getattr(vocab, rnn.tokens), config.text.clean, rnn)
    rnn_scratch = run(tasks.train_rnn_scratch, *text, config.samples, compute)
    rnn_torch = run(tasks.train_rnn, *text, config.rnn_layer, config.samples, compute)
    # results
    forecasts = run(tasks.evaluate_forecasts, series, mlp, config.mlp, config.forecast)
    language = run(
        tasks.evaluate_language,
        getattr(tokens, rnn.tokens),
        rnn_scratch,
        rnn_torch,
        rnn,
        config.ngrams,
        config.samples,
        config.language,
    )
    run(tasks.report, profile, corpus, ngrams, series, forecasts, rnn_scratch, rnn_torch, language)


def graph(config: Config) -> Trace:
    """Walk the pipeline without running it."""
    trace = Trace()
    walk(trace, "", config)
    return trace


def select(config: Config, name: str = "pipeline", until: str | None = None) -> dict[str, Node]:
    """Choose the stages of a flow, or only those that one of them depends on, and it.

    Raises:
        SelectionError: there is no stage `until` in the flow.
    """
    trace = graph(config)
    chosen = {"report"}.union(*map(trace.until, ENDS[name]))
    belonging = Trace({stage: node for stage, node in trace.nodes.items() if stage in chosen})
    wanted = belonging.until(until) & chosen if until else chosen
    return {stage: node for stage, node in belonging.nodes.items() if stage in wanted}


@flow(task_runner=_runner)
def pipeline(
    profile: str = "quick",
    settings: dict[str, Any] | None = None,
    until: str | None = None,
    offline: bool = False,
) -> Summary:
    """From the text and from the series to tested forecasts.

    Args:
        profile: quick or notes.
        settings: changes to the profile, such as {"rnn": {"epochs": 500}}.
        until: stop after this stage; run only what it depends on.
        offline: never touch the network.
    """
    return _run("pipeline", profile, settings, until, offline)


@flow(task_runner=_runner)
def text(
    profile: str = "quick",
    settings: dict[str, Any] | None = None,
    until: str | None = None,
    offline: bool = False,
) -> Summary:
    """From the text to its language models; for the arguments see `pipeline`."""
    return _run("text", profile, settings, until, offline)


@flow(task_runner=_runner)
def series(
    profile: str = "quick",
    settings: dict[str, Any] | None = None,
    until: str | None = None,
    offline: bool = False,
) -> Summary:
    """From the series to its forecasts; for the arguments see `pipeline`."""
    return _run("series", profile, settings, until, offline)


def _run(
    name: str, profile: str, settings: dict[str, Any] | None, until: str | None, offline: bool
) -> Summary:
    """Walk the selected part of the pipeline for real."""
    config = resolve(profile, [settings or {}])
    selected = set(select(config, name, until))
    tracker = Tracker(open_home())
    params = {"profile": profile, **flatten(config)}
    with conduct(tracker, f"{name} {profile}", params, selected) as conductor:
        walk(conductor, profile, config, offline)
    return Summary(run_id=conductor.parent, profile=profile, stages=tuple(conductor.outcomes_in_order()))
