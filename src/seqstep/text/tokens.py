"""Lines and tokens: reading, cleaning and splitting a text.

Source: the notes, "Text Preprocessing".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import regex

from seqstep.config import Clean, TokenKind
from seqstep.errors import TextError

_DROPPED = {
    "ascii_letters": regex.compile(r"[^A-Za-z]+"),
    "unicode_letters": regex.compile(r"[^\p{L}\p{M}]+"),
}


@dataclass(frozen=True)
class Tokens:
    """A text as a sequence of tokens, each written as the number of its type.

    Attributes:
        kind: char or word.
        types: the distinct tokens, in the order in which they first appear.
        ids: shape (tokens,), the smallest unsigned integer that fits; token t is `types[ids[t]]`.
    """

    kind: TokenKind
    types: tuple[str, ...]
    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def lengths(self) -> np.ndarray:
        """Characters of each token, a word's with the space after it; shape (tokens,)."""
        space = 1 if self.kind == "word" else 0
        return np.array([len(type_) + space for type_ in self.types])[self.ids]

    def save_ids(self, path: Path) -> None:
        """Write the ids as .npy, which can be mapped into memory."""
        np.save(path, self.ids, allow_pickle=False)

    def save_types(self, path: Path) -> None:
        """Write the kind and the types as JSON."""
        content = {"kind": self.kind, "types": self.types}
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def load_tokens(ids: Path, types: Path) -> Tokens:
    """Read what `save_ids` and `save_types` wrote; the ids stay on disk until they are used."""
    content = json.loads(types.read_text(encoding="utf-8"))
    return Tokens(content["kind"], tuple(content["types"]), np.load(ids, mmap_mode="r"))


def read_lines(path: Path) -> list[str]:
    """Read the lines of a text in UTF-8 (a leading byte order mark is passed over).

    Raises:
        TextError: a byte that is not UTF-8, with its place.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.readlines()
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise TextError(
            f"expected UTF-8 text in {path}, got the byte 0x{byte:02x} ({error.reason});"
            " convert the file, for instance with `iconv -t UTF-8`"
        ) from None


def clean_lines(path: Path, clean: Clean = "ascii_letters") -> list[str]:
    """Read the lines of a text and clean each; see `read_lines` and `clean_line`."""
    return [clean_line(line, clean) for line in read_lines(path)]


def clean_line(line: str, clean: Clean = "ascii_letters") -> str:
    """Keep the letters of a line, in lower case; every run of anything else becomes one space.

    With `none` only the end of the line is taken off.
    """
    if clean == "none":
        return line.rstrip("\r\n")
    return _DROPPED[clean].sub(" ", line).strip().lower()


def split_line(line: str, kind: TokenKind) -> list[str]:
    """Split a line into words at white space, or into characters.

    Raises:
        TextError: an unknown kind of token.
    """
    if kind == "word":
        return line.split()
    if kind == "char":
        return list(line)
    raise TextError(f"expected tokens of the kind char or word, got {kind!r}")


def tokenize(lines: Sequence[str], kind: TokenKind) -> Tokens:
    """Split lines into one sequence of tokens; as in the notes, nothing stands between two lines.

    Raises:
        TextError: an unknown kind of token, or no token at all.
    """
    stream = [token for line in lines for token in split_line(line, kind)]
    if not stream:
        raise TextError(
            f"expected a text with at least one {kind}, got {len(lines)} lines without any;"
            " for a text in another alphabet set text.clean=unicode_letters"
        )
    ids, types = pd.factorize(np.array(stream, dtype=object))
    return Tokens(kind, tuple(types), ids.astype(np.min_scalar_type(len(types) - 1)))
