"""The stage that lets language models write."""

from seqstep.generation.side_by_side import (
    counts_writers,
    named_shares,
    network_writer,
    sample_table,
    samples_markdown,
    unseen_sample,
    write_all,
)
from seqstep.plots.samples import plot_copied
from seqstep.report.model_tables import tabulate_copied
from seqstep.settings.config import ComparisonConfig, LanguageConfig, RNNConfig, SamplingConfig
from seqstep.sheets import write_table
from stagecraft.mlflow import Record
from tasks.networks import open_networks
from tasks.outputs import LanguageSamples, TokenFiles, TrainedLanguageModel
from tasks.text import open_tokens


def sample_language(
    record: Record,
    tokens: TokenFiles,
    training: RNNConfig,
    prefix: str,
    config: SamplingConfig,
    language: LanguageConfig,
    comparison: ComparisonConfig,
    seed: int,
    **networks: TrainedLanguageModel,
) -> LanguageSamples:
    """Let networks and models of counts write at several temperatures, and find what they copied."""
    record.log_dataset(tokens.ids.name, tokens.ids, tokens.ids.uri)
    opened = open_networks(record, networks)
    codec = next(spec.codec() for _, spec in opened.values())  # they learnt the same text
    text = open_tokens(record, tokens).first(training.max_tokens + language.test_tokens)
    ids = codec.vocab.encode(text)
    train, unseen = ids[: training.max_tokens], ids[training.max_tokens :]
    writers = {name: network_writer(model, codec.vocab.end) for name, (model, _) in opened.items()}
    writers |= counts_writers(config.models, train, len(codec.vocab), comparison, codec.vocab.end)
    written = write_all(writers, codec, prefix, train, config, seed)
    if len(unseen):
        written.append(unseen_sample(codec, train, unseen, config))
    record.log_metrics({f"samples/{name}": share for name, share in named_shares(written).items()})
    table = sample_table(written)
    record.show_table("copied shares", tabulate_copied(table))
    return LanguageSamples(
        samples=record.log_text("samples.csv", write_table(table), "text/csv"),
        page=record.log_text("samples.md", samples_markdown(written), "text/markdown"),
        plot=record.log_figure("plots/copied.png", plot_copied(table, config.copied_length)),
        prefix=prefix,
        copied_length=config.copied_length,
    )
