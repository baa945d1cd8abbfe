"""From what a user types to indices and back: what a language model must carry to be used."""

from dataclasses import dataclass

from seqstep.errors import TextError
from seqstep.settings.config import Clean, TokenKind
from seqstep.text.spacing import LINE_END, join_words
from seqstep.text.tokens import split_line
from seqstep.text.vocab import Vocab


@dataclass(frozen=True)
class Codec:
    """A vocabulary together with the kind of its tokens and the cleaning that it was built after."""

    vocab: Vocab
    kind: TokenKind
    clean: Clean

    def split(self, text: str) -> list[str]:
        """Split a text as the training text was, in lower case where that was.

        Unlike the training text it keeps its other characters, so that they show as unknown.

        Raises:
            TextError: an empty text.
        """
        text = text if self.clean == "none" else text.lower()
        lines = [split_line(line, self.kind) for line in text.split(LINE_END)]
        between = [LINE_END] if LINE_END in self.vocab or self.kind == "char" else []
        tokens = [token for line in lines for token in (*between, *line)][len(between) :]
        if not tokens:
            raise TextError(f"expected a text with at least one {self.kind}, got {text!r}")
        return tokens

    def encode(self, text: str) -> list[int]:
        """Turn a text into indices; a token outside the vocabulary becomes 0, `<unk>`.

        Raises:
            TextError: an empty text.
        """
        indices: list[int] = self.vocab[self.split(text)]
        return indices

    def begin(self, indices: list[int]) -> list[int]:
        """Let a text begin a document, where the model knows such: after the end of another."""
        return indices if self.vocab.end is None else [self.vocab.end, *indices]

    def unknown(self, text: str) -> list[str]:
        """List the distinct tokens of a text that the vocabulary does not hold."""
        return [token for token in dict.fromkeys(self.split(text)) if token not in self.vocab]

    def decode(self, indices: list[int]) -> str:
        """Turn indices into text."""
        tokens = self.vocab.to_tokens(indices)
        return "".join(tokens) if self.kind == "char" else join_words(tokens)
