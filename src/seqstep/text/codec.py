"""From a user's text to indices and back: what a language model must carry to be used."""

from dataclasses import dataclass

from seqstep.errors import TextError
from seqstep.settings.config import Clean, Documents, LineEnds, Locale, TokenKind
from seqstep.text.characters import Characters
from seqstep.text.cleaning import clean_parts
from seqstep.text.documents import END, MARK, mark_documents, single_marks
from seqstep.text.dropped import Dropped, dropped_by
from seqstep.text.spacing import LINE_END, join_words
from seqstep.text.tokens import split_line
from seqstep.text.vocab import Vocab

#: a letter that all cleanings keep as it is, and that changes none before it
_LETTER = "x"


@dataclass(frozen=True)
class Codec:
    """A vocabulary together with how the text was read that it is of: what is read later is read alike.

    Attributes:
        kind: of the tokens.
        clean, lines, locale: see `clean_parts`.
        documents: see `mark_documents`; a text that is read is one file.
    """

    vocab: Vocab
    kind: TokenKind
    clean: Clean
    lines: LineEnds = "join"
    documents: Documents = "none"
    locale: Locale = ""

    @property
    def way(self) -> str:
        """Say how texts are read, as settings."""
        return (
            f"{self.kind}s of text.clean={self.clean} text.lines={self.lines} text.documents={self.documents}"
            f" text.locale={self.locale or 'none'}"
        )

    def split(self, text: str) -> list[str]:
        """Split a text as the training text was; where that was of documents, with their ends around them.

        Raises:
            TextError: a text without any token.
        """
        return self._checked(self._split(text), text)

    def encode(self, text: str) -> list[int]:
        """Turn a text into indices; a token outside the vocabulary becomes 0, `<unk>`. See `split`."""
        indices: list[int] = self.vocab[self.split(text)]
        return indices

    def encode_prefix(self, text: str) -> list[int]:
        """Turn the beginning of a text into indices: its end is no end, and white space there is not dropped.

        Raises:
            TextError: a text without any token, with which only a document can begin.
        """
        tokens = self._split_prefix(text)
        indices: list[int] = self.vocab[tokens if self._has_ends else self._checked(tokens, text)]
        return indices

    def begin(self, indices: list[int]) -> list[int]:
        """Let a text begin a document, where the model knows such: after the end of another."""
        return indices if self.vocab.end is None else [self.vocab.end, *indices]

    def unknown(self, text: str) -> list[str]:
        """List the distinct tokens of a text that the vocabulary does not hold."""
        return [token for token in dict.fromkeys(self._split(text)) if token not in self.vocab]

    def dropped(self, characters: Characters) -> Dropped:
        """Tell what the cleaning drops of texts."""
        return dropped_by(characters, self.clean, self.lines)

    def decode(self, indices: list[int]) -> str:
        """Turn indices into text."""
        tokens = self.vocab.to_tokens(indices)
        return "".join(tokens) if self.kind == "char" else join_words(tokens)

    def _split(self, text: str) -> list[str]:
        """Split a text, which may have no token."""
        marks = MARK if self._has_ends else ""
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        marked = mark_documents([plain], "none" if self.documents == "file" else self.documents)
        parts = clean_parts(marked, self.clean, self.lines, self.locale, marks)
        clean = "".join(single_marks(parts) if self._has_ends else parts)
        if self.kind == "word" and self._has_ends:
            clean = clean.replace(MARK, f" {MARK} ")
        between = [LINE_END] if self.lines == "keep" else []
        lines = [(*between, *split_line(line, self.kind)) for line in clean.split(LINE_END)]
        tokens = [token for line in lines for token in line][len(between) :]
        if self._has_ends and END in tokens:
            raise TextError(f"expected a text without the word {END}, which ends documents; take it out")
        return [END if token == marks else token for token in tokens]

    def _split_prefix(self, text: str) -> list[str]:
        """Split the beginning of a text: what stands at its end stands before a letter."""
        letter = _LETTER if self.kind == "char" else ""
        tokens = self._split(text + letter)
        inner = tokens[1:-1] if self._has_ends else tokens
        return inner[: len(inner) - len(letter)]

    @property
    def _has_ends(self) -> bool:
        return self.documents != "none"

    def _checked(self, tokens: list[str], text: str) -> list[str]:
        """Refuse a text without any token but the ends of documents."""
        if all(self._has_ends and token == END for token in tokens):
            raise TextError(
                f"expected a text with at least one {self.kind} after text.clean={self.clean},"
                f" got {text!r:.100}"
            )
        return tokens
