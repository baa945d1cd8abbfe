"""Text from elsewhere, such as a file's or a server's, written so that a person can look at it."""

import re

#: characters of a value that a message repeats, and of a message
MOST, MOST_OF_MESSAGE = 200, 4000

# What moves a terminal's cursor, colours it or turns the order of its letters around; halves of characters.
# A line's end and a tab stay.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONG_WORD = re.compile(rf"(?<!\S)\S{{{MOST + 1},}}")


def visible(text: str) -> str:
    r"""Write control characters as text, such as `\u001b`, which JSON and TOML read as the character."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def in_line(text: str) -> str:
    """Write a text in one line."""
    return " ".join(text.splitlines())


def cut(text: str, most: int = MOST) -> str:
    """Write a text of more than `most` characters without its middle, and say how many it has."""
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end - 1]}…{text[-end:]} ({len(text):,} characters)"


def spell(value: object) -> str:
    """Write a value as Python does; one that is too deep or too long a number for that by its kind."""
    try:
        return repr(value)
    except (RecursionError, ValueError):
        return f"a value of the kind {type(value).__name__}"


def quote(value: object) -> str:
    """Write a value as Python does, without its middle if it is long."""
    return cut(spell(value))


def shorten(message: str) -> str:
    """Write a message without the middle of every long word in it, and of all if it is still long."""
    return cut(_LONG_WORD.sub(lambda word: cut(word[0]), message), MOST_OF_MESSAGE)
