"""Tokens: a text as a sequence of words or of characters, each written as the number of its type.

Source: the notes, "Text Preprocessing", `tokenize`.
"""

import json
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from seqstep.errors import TextError
from seqstep.settings.config import TextConfig, TokenKind
from seqstep.text.ahead import ahead
from seqstep.text.characters import Characters
from seqstep.text.cleaning import clean_line, clean_lines, clean_parts
from seqstep.text.documents import END, MARK, mark_documents, mark_starts, single_marks
from seqstep.text.dropped import Dropped, dropped_by
from seqstep.text.notices import text_notices
from seqstep.text.numbering import Numbering, encode
from seqstep.text.reading import PART, read_lines, read_parts
from seqstep.text.spacing import part_words, spaced_lengths, token_length

__all__ = [
    "Tokens",
    "clean_line",
    "clean_lines",
    "load_tokens",
    "read_lines",
    "read_tokens",
    "split_line",
    "tokenize",
]

#: tokens that are taken into memory at once
BLOCK = 1 << 22


@dataclass(frozen=True)
class Tokens:
    """A text as a sequence of tokens, each written as the number of its type.

    Attributes:
        kind: char or word.
        types: the distinct tokens, in the order in which they first appear.
        ids: shape (tokens,), the smallest unsigned integer that fits, mapped from a file; token t is
            `types[ids[t]]`.
    """

    kind: TokenKind
    types: tuple[str, ...]
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def ends(self) -> int:
        """How many of them are ends of documents."""
        return int(self.counts()[self.types.index(END)]) if END in self.types else 0

    def first(self, tokens: int) -> Self:
        """Take only the first tokens."""
        return type(self)(self.kind, self.types, self.ids[:tokens])

    def blocks(self) -> Iterator[np.ndarray]:
        """Go through the ids a block at a time, so that no more of them are in memory."""
        return (self.read(slice(start, start + BLOCK)) for start in range(0, len(self), BLOCK))

    def read(self, key: slice | np.ndarray) -> np.ndarray:
        """Take some ids into memory, and keep nothing else of the file that they are mapped from."""
        ids = np.array(self.ids[key])
        if isinstance(self.ids.base, mmap.mmap):
            self.ids.base.madvise(mmap.MADV_DONTNEED)
        return ids

    def counts(self) -> np.ndarray:
        """Count how often each type occurs; shape (types,)."""
        counts = np.zeros(len(self.types), dtype=np.int64)
        for block in self.blocks():
            counts += np.bincount(block, minlength=len(counts))
        return counts

    def lengths(self) -> np.ndarray:
        """Characters of each token, a word's with the space after it; shape (tokens,)."""
        if self.kind == "word":
            return spaced_lengths(self.types, self.ids)
        return np.array([token_length(type_) for type_ in self.types])[self.ids]

    def save_ids(self, path: Path) -> None:
        """Write the ids as .npy, which can be mapped into memory."""
        with path.open("wb") as file:
            header = np.lib.format.header_data_from_array_1_0(self.ids)
            np.lib.format.write_array_header_1_0(file, header)
            for block in self.blocks():
                file.write(block.data)

    def save_types(self, path: Path) -> None:
        """Write the kind and the types as JSON."""
        content = {"kind": self.kind, "types": self.types}
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def load_tokens(ids: Path, types: Path) -> Tokens:
    """Read what `save_ids` and `save_types` wrote; the ids stay on disk until they are used."""
    content = json.loads(types.read_text(encoding="utf-8"))
    return Tokens(content["kind"], tuple(content["types"]), np.load(ids, mmap_mode="r"))


def split_line(line: str, kind: TokenKind) -> list[str]:
    """Split a line into words, at white space and as `part_words` does, or into characters.

    Raises:
        TextError: an unknown kind of token.
    """
    if kind == "word":
        return part_words(line).split()
    if kind == "char":
        return list(line)
    raise TextError(f"expected tokens of the kind char or word, got {kind!r}")


class ReadText(NamedTuple):
    """A text as it was read.

    Attributes:
        characters: of the text before it was cleaned.
        tokens: of the clean text, of each kind that was asked for.
        dropped: what the cleaning dropped.
        notices: what the user should know of the text.
    """

    characters: Characters
    tokens: list[Tokens]
    dropped: Dropped
    notices: list[str]


def read_tokens(
    path: Path,
    config: TextConfig,
    kinds: Sequence[TokenKind],
    starts: np.ndarray | Sequence[int] = (0,),
    characters: int = PART,
) -> ReadText:
    r"""Read a text, clean it and split it, part by part.

    Args:
        starts: characters of the text before each of its files, which are documents if the settings say so.
        characters: of the parts that are read, >= 1.

    Raises:
        TextError: a byte that is not UTF-8, no token at all, more letters dropped than the settings allow, or
            a text that has ends of documents in itself.
    """
    read, has_ends = Characters(), config.documents != "none"
    lines, marks = config.line_ends, MARK if has_ends else ""
    parts = read.counted(read_parts(path, characters))
    if config.documents == "file":
        marked = mark_starts(parts, np.asarray(starts))
    else:
        marked = mark_documents(parts, config.documents)
    clean = clean_parts(marked, config.clean, lines, config.locale, marks)
    numberings = [Numbering(kind, has_ends) for kind in kinds]

    def split(part: str) -> list[Any]:
        return [encode(part, kind, lines == "keep", has_ends) for kind in kinds]

    for encoded in ahead(split, single_marks(clean) if has_ends else clean):
        for numbering, tokens in zip(numberings, encoded, strict=True):
            numbering.add(tokens)
    dropped = dropped_by(read, config.clean, lines)
    dropped.check(config.max_dropped)
    found = [_tokens(numbering, read.lines) for numbering in numberings]
    words = sum(len(tokens) for tokens in found if tokens.kind == "word")
    notices = text_notices(read, dropped, words, config) if "word" in kinds else []
    return ReadText(read, found, dropped, notices)


def tokenize(lines: Sequence[str], kind: TokenKind) -> Tokens:
    """Split lines into one sequence of tokens; as in the notes, nothing stands between two lines.

    Raises:
        TextError: an unknown kind of token, or no token at all.
    """
    numbering = Numbering(kind)
    for line in lines:
        numbering.add(encode(line, kind, keeps_lines=kind == "char"))
    return _tokens(numbering, len(lines))


def _tokens(numbering: Numbering, lines: int) -> Tokens:
    types = numbering.types()
    if not set(types) - {END}:
        raise TextError(
            f"expected a text with at least one {numbering.kind}, got {lines} lines without any;"
            " for a text of digits and signs set text.clean=none"
        )
    return Tokens(numbering.kind, types, numbering.ids())
