"""The stage that puts everything on one page."""

import pandas as pd

from seqstep.report.model_tables import (
    tabulate_chance,
    tabulate_copied,
    tabulate_coverage,
    tabulate_forecast,
    tabulate_language,
    written_texts,
)
from seqstep.report.page import Picture, ReportSection, Table, render
from seqstep.sheets import read_table
from stagecraft.files.artifact import Artifact
from stagecraft.mlflow import Record
from tasks.outputs import (
    Backtest,
    CorpusFile,
    ForecastEvaluation,
    HeldOutComparison,
    LanguageComparison,
    LanguageEvaluation,
    LanguageSamples,
    NgramStatistics,
    Report,
    SeriesFile,
    TokenizedText,
    TrainedLanguageModel,
)


def report(  # noqa: PLR0913, PLR0917  (one parameter a stage that it shows)
    record: Record,
    profile: str,
    corpus: CorpusFile | None = None,
    ngrams: NgramStatistics | None = None,
    series: SeriesFile | None = None,
    forecasts: ForecastEvaluation | None = None,
    rnn_scratch: TrainedLanguageModel | None = None,
    rnn: TrainedLanguageModel | None = None,
    language: LanguageEvaluation | None = None,
    backtest: Backtest | None = None,
    comparison: LanguageComparison | None = None,
    samples: LanguageSamples | None = None,
    held_out: HeldOutComparison | None = None,
    tokens: TokenizedText | None = None,
    **networks: TrainedLanguageModel | None,
) -> Report:
    """Put figures, tables and samples on one self-contained page."""
    facts = {"Profile": profile}
    if tokens and tokens.notices:
        facts |= {"On the text": "; ".join(tokens.notices)}
    sections = []
    if series and forecasts:
        sections += _forecast_sections(record, series, forecasts)
    if backtest:
        sections.append(_backtest_section(record, backtest))
    if corpus and ngrams and language and rnn_scratch and rnn:
        facts |= {"Text": corpus.source, "SHA-1 of the text": corpus.sha1}
        sections += _text_sections(record, ngrams, language)
        texts = {
            "The RNN from scratch, along its training": _text(record, rnn_scratch.samples),
            "The library's layer, along its training": _text(record, rnn.samples),
        }
        sections.append(ReportSection("Samples", texts=texts))
    if comparison:
        sections.append(_comparison_section(record, comparison))
    if samples:
        sections.append(_samples_section(record, samples))
    if held_out:
        if corpus:
            facts |= {"Text": corpus.source, "SHA-1 of the text": corpus.sha1}
        trained = {name: network for name, network in networks.items() if network}
        sections.append(_held_out_section(record, held_out, trained))
    page = render("seqstep report", facts, sections)
    return Report(page=record.log_text("report.html", page, "text/html"))


def _forecast_sections(
    record: Record, series: SeriesFile, forecasts: ForecastEvaluation
) -> list[ReportSection]:
    return [
        ReportSection("The series", pictures=[_picture(record, series.plot, "All values of the series.")]),
        ReportSection(
            "Forecasts",
            pictures=[
                _picture(record, forecasts.loss, "Errors of the MLP while it was trained."),
                _picture(
                    record, forecasts.one_step, "Every value forecast from the observed ones before it."
                ),
                _picture(
                    record,
                    forecasts.multi_step,
                    "From the end of the training part on, the multi-step forecast sees only itself.",
                ),
                _picture(record, forecasts.k_step, "Every value forecast from k steps before it."),
            ],
            tables=[
                Table(
                    "Errors in the unit of the series, over all targets and over those after training"
                    " (…_valid).",
                    _table(record, forecasts.errors),
                )
            ],
        ),
    ]


def _backtest_section(record: Record, backtest: Backtest) -> ReportSection:
    return ReportSection(
        "All forecasters from the same origins",
        pictures=[
            _picture(
                record,
                backtest.by_horizon,
                "Errors by horizon; the bands are the spread over seeds. No predictor of a sine is better in"
                " the mean than the black lines.",
            ),
            _picture(
                record,
                backtest.residuals,
                "What the best model leaves; if all bars are in the band, noise.",
            ),
            _picture(record, backtest.intervals, "The best model's forecasts with their intervals."),
            _picture(record, backtest.covered, "How many targets the intervals hold, and their width."),
        ],
        tables=[
            Table(
                "RMSE of all seeds together, in the unit of the series, with its interval of 95 %; ★ the"
                " least of a column; parameters of one fit.",
                tabulate_forecast(_table(record, backtest.errors)),
            ),
            Table(
                "Mean squared error minus that of the horizon's best baseline (below 0: better), with the"
                " p-value of the Diebold–Mariano test, not adjusted for the number of tests.",
                tabulate_chance(_table(record, backtest.tests)),
            ),
            Table(
                "Share of the targets in the prediction intervals, and their mean width. Coverage is promised"
                " only where later errors are like earlier ones.",
                tabulate_coverage(_table(record, backtest.coverage)),
            ),
        ],
    )


