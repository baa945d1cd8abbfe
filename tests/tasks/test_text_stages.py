import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import tasks
from seqstep.settings.config import CorpusConfig, NgramsConfig, TextConfig
from seqstep.sheets import read_table
from stagecraft.mlflow import Record
from tasks.outputs import CorpusFile, TokenizedText
from tasks.text import open_tokens, open_vocab

NewRecord = Callable[[], Record]
PLAIN = TextConfig()


def test_download_and_verify_agree_on_the_file_and_record_its_hashes(
    new_record: NewRecord, story: Path
) -> None:
    found = tasks.download.function(new_record(), CorpusConfig(path=str(story), sha1=""))
    record = new_record()
    verified = tasks.verify.function(record, found, CorpusConfig(sha1=found.sha1))
    assert verified == found
    run = record.tracker.client.get_run(record.run_id)
    assert run.data.metrics["corpus/bytes"] == story.stat().st_size
    assert run.data.tags["sha1"] == found.sha1
    assert run.data.tags["sha256"] == found.file.sha256
    assert run.inputs.dataset_inputs[0].dataset.digest == found.file.sha256[:36]


def test_tokenize_hands_on_memory_mapped_ids_of_both_kinds(new_record: NewRecord, story: Path) -> None:
    record = new_record()
    tokens = _tokenize(new_record, story)
    words = open_tokens(record, tokens.word)
    assert isinstance(words.ids, np.memmap)
    assert [words.types[index] for index in words.ids[:5]] == ["the", "keeper", "kept", "the", "lamp"]
    assert "".join(open_tokens(record, tokens.char).types[:4]) == "the "


def test_vocab_and_ngrams_count_what_stands_in_the_text(new_record: NewRecord, story: Path) -> None:
    record = new_record()
    tokens = _tokenize(new_record, story)
    vocabularies = tasks.vocab.function(new_record(), tokens, TextConfig())
    assert open_vocab(record, vocabularies.word).frequencies[0] == ("the", 160)
    statistics = tasks.ngrams.function(record, tokens.word, vocabularies.word, NgramsConfig(top=3))
    common = pd.read_csv(record.open(statistics.most_common))
    assert common.groupby("n").size().to_dict() == {1: 3, 2: 3, 3: 3}
    assert record.metrics["ngrams/unigram_types"] == 9
    assert statistics.zipf.name == "zipf.png"


def test_words_that_could_be_formulas_are_marked_in_tables_and_read_back(
    new_record: NewRecord, story: Path
) -> None:
    story.write_text("=1+1 -a @b 007 =1+1\n" * 40)
    config, record = TextConfig(clean="none"), new_record()
    tokens = _tokenize(new_record, story, config)
    vocabularies = tasks.vocab.function(new_record(), tokens, config)
    statistics = tasks.ngrams.function(record, tokens.word, vocabularies.word, NgramsConfig(top=3))
    for table in (vocabularies.frequencies, statistics.most_common):
        cells = [cell for row in csv.reader(record.open(table).read_text().splitlines()) for cell in row]
        assert "'=1+1" in cells and not [cell for cell in cells if cell.startswith(("=", "-", "@"))]
    common = read_table(record.open(statistics.most_common), ["tokens"])["tokens"]
    assert {"=1+1", "-a", "=1+1 -a", "-a @b", "@b 007"} < set(common)


def _tokenize(new_record: NewRecord, story: Path, config: TextConfig = PLAIN) -> TokenizedText:
    corpus: CorpusFile = tasks.download.function(new_record(), CorpusConfig(path=str(story), sha1=""))
    tokens: TokenizedText = tasks.tokenize.function(new_record(), corpus.file, config)
    return tokens
