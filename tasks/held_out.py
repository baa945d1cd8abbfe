"""Stages about networks for unseen text: their training, and all models beside them on the same tokens."""

import torch

from seqstep.evaluation.fingerprints import tokens_digest
from seqstep.evaluation.language import named_figures, rank, score_counts
from seqstep.evaluation.mixture import score_mixture, score_networks
from seqstep.evaluation.texts import before_and_after, held_out_text
from seqstep.models.bundle import RegularisedSpec, reading_of
from seqstep.models.device import prepare_device, use_threads
from seqstep.plots.losses import plot_validation
from seqstep.plots.perplexities import plot_perplexities
from seqstep.settings.config import ComparisonConfig, Compute, HeldOutConfig, SamplesConfig, TextConfig
from seqstep.sheets import write_table
from seqstep.text.document_windows import check_minibatch
from seqstep.training import held_out
from stagecraft.mlflow import Record
from tasks import recording, resuming
from tasks.comparison import log_arpa
from tasks.networks import open_networks
from tasks.outputs import HeldOutComparison, TokenFiles, TrainedLanguageModel
from tasks.text import open_tokens
from tasks.training import train_and_log


def train_held_out(
    record: Record,
    network: str,
    tokens: TokenFiles,
    text: TextConfig,
    config: HeldOutConfig,
    comparison: ComparisonConfig,
    samples: SamplesConfig,
    compute: Compute,
) -> TrainedLanguageModel:
    """Train a network for unseen text, stopped and chosen by the validation part."""
    record.log_dataset(tokens.ids.name, tokens.ids, tokens.ids.uri)
    read = open_tokens(record, tokens)
    parts = held_out_text(read, text, comparison)
    train, valid, end = parts.train.ids, parts.valid.ids, parts.vocab.end
    check_minibatch(train, config.batch, config.steps, end, "held_out")
    spec = RegularisedSpec(
        hidden=config.hidden,
        tokens=read.kind,
        **reading_of(text),
        vocab=parts.vocab.to_json(),
        network=network,
        layers=config.layers,
    )
    model = spec.build(torch.Generator().manual_seed(compute.seed)).to(prepare_device(compute))
    training = held_out.HeldOutTraining(model, train, valid, config, compute.seed, end)
    name = f"held-out-{network.replace('_', '-')}"
    trained = train_and_log(record, name, spec, training, samples, compute, resuming.HELD_OUT_METRICS)
    record.log_metrics(training.result() | {f"train/held_out_{network}/seconds": training.seconds()})
    record.log_figure("plots/loss.png", plot_validation(training.history_table(), training.best_epoch))
    return trained


def compare_held_out(
    record: Record,
    tokens: TokenFiles,
    text: TextConfig,
    config: ComparisonConfig,
    threads: int,
    **networks: TrainedLanguageModel,
) -> HeldOutComparison:
    """Score the same unseen tokens with networks, alone and together, models of counts, and a mixture."""
    record.log_dataset(tokens.ids.name, tokens.ids, tokens.ids.uri)
    use_threads(threads)
    read = open_tokens(record, tokens)
    parts = held_out_text(read, text, config)
    whole = before_and_after(read, parts, config)
    models = {name: model for name, (model, _) in open_networks(record, networks).items()}
    entered = score_networks(models, parts)
    counts = list(score_counts(whole, config))
    entries = [*(network.entry for network in entered), *counts]
    mixture = score_mixture(entered, counts, parts) if entered else None
    if mixture:
        record.notice(mixture.in_words)
        if not mixture.member:
            entries.append(mixture.entry)
    table = rank(entries, whole, config)
    figures = named_figures(table, entries)
    if mixture:
        figures |= mixture.figures(figures)
    record.log_metrics({f"compare/held_out/{figure}": value for figure, value in figures.items()})
    data = tokens_digest(parts.vocab.to_tokens(whole.test.tolist()), whole.chars)
    for row in table.to_dict("records"):
        if trained := networks.get(row["model"]):
            recording.tag_evaluation(record, row["model"], trained, data)
            record.log_metrics(
                {
                    f"language/{row['model']}/test_perplexity": row["perplexity"],
                    f"language/{row['model']}/test_bits_per_char": row["bits_per_char"],
                }
            )
    record.show_table("language models on held-out text", table)
    return HeldOutComparison(
        table=record.log_text("held_out.csv", write_table(table), "text/csv"),
        plot=record.log_figure("plots/perplexities.png", plot_perplexities({"whole": table})),
        arpa=tuple(log_arpa(record, "whole", counts, parts.vocab)),
    )