def _comparison_section(record: Record, comparison: LanguageComparison) -> ReportSection:
    start = _table(record, comparison.start)
    return ReportSection(
        "All language models on the same unseen text",
        pictures=[_picture(record, comparison.plot, "Perplexity of each model with its interval.")],
        tables=[
            Table(
                f"The {_tested(start)} after the training part, each scored once after all before it; ★ the"
                " best. Orders were chosen on the end of the training part. Training: its perplexity,"
                " the networks' in their minibatches, as the notes print it.",
                tabulate_language(start),
            ),
            *([_words_table(_table(record, comparison.words))] if comparison.words else []),
        ],
    )


def _words_table(words: pd.DataFrame) -> Table:
    return Table(
        f"The last {_tested(words, 'words')} of the whole text after all before them, by models of"
        f" counts of words. {words['unknown_share'].iloc[0]:.2%} of them are unknown"
        " (<unk>), which are easy to predict: perplexities compare only within one vocabulary."
        " Bits per character compare with those of models of characters: the letters of unknown words"
        " count there too.",
        tabulate_language(words),
    )


def _samples_section(record: Record, samples: LanguageSamples) -> ReportSection:
    table = _table(record, samples.samples, "text")
    unseen = table.loc[table["temperature"].isna(), "copied_share"]
    among = f" (of the unseen text that follows {unseen.iloc[0]:.0%})" if len(unseen) else ""
    return ReportSection(
        "Samples at several temperatures",
        pictures=[_picture(record, samples.plot, "Copied share by temperature, and that of unseen text.")],
        tables=[
            Table(
                f"Each model continued “{samples.prefix}” once. Share of that text's strings of"
                f" {samples.copied_length} characters that stand in the training text{among}. Temperature 0"
                " takes the most likely token, 1 draws from the model's distribution.",
                tabulate_copied(table),
            )
        ],
        texts=written_texts(table),
    )


def _held_out_section(
    record: Record, held_out: HeldOutComparison, networks: dict[str, TrainedLanguageModel]
) -> ReportSection:
    table = _table(record, held_out.table)
    learnt = (
        " Networks learnt the training part and were stopped by the validation part, which also chose how"
        " much of the best one is in the mixture."
    )
    return ReportSection(
        "Language models on the unseen end of the text",
        pictures=[_picture(record, held_out.plot, "Perplexity of each model with its interval.")],
        tables=[
            Table(
                f"The last {_tested(table)} of the whole text, each scored once after all before it; ★ the"
                " best. Orders of counts were chosen on the end of what is before it."
                + (learnt if networks else ""),
                tabulate_language(table),
            )
        ],
        texts={f"{name}, along its training": _text(record, it.samples) for name, it in networks.items()},
    )


def _tested(table: pd.DataFrame, kind: str = "tokens") -> str:
    unseen = table["unseen_share"].iloc[0]
    return f"{table['test_tokens'].iloc[0]:,} {kind} ({unseen:.2%} of them not in the training part)"


def _text_sections(
    record: Record, ngrams: NgramStatistics, language: LanguageEvaluation
) -> list[ReportSection]:
    return [
        ReportSection(
            "The words of the text",
            pictures=[
                _picture(record, ngrams.zipf_unigrams, "How often the word of each rank occurs."),
                _picture(record, ngrams.zipf, "The same for single words, pairs and triples."),
            ],
            tables=[
                Table("Kinds of n-grams, and the slope of Zipf's line.", _table(record, ngrams.summary)),
                Table("The most common n-grams.", _table(record, ngrams.most_common, "tokens", "indices")),
            ],
        ),
        ReportSection(
            "Language models",
            pictures=[_picture(record, loss, "Loss on the training text.") for loss in language.losses],
            tables=[
                Table(
                    "Perplexity on the training text (the recurrent networks': of the minibatches that"
                    " trained them, as in the notes) and on the text after it; copied_share: share of the"
                    " sample's 8-character strings that stand in the training text.",
                    _table(record, language.comparison),
                )
            ],
            texts={"Most likely continuations after training": _text(record, language.samples)},
        ),
    ]


def _picture(record: Record, artifact: Artifact, caption: str) -> Picture:
    return Picture(caption, record.open(artifact).read_bytes())


def _table(record: Record, artifact: Artifact, *texts: str) -> pd.DataFrame:
    return read_table(record.open(artifact), texts)


def _text(record: Record, artifact: Artifact) -> str:
    return record.open(artifact).read_text(encoding="utf-8")
