"""ARPA files: written, read back, written by others, damaged."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.errors import ModelError
from seqstep.text.arpa.reading import ArpaModel, read_arpa
from seqstep.text.arpa.writing import write_arpa
from seqstep.text.cleaning import clean_lines
from seqstep.text.ngram_models.markov_chain import MarkovChain
from seqstep.text.ngram_models.table import fit_counts
from seqstep.text.ngram_models.trie_model import Interpolation
from seqstep.text.ngram_models.witten_bell import WittenBell
from seqstep.text.splits import divide, split_by_length
from seqstep.text.tokens import tokenize

TOKENS = ("<unk>", " ", "a", "\t", "<s>")
VOCAB = len(TOKENS)
TEXTS = st.lists(st.integers(0, VOCAB - 1), min_size=4, max_size=40).map(np.array)
savable = pytest.mark.parametrize("name", ["witten_bell", "kneser_ney", "modified_kneser_ney"])

FILE = r"""made by hand

\data\
ngram 1=4
ngram 2=3

\1-grams:
-1.0	<unk>
-99	<s>	-0.30103
-0.39794	</s>
-0.30103	a	-0.60206

\2-grams:
-0.1 <s> a
-0.7	a	a
-0.2	a	</s>

\end\
"""


def fitted(name: str, ids: np.ndarray, vocab: int, order: int) -> Interpolation:
    model = fit_counts(name, ids, vocab, order)
    assert isinstance(model, Interpolation)
    return model


def saved_and_read(model: Interpolation, tokens: tuple[str, ...] = TOKENS) -> ArpaModel:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.arpa"
        write_arpa(path, model, tokens)
        assert list(Path(folder).iterdir()) == [path]
        return read_arpa(path)


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "model.arpa"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_file_of_a_small_model_by_hand(tmp_path: Path) -> None:
    write_arpa(tmp_path / "model.arpa", WittenBell(np.array([1, 2, 1]), 3, 2), ("<unk>", " ", "a"))
    # P = (n + 2 / 3) / 5, and after one token of one kind (1 + P) / 2; each context leaves 1 / 2
    assert (tmp_path / "model.arpa").read_text(encoding="utf-8").splitlines() == [
        *["\\data\\", "ngram 1=5", "ngram 2=2", ""],
        "\\1-grams:",
        "-0.8750613\t<unk>",  # 2 / 15
        "-0.2730013\t<space>\t-0.3010300",  # 8 / 15
        "-0.4771213\ta\t-0.3010300",  # 1 / 3
        *["-99\t<s>", "-99\t</s>", ""],
        "\\2-grams:",
        "-0.1760913\t<space> a",  # 2 / 3
        "-0.1153934\ta <space>",  # 23 / 30
        *["", "\\end\\"],
    ]


@savable
@settings(max_examples=30)
@given(ids=TEXTS, order=st.integers(1, 4), text=TEXTS)
def test_what_is_read_back_gives_the_same_log_probabilities(
    name: str, ids: np.ndarray, order: int, text: np.ndarray
) -> None:
    model = fitted(name, ids, VOCAB, order)
    read, tokens = saved_and_read(model)
    assert tokens == TOKENS and (read.vocab, read.order) == (VOCAB, order)
    assert np.abs(read.log_probabilities(text) - model.log_probabilities(text)).max() < 1e-5
    for end in range(len(text) + 1):
        assert read.probabilities(text[:end]) == pytest.approx(model.probabilities(text[:end]), rel=1e-5)


@pytest.mark.first_quick
@savable
def test_the_notes_text_has_the_same_log_probabilities_after_reading(name: str, corpus_path: Path) -> None:
    chars = tokenize(clean_lines(corpus_path), "char")
    text = divide(chars, split_by_length(len(chars), 9_500, 500, 5_000), min_freq=20)
    assert text.train.unknown_share() > 0 and text.test.unknown_share() > 0
    model = fitted(name, text.before_test, len(text.vocab), 6)
    read, tokens = saved_and_read(model, text.vocab.tokens)
    expected = model.log_probabilities(text.test.ids, text.before_test)
    assert np.abs(read.log_probabilities(text.test.ids, text.before_test) - expected).max() < 1e-5
    assert tokens == text.vocab.tokens


def test_what_is_impossible_stays_impossible() -> None:
    model = MarkovChain(np.array([0, 1, 0, 1]), 2, pseudo_count=0)
    read, _ = saved_and_read(model, ("<unk>", "a"))
    assert read.log_probabilities(np.array([1, 1]), before=[0]).tolist() == [0, -np.inf]


def test_a_model_that_backs_off_for_real_is_read_as_its_file_says(tmp_path: Path) -> None:
    model, tokens = read_arpa(written(tmp_path, FILE))
    assert tokens == ("<unk>", "<s>", "</s>", "a") and model.order == 2
    assert np.log10(model.probabilities([3])[[0, 2, 3]]) == pytest.approx([-1 - 0.60206, -0.2, -0.7])
    assert np.log10(model.probabilities([1])[[2, 3]]) == pytest.approx([-0.39794 - 0.30103, -0.1])
    assert model.probabilities([])[1] == 0
    assert model.probabilities([2]) == pytest.approx(model.probabilities([]))


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    path = tmp_path / "model.arpa"
    path.write_bytes(FILE.replace("\n", "\r\n").encode())
    assert read_arpa(path).tokens == ("<unk>", "<s>", "</s>", "a")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\\end\\\n", "", r"expected \\end\\ at the end, got none"),
        ("ngram 2=3", "ngram 2=4", r"expected \[4, 4\] n-grams .*, got \[4, 3\]"),
        ("ngram 2=3", "ngram 2=many", "expected `ngram 2=COUNT`, got 'ngram 2=many'"),
        ("ngram 2=3", "ngram 3=3", "expected `ngram 2=COUNT`, got 'ngram 3=3'"),
        ("made by hand", "iARPA", "expected ARPA, got iARPA; let `compile-lm --text=yes` write it"),
        ("\\2-grams:", "\\3-grams:", r"expected \[4, 3\] n-grams .*, got \[8\]"),
        ("\\2-grams:", "", r"expected \[4, 3\] n-grams .*, got \[7\]"),
        ("-0.7	a	a", "-0.7	a", "expected a logarithm, 2 tokens .*, got '-0.7 a'"),
        ("-0.7	a	a", "seven	a	a", "got 'seven a a'"),
        ("-0.7	a	a", "0.7	a	a", "got '0.7 a a'"),
        ("-0.7	a	a", "nan	a	a", "got 'nan a a'"),
        ("-0.60206", "nan", "got '-0.30103 a nan'"),
        ("-0.7	a	a", "-0.7	a	b", "expected 'b' among the single tokens, got no such line"),
        ("-0.7	a	a", "-0.7	<s>	a", "expected each n-gram once, got '<s> a' twice"),
        ("<unk>", "a", "expected each n-gram once, got 'a' twice"),
        (FILE, "<!DOCTYPE html>\n", r"expected \\data\\ before its numbers of n-grams, got none"),
        (FILE, "\\data\\\n\\end\\\n", r"got \[\]"),
        (
            "\\end",
            "\\3-grams:\n-0.1	a </s> a\n-0.1 </s> a a\n\\end",
            "expected the context of '</s> a a' to be listed",
        ),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    content = FILE.replace(old, new, 1)
    if "3-grams" in content and "2-grams" in content:
        content = content.replace("ngram 2=3", "ngram 2=3\nngram 3=2")
    with pytest.raises(ModelError, match=rf"model.arpa is no whole ARPA file: .*{message}.*; write or fetch"):
        read_arpa(written(tmp_path, content))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected an ARPA file in UTF-8 at .*model.arpa, got"):
        read_arpa(tmp_path / "model.arpa")


def test_another_vocabulary_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    model = WittenBell(np.array([0, 1]), 2, 1)
    with pytest.raises(ModelError, match="expected the 2 tokens of the model's vocabulary, got 3"):
        write_arpa(tmp_path / "model.arpa", model, ("<unk>", "a", "b"))
    assert list(tmp_path.iterdir()) == []
