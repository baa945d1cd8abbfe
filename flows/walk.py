"""The pipelines: what happens, in order."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import NamedTuple

import tasks
from secrecy import quote
from seqstep.errors import ConfigError
from seqstep.models.networks import NETWORKS
from seqstep.settings.config import PROFILES, Config
from seqstep.settings.resolving import flatten, resolve
from seqstep.settings.spelling import nearest
from stagecraft.errors import SelectionError, WiringError, shown
from stagecraft.pipeline.walk import Run, Trace, trace_of

WHOLE = "pipeline"
#: what can be run, by name
FLOWS = {
    WHOLE: "From the text and from the series to tested forecasts.",
    "text": "From the text to its language models.",
    "series": "From the series to its forecasts.",
}


class End(NamedTuple):
    """A stage that a flow ends in; all that leads there belongs to the flow.

    Attributes:
        flow: besides the whole.
        is_wanted: tells by the configuration whether it is asked for.
    """

    flow: str
    is_wanted: Callable[[Config], bool]


def _always(_config: Config) -> bool:
    return True


def _compared(config: Config) -> bool:
    return config.comparison.enabled


def _held_out(config: Config) -> bool:
    return config.comparison.enabled or bool(config.held_out.networks)


#: the stage that all of the series stands on
SERIES = tasks.series.name
_UNSEEN_TEXT, _REPORT = tasks.compare_held_out.name, tasks.report.name
_ENDS = {
    "ngrams": End("text", _always),
    "evaluate_language": End("text", _always),
    "compare_language": End("text", _compared),
    "sample_language": End("text", _compared),
    _UNSEEN_TEXT: End("text", _held_out),
    "evaluate_forecasts": End("series", _always),
    "backtest": End("series", _compared),
}


def walk(run: Run, profile: str, config: Config, offline: bool = False) -> None:
    """Call every stage with its inputs; the branches of text and series meet in the report."""
    rnn, compute = config.rnn, config.compute
    # text
    found = run(tasks.download, config.corpus, offline, config.text.strip)
    corpus = run(tasks.verify, found, config.corpus)
    documents = [corpus.documents] if config.text.documents == "file" else []
    tokens = run(tasks.tokenize, corpus.file, config.text, *documents)
    vocab = run(tasks.vocab, tokens, config.text)
    counted = config.ngrams.tokens
    ngrams = run(tasks.ngrams, getattr(tokens, counted), getattr(vocab, counted), config.ngrams)
    # series
    series = run(tasks.series, config.series, config.seed, config.mlp, config.forecast, config.backtest)
    if config.comparison.enabled:
        # Hands on the same series, so that nothing is trained for a comparison that can't be made.
        series = run(tasks.check_backtest, series, config.forecast, config.mlp, config.gru, config.backtest)
    # models
    mlp = run(tasks.train_mlp, series, config.mlp, compute)
    if config.comparison.enabled or config.held_out.networks:
        # Hands on the same tokens, so that no training for a comparison begins that can't be made.
        tokens = run(tasks.check_comparison, tokens, rnn, config.language, config.comparison)
    read = getattr(tokens, rnn.tokens)
    text = (read, getattr(vocab, rnn.tokens), config.text, rnn)
    networks = {
        "rnn_scratch": run(tasks.train_rnn_scratch, *text, config.samples, compute),
        "rnn": run(tasks.train_rnn, *text, config.rnn_layer, config.samples, compute),
    }
    # results
    forecasts = run(tasks.evaluate_forecasts, series, mlp, config.mlp, config.forecast)
    language = run(
        tasks.evaluate_language,
        read,
        rnn,
        config.ngrams,
        config.samples,
        config.language,
        **networks,
    )
    # comparisons
    backtest = run(
        tasks.backtest,
        series,
        config.series,
        config.forecast,
        config.mlp,
        config.gru,
        config.backtest,
        config.threads,
    )
    comparison = run(
        tasks.compare_language,
        read,
        tokens.word,
        rnn,
        config.language,
        config.comparison,
        **networks,
    )
    samples = run(
        tasks.sample_language,
        read,
        rnn,
        config.samples.prefix,
        config.sampling,
        config.language,
        config.comparison,
        config.seed,
        **networks,
    )
    trained = {
        f"held_out_{network}": run(
            tasks.train_held_out[network],
            network,
            read,
            config.text,
            config.held_out,
            config.comparison,
            config.samples,
            compute,
        )
        for network in config.held_out.networks
    }
    held_out = run(tasks.compare_held_out, read, config.text, config.comparison, config.threads, **trained)
    run(
        tasks.report,
        profile,
        corpus,
        ngrams,
        series,
        forecasts,
        language=language,
        backtest=backtest,
        comparison=comparison,
        samples=samples,
        held_out=held_out,
        tokens=tokens,
        **networks,
        **trained,
    )


def graph(config: Config, flow: str = WHOLE, profile: str = "", offline: bool = False) -> Trace:
    """Walk a flow, as it would be run, without running it.

    Raises:
        SelectionError: there is no such flow.
        WiringError: the walk does not fit together.
    """
    if flow not in FLOWS:
        raise SelectionError(f"there is no flow {quote(flow)}; {nearest(flow, FLOWS)}")
    trace = _trace(config, profile, offline)
    ends = [name for name, end in _ENDS.items() if flow in (WHOLE, end.flow) and end.is_wanted(config)]
    if config.held_out.networks and config.held_out.alone and _UNSEEN_TEXT in ends:
        ends = [_UNSEEN_TEXT]
    return trace.part({_REPORT}.union(*map(trace.until, ends)))


def _trace(config: Config, profile: str = "", offline: bool = False) -> Trace:
    """Walk over all stages, and see that each belongs to a flow."""
    trace = trace_of(partial(walk, profile=profile, config=config, offline=offline))
    if wrong := _wrong_end(trace, config):
        raise WiringError(f"{shown(__file__)}: {wrong}")
    leading = {_REPORT}.union(*(trace.until(name) for name in _ENDS if name in trace.nodes))
    if lost := [name for name in trace.nodes if name not in leading]:
        raise WiringError(
            f"{trace.nodes[lost[-1]].place}: {lost[-1]} would never run, for it leads to no end of a flow;"
            " name it among _ENDS, or hand its results to a stage that leads to one"
        )
    return trace


def _wrong_end(trace: Trace, config: Config) -> str:
    """Say what is wrong with the ends of flows; nothing if all is well."""
    for name, end in _ENDS.items():
        if end.flow not in FLOWS:
            return f"_ENDS has {name} in no flow that there is; {nearest(end.flow, FLOWS)}"
        if name not in trace.nodes and end.is_wanted(config):
            return f"_ENDS has {name}, which the walk does not call; {nearest(name, trace.nodes)}"
    if idle := FLOWS.keys() - {WHOLE, *(end.flow for end in _ENDS.values())}:
        return f"FLOWS has {min(idle)}, in which no stage of _ENDS ends; name one there"
    return ""


@cache
def everything() -> tuple[Trace, ...]:
    """Walk over all stages with all networks, and the switches of the settings on, at once and each alone.

    Profiles too are walked over; what can't be, such as switches that exclude each other, is left out.
    """
    switches = [name for name, value in flatten(resolve()).items() if value is False]
    traces = []
    for on in (switches, *([switch] for switch in switches)):
        with suppress(ConfigError):
            settings = {**dict.fromkeys(on, True), "held_out.networks": list(NETWORKS)}
            traces.append(_trace(resolve(changes=[settings])))
    for profile in PROFILES:
        with suppress(ConfigError):
            traces.append(_trace(resolve(profile)))
    return tuple(traces)


def all_stages() -> tuple[str, ...]:
    """Name every stage that a profile asks for, or a switch of the settings."""
    return tuple(dict.fromkeys(name for trace in everything() for name in trace.nodes))
