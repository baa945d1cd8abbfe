"""The table of words: what is unknown, what spelling it costs, and that nothing leaks from the test part."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seqstep
from seqstep.errors import TextError
from seqstep.evaluation.language import rank, score_counts
from seqstep.evaluation.texts import ComparedText
from seqstep.evaluation.unknown import Speller
from seqstep.evaluation.words import word_text
from seqstep.metrics import bits_per_char
from seqstep.settings.config import ComparisonConfig, TextConfig
from seqstep.text.ngram_models.kneser_ney import KneserNey
from seqstep.text.splits import split_by_share
from seqstep.text.tokens import Tokens, read_tokens, tokenize
from seqstep.text.vocab import Vocab

CONFIG = ComparisonConfig(orders=(1, 2), word_orders=(1, 2), resamples=20)
STORY = Path(seqstep.__file__).parent / "texts" / "lighthouse.txt"


def words(text: str) -> Tokens:
    return tokenize([text], "word")


def story() -> Tokens:
    (found,) = read_tokens(STORY, TextConfig(), ["word"]).tokens
    return found


def test_rare_and_unseen_words_are_unknown_and_each_is_counted_as_what_it_is() -> None:
    train = "the sea the sea the sea the sea the lamp a wave the sea the sea the sea the"
    text = word_text(words(f"{train} lamp wind"), CONFIG.model_copy(update={"test_share": 0.1}))
    assert text.vocab.tokens == ("<unk>", "the", "sea")
    assert text.test.tolist() == [0, 0] and (text.unknown, text.unseen) == (1.0, 0.5)
    assert text.chars == len("lamp wind ") and text.spelling < 0
    known = word_text(words(f"{train} the sea"), CONFIG)
    assert (known.unknown, known.unseen, known.spelling) == (0.0, 0.0, 0.0)


def test_unknown_words_are_spelled_by_a_model_of_the_letters_of_known_ones() -> None:
    # Of order 1: P(c) = (n(c) + t / m) / (n + t), with n = 12 letters of t = 3 kinds and m = 4 with <unk>.
    one = CONFIG.model_copy(update={"orders": (1,)})
    letter = {"a": (7 + 3 / 4) / 15, "b": (1 + 3 / 4) / 15, " ": (4 + 3 / 4) / 15, "z": 3 / 4 / 15}
    expected = sum(np.log(letter[c]) for c in "ab za ") - np.log(0x110000)  # z may be any character
    assert Speller("word", ["aa", "a", "aab", "aa"], one).log_probability(["ab", "za"]) == pytest.approx(
        expected
    )


@given(st.lists(st.sampled_from(["ab", "ba", "cab", "zz"]), min_size=1, max_size=6))
def test_each_further_unknown_word_costs_more(unknown: list[str]) -> None:
    known = ["ab", "cab", "bac", "abba", "a", "cc"]
    speller = Speller("word", known, CONFIG)
    costs = [speller.log_probability(unknown[:end]) for end in range(1, len(unknown) + 1)]
    assert costs == sorted(costs, reverse=True) and len(set(costs)) == len(costs)


def test_bits_per_character_pay_for_the_spelling_in_every_row() -> None:
    text = word_text(story(), CONFIG)
    entries = list(score_counts(text, CONFIG))
    table = rank(entries, text, CONFIG).set_index("model")
    spelled = -text.spelling / np.log(2) / text.chars
    for entry in entries:
        paid = bits_per_char(entry.test, text.chars) + spelled
        assert table.loc[entry.model, "bits_per_char"] == pytest.approx(paid)
    assert set(table["unknown_share"]) == {text.unknown} and set(table["unseen_share"]) == {text.unseen}
    assert 0 < text.unseen < text.unknown < 1
    assert table["order"].max() <= max(CONFIG.word_orders)


def test_a_higher_min_freq_lowers_the_perplexity_but_predicts_no_character_better() -> None:
    figures = []
    for min_freq in (2, 20):
        text = word_text(story(), CONFIG.model_copy(update={"word_min_freq": min_freq}))
        figures.append(rank(list(score_counts(text, CONFIG)), text, CONFIG).iloc[0])
    assert figures[1]["perplexity"] < 0.5 * figures[0]["perplexity"]
    assert figures[1]["bits_per_char"] > figures[0]["bits_per_char"]


def test_a_vocabulary_of_the_whole_text_would_give_a_better_figure_and_is_not_used() -> None:
    whole = story()
    split = split_by_share(len(whole), 0, CONFIG.test_share)
    config = CONFIG.model_copy(update={"word_min_freq": 1})
    ours = word_text(whole, config)
    leaking = Vocab.of(whole, 1)
    ids = leaking.encode(whole)
    theirs = ours._replace(train=ids[split.train], test=ids[split.test], vocab=leaking, spelling=0.0)
    assert theirs.unknown == 0 < ours.unknown == ours.unseen
    assert figure(theirs) < 0.95 * figure(ours)
    ends = [" ".join(whole.types[i] for i in whole.ids[where]) for where in (split.train, split.test)]
    other = word_text(words(" ".join([ends[0], *["another"] * len(ours.test)])), config)
    assert other.vocab.tokens == ours.vocab.tokens and (other.train == ours.train).all()


def figure(text: ComparedText) -> float:
    model = KneserNey(text.train, len(text.vocab), 2, modified=True)
    scores = model.log_probabilities(text.test, before=text.train)
    return bits_per_char(np.append(scores, text.spelling), text.chars)


def test_a_min_freq_that_leaves_no_word_is_refused_by_its_own_name() -> None:
    with pytest.raises(TextError, match=r"comparison\.word_min_freq=2 leaves no word but <unk>.* 1 times"):
        word_text(words("each of these words stands here once only as it is"), CONFIG)
    with pytest.raises(TextError, match="expected at least 1 tokens in the test part, got 0"):
        word_text(words("two two"), CONFIG)
