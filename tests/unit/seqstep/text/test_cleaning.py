"""What is left of a line when it is cleaned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.text.cleaning import clean_line


@pytest.mark.parametrize(
    ("line", "clean", "expected"),
    [
        ("The Time-Machine, by H. G. Wells [1898]\n", "ascii_letters", "the time machine by h g wells"),
        ("  Don't  panic! \n", "ascii_letters", "don t panic"),
        ("1898 ***\n", "ascii_letters", ""),
        ("Größe: 7 Äpfel\n", "ascii_letters", "gr e pfel"),
        ("Größe: 7 Äpfel\n", "unicode_letters", "größe äpfel"),
        ("Машина «времени»\n", "unicode_letters", "машина времени"),
        ("e\u0301te\u0301 1\n", "unicode_letters", "été"),
        ("  The Time, 1898 \r\n", "none", "  The Time, 1898 "),
    ],
)
def test_cleaning_keeps_what_its_kind_says(line: str, clean: str, expected: str) -> None:
    assert clean_line(line, clean) == expected  # type: ignore[arg-type]


@given(st.text())
def test_a_cleaned_line_holds_lower_case_letters_and_single_spaces(line: str) -> None:
    cleaned = clean_line(line)
    assert set(cleaned) <= set("abcdefghijklmnopqrstuvwxyz ")
    assert cleaned == " ".join(cleaned.split())
    assert clean_line(cleaned) == cleaned
