import numpy as np
import pytest

from seqstep.config import TextConfig
from seqstep.contest.texts import text_after, text_by_share
from seqstep.errors import TextError
from seqstep.text.tokens import tokenize
from seqstep.text.vocab import Vocab

TOKENS = tokenize(["aabab", "abzba", "bbbbb"], "char")


def test_the_test_part_begins_where_the_training_part_ends() -> None:
    vocab = Vocab.of(TOKENS)
    text = text_after(TOKENS, vocab, 5, 4)
    assert "".join(vocab.to_tokens(text.train.tolist())) == "aabab"
    assert "".join(vocab.to_tokens(text.test.tolist())) == "abzb"
    assert (text.chars, text.unseen, len(text.vocab)) == (4, 0.25, 4)  # z; and <unk> is one of the vocabulary
    assert len(text_after(TOKENS, vocab, 5, 100).test) == 10
    with pytest.raises(TextError, match=r"after the first 15 tokens .rnn.max_tokens.* a text of 15"):
        text_after(TOKENS, vocab, 15, 100)


def test_the_vocabulary_of_the_whole_texts_start_knows_nothing_of_its_end() -> None:
    tokens = tokenize(["ab" * 9, "az"], "char")
    text = text_by_share(tokens, TextConfig(), 0.1)
    assert len(text.vocab) == 3 and text.test.tolist()[-1] == Vocab.unknown and text.unseen == 0.5
    np.testing.assert_array_equal(np.unique(text.train), [1, 2])


def test_words_count_with_their_letters() -> None:
    tokens = tokenize(["the lamp the sea"], "word")
    assert text_after(tokens, Vocab.of(tokens), 2, 2).chars == len("the sea ")
