"""Whether a text is UTF-8, block by block."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqstep.corpus.utf_8 import check_utf_8


def first_wrong(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"the byte 0x{data[error.start]:02x}"
    return ""


def found(blocks: list[bytes]) -> str:
    check = check_utf_8(ValueError)
    try:
        for block in [*blocks, b""]:
            check(block)
    except ValueError as error:
        return str(error)
    return ""


PIECES = st.text(st.sampled_from("aß中🌊\u0000\uffff\U0010ffff")).map(str.encode) | st.binary(max_size=4)


@given(pieces=st.lists(PIECES, max_size=5), cuts=st.lists(st.integers(0, 20), max_size=5))
@example(pieces=[b"\xed\xa0\x80"], cuts=[])  # half a character
@example(pieces=[b"\xc0\x80"], cuts=[1])  # longer than it need be
@example(pieces=[b"\xf4\x90\x80\x80"], cuts=[2])  # beyond the last number
@example(pieces=["🌊".encode()], cuts=[1, 2, 3])
@example(pieces=["🌊".encode()[:3]], cuts=[1])
@example(pieces=[b"\xff"], cuts=[])
def test_it_is_what_python_takes_for_utf_8_wherever_blocks_end(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join(pieces)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    blocks = [data[start:stop] for start, stop in pairwise(edges) if start < stop]
    assert found(blocks) == first_wrong(data)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_a_long_text_in_blocks_of_any_size(size: int) -> None:
    data = "größe 中文 🌊\n".encode() * 100
    assert found([data[start : start + size] for start in range(0, len(data), size)]) == ""
