from pathlib import Path

import numpy as np
import pytest

import seqstep
from seqstep.errors import TextError
from seqstep.evaluation.language import rank, score_counts
from seqstep.evaluation.texts import ComparedText, before_and_after, held_out_text, text_after
from seqstep.settings.config import ComparisonConfig, TextConfig
from seqstep.text.tokens import Tokens, read_tokens, tokenize
from seqstep.text.vocab import Vocab

CONFIG = ComparisonConfig(orders=(1, 2), valid_share=0.2, test_share=0.1)
TOKENS = tokenize(["aabab", "abzba", "bbbbb"], "char")


def whole(tokens: Tokens, min_freq: int = 0, config: ComparisonConfig = CONFIG) -> ComparedText:
    return before_and_after(tokens, held_out_text(tokens, TextConfig(min_freq=min_freq), config), config)


def test_the_test_part_begins_where_the_training_part_ends() -> None:
    vocab = Vocab.of(TOKENS)
    text = text_after(TOKENS, vocab, 5, 4, CONFIG)
    assert "".join(vocab.to_tokens(text.train.tolist())) == "aabab"
    assert "".join(vocab.to_tokens(text.test.tolist())) == "abzb"
    assert (text.chars, text.unseen, len(text.vocab)) == (4, 0.25, 4)  # z; and <unk> is one of the vocabulary
    assert text.unknown == text.spelling == 0
    assert len(text_after(TOKENS, vocab, 5, 100, CONFIG).test) == 10
    with pytest.raises(TextError, match=r"after the first 15 tokens .rnn.max_tokens.* a text of 15"):
        text_after(TOKENS, vocab, 15, 100, CONFIG)


def test_the_vocabulary_of_the_whole_texts_start_knows_nothing_of_its_end() -> None:
    text = whole(tokenize(["ab" * 9, "az"], "char"))
    assert len(text.vocab) == 3 and text.test.tolist()[-1] == Vocab.unknown and text.unseen == 0.5
    np.testing.assert_array_equal(np.unique(text.train), [1, 2])


def test_words_count_with_their_letters() -> None:
    tokens = tokenize(["the lamp the sea"], "word")
    assert text_after(tokens, Vocab.of(tokens), 2, 2, CONFIG).chars == len("the sea ")


def test_what_the_training_part_holds_too_rarely_is_unknown_but_not_unseen() -> None:
    tokens = tokenize(["ab" * 8 + "c" + "ab" * 4 + "cz"], "char")
    text = whole(tokens, min_freq=2)
    assert text.vocab.tokens == ("<unk>", "a", "b")
    assert text.test.tolist()[-2:] == [0, 0]
    assert text.unseen == 1 / len(text.test) and text.unknown == 2 / len(text.test)


def test_unknown_characters_are_paid_for_as_letters_that_were_seen_once_each() -> None:
    tokens = tokenize(["ab" * 8 + "c" + "ab" * 4 + "cz"], "char")
    # Witten–Bell of order 1: P(x) = (n(x) + t / m) / (n + t), n = t = 3 letters once each, m = 4 with <unk>,
    # which z is, and then any of Unicode's characters.
    strange = np.log(3 / 4 / 6) - np.log(0x110000)
    assert whole(tokens, min_freq=2).spelling == pytest.approx(np.log((1 + 3 / 4) / 6) + strange)
    assert whole(tokens, min_freq=0).spelling == pytest.approx(strange)


def test_a_higher_min_freq_predicts_no_character_better(story: Tokens) -> None:
    config = CONFIG.model_copy(update={"resamples": 20, "block": 20, "word_orders": (1, 2)})
    figures = []
    for min_freq in (0, 2, 5):
        text = whole(story, min_freq, config)
        figures.append(rank(list(score_counts(text, config)), text, config).iloc[0])
    perplexities, bits = ([row[name] for row in figures] for name in ("perplexity", "bits_per_char"))
    assert perplexities == sorted(perplexities, reverse=True)
    assert bits == sorted(bits)


@pytest.fixture(scope="module")
def story() -> Tokens:
    path = Path(seqstep.__file__).parent / "texts" / "lighthouse.txt"
    (found,) = read_tokens(path, TextConfig(), ["word"]).tokens
    return found
