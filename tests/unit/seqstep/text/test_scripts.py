"""Real texts of ten scripts: what is kept of them, their words, and what models make of them."""

import math
from pathlib import Path
from typing import NamedTuple
from unicodedata import category, normalize

import numpy as np
import pytest

from seqstep.errors import TextError
from seqstep.evaluation.language import rank, score_counts
from seqstep.evaluation.texts import before_and_after, held_out_text
from seqstep.settings.config import ComparisonConfig, Locale, TextConfig
from seqstep.text.looking import look_at_text
from seqstep.text.ngram_models.drawing import draw
from seqstep.text.ngram_models.witten_bell import WittenBell
from seqstep.text.scripts import OTHER, count_scripts, script_of
from seqstep.text.tokens import Tokens, read_tokens
from seqstep.text.vocab import Vocab

FOLDER = Path(__file__).parents[3] / "data" / "scripts"


class Expected(NamedTuple):
    """What is known of a text: its script, its letters and how many of them are A to Z, words, the first."""

    script: str
    letters: int
    ascii_letters: int
    words: int
    first: list[str]


TEXTS = {
    "chinese": Expected("Han", 164, 0, 164, ["子", "曰", "學", "而"]),
    "finnish": Expected("Latin", 389, 377, 53, ["mieleni", "minun", "tekevi", "aivoni"]),
    "greek": Expected("Greek", 221, 0, 44, ["μῆνιν", "ἄειδε", "θεά", "πηληϊάδεω"]),
    "hebrew": Expected("Hebrew", 197, 0, 52, ["בראשית", "ברא", "אלהים", "את"]),
    "japanese": Expected("Hiragana", 147, 0, 142, ["吾", "輩", "は", "猫"]),
    "persian": Expected("Arabic", 203, 0, 51, ["به", "نام", "خداوند", "جان"]),
    "russian": Expected("Cyrillic", 253, 0, 49, ["я", "помню", "чудное", "мгновенье"]),
    "sanskrit": Expected("Devanagari", 215, 0, 25, ["धर्मक्षेत्रे", "कुरुक्षेत्रे", "समवेता", "युयुत्सवः"]),
    "thai": Expected("Thai", 213, 0, 169, ["แ", "ม", "ว", "ข"]),
    "turkish": Expected("Latin", 256, 208, 49, ["ışık", "ırmağı", "nın", "kıyısında"]),
}
CONFIG = ComparisonConfig(
    orders=(1, 2), word_orders=(1, 2), block=3, word_block=2, resamples=50, valid_share=0.2, test_share=0.2
)
texts = pytest.mark.parametrize("name", TEXTS)


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.txt"


def read(name: str) -> tuple[Tokens, Tokens, list[str]]:
    locale: Locale = "tr" if name == "turkish" else ""
    config = TextConfig(clean="unicode_letters", lines="space", locale=locale)
    found = read_tokens(path_of(name), config, ["char", "word"])
    return found.tokens[0], found.tokens[1], found.notices


def spelled(tokens: Tokens) -> list[str]:
    return [tokens.types[index] for index in tokens.ids]


@texts
def test_the_share_of_letters_that_each_cleaning_keeps_is_told(name: str) -> None:
    found, expected = look_at_text(path_of(name)), TEXTS[name]
    text = path_of(name).read_text(encoding="utf-8")
    letters = [character for character in text if category(character)[0] in "LM"]
    assert len(letters) == sum(found.scripts.values()) == expected.letters
    assert next(iter(found.scripts)) == expected.script
    assert found.kept["ascii_letters"] == pytest.approx(expected.ascii_letters / expected.letters)
    assert sum(map(str.isascii, letters)) == expected.ascii_letters
    assert found.kept["unicode_letters"] == found.kept["none"] == 1
    assert found.fitting["text.clean"] == "unicode_letters"
    assert found.would_then[0].startswith("refuse it: expected at least 1155 tokens")


@texts
def test_letters_are_kept_and_words_are_those_of_the_script(name: str) -> None:
    chars, words, notices = read(name)
    assert (len(words), spelled(words)[:4]) == (TEXTS[name].words, TEXTS[name].first)
    text = "".join(spelled(chars))
    assert text == normalize("NFC", text) and text == " ".join(text.split())
    raw = path_of(name).read_text(encoding="utf-8")
    kept = sum(category(character)[0] in "LM" for character in text)
    assert kept == sum(category(character)[0] in "LM" for character in normalize("NFC", raw))
    is_unspaced = name in {"chinese", "japanese", "thai"}
    assert any("written without spaces" in notice for notice in notices) == is_unspaced


