"""Stages from the text to its tokens, its vocabularies and the statistics of its n-grams."""

from seqstep.corpus.gathering import load_starts
from seqstep.plots.zipf import plot_zipf
from seqstep.settings.config import NgramsConfig, TextConfig
from seqstep.sheets import write_table
from seqstep.text.ngrams import count_ngrams_there_are, fit_zipf
from seqstep.text.notices import LONGEST
from seqstep.text.tables import frequency_table, most_common_table, zipf_table
from seqstep.text.tokens import Tokens, load_tokens, read_tokens
from seqstep.text.vocab import Vocab, reserved_tokens
from stagecraft.files.artifact import Artifact
from stagecraft.mlflow import Record
from tasks.outputs import NgramStatistics, TokenFiles, TokenizedText, Vocabularies

_JSON, _CSV, _NPY = "application/json", "text/csv", "application/x-npy"


def tokenize(
    record: Record, corpus: Artifact, config: TextConfig, documents: Artifact | None = None
) -> TokenizedText:
    """Clean the text and split it into characters and words.

    Args:
        documents: where its files begin, if each is a document.
    """
    starts = load_starts(record.open(documents)) if documents else (0,)
    read = read_tokens(record.open(corpus), config, ["char", "word"], starts)
    chars, words = read.tokens
    record.log_metrics(
        {"text/lines": read.characters.lines, "text/char_tokens": len(chars), "text/word_tokens": len(words)}
    )
    record.log_metrics({f"text/{name}": figure for name, figure in read.dropped.figures().items()})
    for notice in read.notices:
        record.notice(notice)
    return TokenizedText(
        char=_log_tokens(record, chars), word=_log_tokens(record, words), notices=tuple(read.notices)
    )


def vocab(record: Record, tokens: TokenizedText, config: TextConfig) -> Vocabularies:
    """Number the characters and the words by frequency."""
    reserved = reserved_tokens(config)
    chars = Vocab.of(open_tokens(record, tokens.char), config.min_freq, reserved)
    words = Vocab.of(open_tokens(record, tokens.word), config.min_freq, reserved)
    record.log_metrics({"vocab/char_size": len(chars), "vocab/word_size": len(words)})
    return Vocabularies(
        char=record.log_text("vocab_char.json", chars.to_json(), _JSON),
        word=record.log_text("vocab_word.json", words.to_json(), _JSON),
        frequencies=record.log_text("frequencies.csv", write_table(frequency_table(words)), _CSV),
    )


def ngrams(record: Record, tokens: TokenFiles, vocab: Artifact, config: NgramsConfig) -> NgramStatistics:
    """Count the tokens' uni-, bi- and trigrams, and fit Zipf's law to each."""
    known = open_vocab(record, vocab)
    counted = count_ngrams_there_are(known.reader(open_tokens(record, tokens)), LONGEST, known.end)
    fits = [fit_zipf(counts.counts, config.zipf_first_rank) for counts in counted]
    for name, counts, fit in zip(("unigram", "bigram", "trigram"), counted, fits, strict=False):
        record.log_metrics(
            {f"ngrams/{name}_types": len(counts), f"ngrams/zipf_slope_{counts.order}": fit.slope}
        )
    pairs = list(zip(counted, fits, strict=True))
    common = most_common_table(counted, known, config.top)
    record.show_table("most common n-grams", common)
    return NgramStatistics(
        zipf_unigrams=record.log_figure("plots/zipf_unigrams.png", plot_zipf(pairs[:1])),
        zipf=record.log_figure("plots/zipf.png", plot_zipf(pairs)),
        most_common=record.log_text("most_common.csv", write_table(common), _CSV),
        summary=record.log_text("zipf.csv", write_table(zipf_table(counted, fits)), _CSV),
    )


def open_tokens(record: Record, tokens: TokenFiles) -> Tokens:
    """Read the tokens behind their addresses."""
    return load_tokens(record.open(tokens.ids), record.open(tokens.types))


def open_vocab(record: Record, vocab: Artifact) -> Vocab:
    """Read the vocabulary behind its address."""
    return Vocab.from_json(record.open(vocab).read_text(encoding="utf-8"))


def _log_tokens(record: Record, tokens: Tokens) -> TokenFiles:
    return TokenFiles(
        ids=record.log_file(f"tokens_{tokens.kind}.npy", tokens.save_ids, _NPY),
        types=record.log_file(f"types_{tokens.kind}.json", tokens.save_types, _JSON),
    )
