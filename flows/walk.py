"""The pipelines: what happens, in order."""

from dataclasses import replace
from functools import partial

import tasks
from seqstep.config import Config
from stagecraft.errors import SelectionError
from stagecraft.selection import Selection, Wish, select
from stagecraft.walk import Run, Trace, Walk

#: what each flow ends in; all that leads there belongs to it
ENDS = {
    "pipeline": ("ngrams", "evaluate_forecasts", "evaluate_language"),
    "text": ("ngrams", "evaluate_language"),
    "series": ("evaluate_forecasts",),
}
#: what each ends in where networks for unseen text are trained: besides, or instead of all else
HELD_OUT = {"pipeline": ("compare_held_out",), "text": ("compare_held_out",), "series": ()}
#: and what each ends in besides where all models are compared
COMPARISONS = {
    "pipeline": ("backtest", "compare_language", "sample_language", "compare_held_out"),
    "text": ("compare_language", "sample_language", "compare_held_out"),
    "series": ("backtest",),
}


def walk(run: Run, profile: str, config: Config, offline: bool = False) -> None:
    """Call every stage with its inputs; the branches of text and series meet in the report."""
    rnn, compute = config.rnn, config.compute
    # text
    found = run(tasks.download, config.corpus, offline)
    corpus = run(tasks.verify, found, config.corpus)
    tokens = run(tasks.tokenize, corpus.file, config.text)
    vocab = run(tasks.vocab, tokens, config.text)
    ngrams = run(tasks.ngrams, tokens.word, vocab.word, config.ngrams)
    # series
    series = run(tasks.series, config.series, config.seed)
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
        **networks,
        **trained,
    )


def graph(config: Config, name: str = "pipeline") -> Trace:
    """Walk a flow without running it.

    Raises:
        SelectionError: there is no such flow.
    """
    if name not in ENDS:
        raise SelectionError(f"there is no flow {name!r}; there are: {', '.join(ENDS)}")
    trace = Trace()
    walk(trace, "", config)
    ends: tuple[str, ...] = HELD_OUT[name] if config.held_out.networks else ()
    if not (ends and config.held_out.alone):
        ends += ENDS[name] + (COMPARISONS[name] if config.comparison.enabled else ())
    chosen = {"report"}.union(*map(trace.until, ends))
    return Trace(
        {
            stage: replace(node, needs=tuple(need for need in node.needs if need in chosen))
            for stage, node in trace.nodes.items()
            if stage in chosen
        }
    )


def choose(config: Config, wish: Wish, name: str = "pipeline") -> Selection:
    """Choose the stages of a flow that a user asks for.

    Raises:
        SelectionError: there are no such stages.
    """
    return select(graph(config, name), wish)


def bound(profile: str, config: Config, offline: bool = False) -> Walk:
    """Make the walk of one run."""
    return partial(walk, profile=profile, config=config, offline=offline)