@texts
def test_the_usual_cleaning_is_refused_or_said(name: str) -> None:
    share = 1 - TEXTS[name].ascii_letters / TEXTS[name].letters
    if share > 0.2:
        with pytest.raises(TextError, match=f"drops {share:.1%} of the letters"):
            read_tokens(path_of(name), TextConfig(), ["char"])
    else:
        found = read_tokens(path_of(name), TextConfig(), ["char", "word"])
        assert found.notices[0].startswith(f"text.clean=ascii_letters drops {share:.1%} of the letters")


@texts
def test_models_of_counts_are_compared_on_it(name: str) -> None:
    for tokens in read(name)[:2]:
        parts = held_out_text(tokens, TextConfig(), CONFIG)
        whole = before_and_after(tokens, parts, CONFIG)
        table = rank(list(score_counts(whole, CONFIG)), whole, CONFIG).set_index("model")
        assert table.loc["uniform", "perplexity"] == pytest.approx(len(parts.vocab))
        assert np.isfinite(table[["perplexity", "bits_per_char"]]).all(axis=None)
        if tokens.kind == "char":
            assert table["perplexity"].iloc[0] < len(parts.vocab)


@texts
def test_a_model_writes_in_the_script_of_its_text(name: str) -> None:
    chars, _, _ = read(name)
    vocab = Vocab.of(chars)
    ids = vocab.encode(chars)
    model = WittenBell(ids, len(vocab), 3)
    bits = -model.log_probabilities(ids).mean() / math.log(2)
    assert bits < math.log2(len(vocab))
    written = "".join(vocab.to_tokens(draw(model, ids[:5], 30)))
    assert len(written) == 30 and set(written) <= set(chars.types)


def test_turkish_has_an_i_with_and_one_without_a_dot() -> None:
    words = spelled(read("turkish")[1])
    assert {"ışıl", "ibrahim", "incir", "ırmakta"} < set(words)
    assert words.count("ışıl") == 2 and words.count("ibrahim") == 2
    plain = read_tokens(path_of("turkish"), TextConfig(clean="unicode_letters"), ["word"]).tokens[0]
    assert {"işil", "i\u0307brahim"} < set(plain.types)


def test_persian_words_keep_the_joiners_inside() -> None:
    words = spelled(read("persian")[1])
    assert {"می\u200cخواهم", "روزی\u200cده", "کتاب\u200cها", "می\u200cگوید"} < set(words)


@pytest.mark.parametrize(
    ("spelling", "word"),
    [
        ("cafe\u0301 café CAFÉ", "café"),
        ("Donau\xaddampf donaudampf", "donaudampf"),
        ("abc\u200edef abcdef", "abcdef"),
        ("\u200cab\u200d ab", "ab"),
        ("Σίσυφος ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ǆ ǆ", "ǆ"),
    ],
)
def test_words_that_look_alike_are_one(spelling: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(spelling, encoding="utf-8")
    (words,) = read_tokens(path, TextConfig(clean="unicode_letters"), ["word"]).tokens
    assert words.types == (word,)


def test_a_script_without_a_name_here_is_another() -> None:
    assert [script_of(letter) for letter in "aжλ中かกक\u0301\U00010330"] == [
        "Latin", "Cyrillic", "Greek", "Han", "Hiragana", "Thai", "Devanagari", "Latin", OTHER,
    ]  # fmt: skip
    assert count_scripts([("a", 1), ("ж", 3), ("b", 1)]) == {"Cyrillic": 3, "Latin": 2}


@texts
def test_documents_given_by_their_starts_are_those_of_lines(name: str) -> None:
    lines = path_of(name).read_text(encoding="utf-8").splitlines(keepends=True)
    starts = np.cumsum([0, *map(len, lines[:-1])]).tolist()
    config = TextConfig(clean="unicode_letters", documents="file")
    by_starts = read_tokens(path_of(name), config, ["char", "word"], starts, 7).tokens
    by_line = read_tokens(
        path_of(name), config.model_copy(update={"documents": "line"}), ["char", "word"]
    ).tokens
    assert [spelled(tokens) for tokens in by_starts] == [spelled(tokens) for tokens in by_line]
