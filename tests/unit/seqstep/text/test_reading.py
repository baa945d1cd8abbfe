"""A text read from its file, line by line."""

from pathlib import Path

import pytest

from seqstep.errors import TextError
from seqstep.text.reading import read_lines


def test_lines_keep_their_ends_and_lose_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeffThe Time\r\n\nMächine".encode())
    assert read_lines(path) == ["The Time\n", "\n", "Mächine"]


def test_a_byte_that_is_not_utf_8_is_named_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("Mächine".encode("latin-1"))
    with pytest.raises(TextError, match=r"latin\.txt, got the byte 0xe4 .*set corpus.encoding"):
        read_lines(path)
