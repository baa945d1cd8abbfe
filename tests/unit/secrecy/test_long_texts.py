"""Texts of any length: each is read once, whatever it is made of.

No time is measured: what reads a text once for each of its letters never ends with the largest sizes.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrecy import cut, holds_url, identify_url, quote, redact, shorten, show_url, visible

SIZES = (10, 1_000, pytest.param(1_000_000, marks=pytest.mark.thorough))
PIECES = (
    *("a", "1", "+", ".", ":", "/", "=", "&", "${a", "${A}", "@", "?", "#", "%", "'", "é", "\x1b[31m"),
    *("a+", "a:/", "http:/", "http://", "http://a ", "a@", "x=1&", "x&", "with url: ", " a", "://", "]))"),
)
STARTS = ("http://h/", "http://u:p@", "https://h/?", "https://h/#", "with url: /", "${")

# What is meant, read over and over: fit for short texts only.
_USER = r"(?!(?:[\w.-]+|\[[\w:.]+\])(?::\d+)?(?:\s|$))[^/?#@\r\n]*@"
_REST = r"(?:[^\s'\"<>`]|['\"<>`](?=\w))+"
_URL = re.compile(rf"(?:[A-Za-z][A-Za-z0-9+.-]*://|(?:https?|ftps?):/)(?:{_USER})?{_REST}", re.IGNORECASE)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "start", ["", *(pytest.param(start, marks=pytest.mark.thorough) for start in STARTS)]
)
@pytest.mark.parametrize("piece", PIECES)
def test_a_text_of_any_length_is_read_once(start: str, piece: str, size: int) -> None:
    text = start + piece * (size // len(piece))
    hidden = redact(f"{text} https://me:SECRET@host/ {text} https://host/?t=SECRET")
    assert "SECRET" not in hidden and hidden.endswith("https://host/?t=***")
    assert holds_url(f"{text} ftp://host/")
    assert show_url(f"https://me:SECRET@host/{text}").partition("SECRET")[1] == ""
    assert identify_url(f"https://host/?token=SECRET&{piece * (size // len(piece))}").count("SECRET") == 0
    assert len(shorten(text)) <= len(text) + 30
    assert "\x1b" not in visible(text)
    assert len(cut(text)) <= 230 and len(quote(text)) <= 230


@given(
    st.lists(st.sampled_from([*PIECES, *STARTS, "SECRET", "host", "https", ";", "ftps:/", "\n"])).map("".join)
)
def test_the_same_urls_are_found_as_by_the_plain_expression(text: str) -> None:
    def shown(found: re.Match[str]) -> str:
        url = found[0].rstrip(".,;:!)]")
        return show_url(re.sub(r"^([^:]+):/(?!/)", r"\1://", url)) + found[0][len(url) :]

    assert redact(text) == re.sub(r"(with url: )\S+", r"\1***", _URL.sub(shown, text))
    assert holds_url(text) == bool(_URL.search(text))


@given(st.text(max_size=600), st.integers(10, 300))
@pytest.mark.thorough
def test_a_long_value_keeps_its_ends_and_says_its_length(text: str, most: int) -> None:
    short = cut(text, most)
    if len(text) <= most:
        assert short == text
    else:
        assert short == f"{text[: most - most // 4 - 1]}…{text[-(most // 4) :]} ({len(text):,} characters)"


def test_only_long_words_of_a_message_are_shortened() -> None:
    word = "a" * 60_000
    message = f"expected a number in --seed, got {word}; see `works --help`"
    assert shorten(message) == (
        f"expected a number in --seed, got {'a' * 149}…{'a' * 49}; (60,001 characters) see `works --help`"
    )
    assert shorten(shorten(message)) == shorten(message)
    assert shorten("x " * 1000) == "x " * 1000 and len(shorten("x " * 10_000)) <= 4030
    assert quote("it's") == '"it\'s"' and quote([1]) == "[1]"


@given(st.text())
def test_no_control_character_stays_but_the_ends_of_lines_and_tabs(text: str) -> None:
    import json
    import tomllib

    said = visible(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", said)
    assert visible(said) == said
    assert visible("größe – ß\t1\n") == "größe – ß\t1\n"
    document = json.dumps(text, ensure_ascii=False)
    assert json.loads(visible(document)) == tomllib.loads(f"x = {visible(document)}")["x"] == text
