"""How tokens are spelt in an ARPA file."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.arpa.spelling import escape, unescape

LIKELY = st.sampled_from(["<space>", "<s>", "</s>", "<UNK>", "<unk>", "<U+0009>", "<U+3C", "\u00a0", " a"])
TOKENS = st.one_of(LIKELY, st.text(st.sampled_from("<>/sU+0039 \t\n"), min_size=1), st.text(min_size=1))


@pytest.mark.parametrize(
    ("token", "spelling"),
    [
        ("a", "a"),
        ("ß", "ß"),
        ("<", "<"),
        (" ", "<space>"),
        ("<unk>", "<unk>"),
        ("\t", "<U+0009>"),
        ("a b", "a<U+0020>b"),
        ("\u00a0", "<U+00A0>"),
        ("<s>", "<U+003C>s>"),
        ("<UNK>", "<U+003C>UNK>"),
        ("<space>", "<U+003C>space>"),
        ("<U+0009>", "<U+003C>U+0009>"),
        ("\U0010ffff", "<U+10FFFF>"),
    ],
)
def test_spellings(token: str, spelling: str) -> None:
    assert escape(token) == spelling and unescape(spelling) == token


@given(TOKENS)
def test_every_token_can_be_read_back_and_holds_no_white_space(token: str) -> None:
    spelling = escape(token)
    assert unescape(spelling) == token
    assert not re.search(r"\s", spelling) and spelling.split() == [spelling]
    spelling.encode("utf-8")


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(TextError, match=r"at least one character .* got an empty one"):
        escape("")
