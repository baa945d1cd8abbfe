"""A look at a text before anything is run: what is in it, what a run would make of it, which settings fit."""

from pathlib import Path
from typing import NamedTuple

from seqstep.errors import TextError
from seqstep.settings.config import Clean, RNNConfig, TextConfig
from seqstep.text.characters import Characters
from seqstep.text.document_windows import check_minibatch
from seqstep.text.documents import END
from seqstep.text.dropped import dropped_by
from seqstep.text.scripts import count_scripts
from seqstep.text.tokens import Tokens, read_tokens

_TOP = 10
_BOM = b"\xef\xbb\xbf"
_CLEANINGS: tuple[Clean, ...] = ("ascii_letters", "unicode_letters", "none")
#: share of the characters that are letters or white space, below which a text is more than its letters
_MOSTLY_LETTERS = 0.7
#: mean characters and words of a line, up to which lines are taken for a list
_SHORT_LINE, _FEW_WORDS, _LIST = 40, 2, 20
#: share of the letters above which one of them tells of a language
_TELLING = 0.005

_Counted = list[tuple[str, int]]


class LookedAt(NamedTuple):
    """What is in a text.

    Attributes:
        encoding: in which it was read.
        symbols: how many different characters it has.
        scripts: letters by script, the most frequent first.
        kept: share of the letters that each cleaning keeps.
        words: how many there are, of letters alone.
        common_words, common_characters: the most frequent of both, with their counts.
        would: what a run with the usual settings would do with it.
        fitting: settings that fit it, by name.
        would_then: what a run with these would do.
    """

    encoding: str
    lines: int
    characters: int
    symbols: int
    scripts: dict[str, int]
    kept: dict[str, float]
    words: int
    common_words: _Counted
    common_characters: _Counted
    would: list[str]
    fitting: dict[str, str]
    would_then: list[str]


def look_at_text(path: Path) -> LookedAt:
    """Read a text as a run would, in bounded memory.

    Raises:
        TextError: a byte that is not UTF-8, or nothing but white space.
    """
    whole = read_tokens(path, TextConfig(clean="none"), ["char", "word"])
    words = _words(path)
    characters, (chars, _) = whole.characters, whole.tokens
    fitting = _fitting(characters, words)
    return LookedAt(
        encoding="UTF-8, with a byte order mark" if _has_mark(path) else "UTF-8",
        lines=characters.lines,
        characters=characters.total,
        symbols=len(chars.types),
        scripts=_scripts(characters),
        kept={clean: 1 - dropped_by(characters, clean).share for clean in _CLEANINGS},
        words=len(words) if words else 0,
        common_words=_most_common(words) if words else [],
        common_characters=_most_common(chars),
        would=_would(path, TextConfig()),
        fitting=fitting,
        would_then=_would(
            path, TextConfig(**{name.removeprefix("text."): it for name, it in fitting.items()})
        ),
    )


def _words(path: Path) -> Tokens | None:
    """Read the words of a text, of letters alone; None if it has none."""
    try:
        return read_tokens(path, TextConfig(clean="unicode_letters"), ["word"]).tokens[0]
    except TextError:
        return None


def _has_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_BOM)) == _BOM


def _scripts(characters: Characters) -> dict[str, int]:
    letters = [("a", characters.ascii_letters)] if characters.ascii_letters else []
    return count_scripts([*letters, *characters.other_letters()])


def _most_common(tokens: Tokens) -> _Counted:
    counts = tokens.counts()
    return [(tokens.types[index], int(counts[index])) for index in (-counts).argsort(kind="stable")[:_TOP]]


def _fitting(characters: Characters, words: Tokens | None) -> dict[str, str]:
    """Choose settings by what is in a text."""
    seen = characters.total - characters.spaces - characters.line_ends
    if not words or characters.letters < _MOSTLY_LETTERS * seen:
        chosen = {"text.clean": "none"}
    elif dropped_by(characters, TextConfig().clean).notice:
        chosen = {"text.clean": "unicode_letters"} | _locale(characters)
    else:
        chosen = {"text.clean": "ascii_letters"}
    if _is_list(characters, len(words) if words else 0):
        return {**chosen, "text.documents": "line"}
    return chosen if chosen["text.clean"] == "none" else {**chosen, "text.lines": "space"}


def _locale(characters: Characters) -> dict[str, str]:
    """Tell by letters that hardly another language has whether a text is Turkish or Azeri."""
    found = dict(characters.other_letters())
    if found.get("ı", 0) + found.get("İ", 0) <= _TELLING * characters.letters:
        return {}
    return {"text.locale": "az" if found.get("ə", 0) > _TELLING * characters.letters else "tr"}


def _is_list(characters: Characters, words: int) -> bool:
    lines = characters.lines
    is_short = characters.total <= _SHORT_LINE * lines and words <= _FEW_WORDS * lines
    return lines >= _LIST and is_short


def _would(path: Path, config: TextConfig) -> list[str]:
    """Say what a run would do with a text: read it, with what it would be told, or refuse it."""
    training = RNNConfig()
    try:
        read = read_tokens(path, config, ["char", "word"])
        chars, words = read.tokens
        end = None if config.documents == "none" else chars.types.index(END)
        check_minibatch(chars.ids[: training.max_tokens], training.batch, training.steps, end)
    except TextError as error:
        return [f"refuse it: {error}"]
    return [
        f"read {len(chars) - chars.ends:,} characters and {len(words) - words.ends:,} words",
        *read.notices,
    ]
