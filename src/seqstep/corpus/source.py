"""One file of a text: what it is, whether it can be what was meant, and the documents that are in it."""

import codecs
import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from secrecy import quote
from seqstep.corpus import gutenberg, looks
from seqstep.corpus.decoding import Suggestion, decoded
from seqstep.corpus.files import shown
from seqstep.corpus.records import columns_of_text, texts_of_lines, texts_of_parquet
from seqstep.corpus.unpacking import HEAD, packing, read_blocks, read_head
from seqstep.errors import CorpusError
from seqstep.settings.config import CorpusConfig, Strip

UTF_8 = "utf-8"
#: share of zeros below which a text is not of two or four bytes a character
_FEW_ZEROS = 0.1


@dataclass(frozen=True)
class Source:
    """A file that holds a text, or a part of it.

    Args:
        name: what messages call it.
        strip: whose heads and feet are left out.
        command: that has it read, to which settings can be added; of a run unless it is told.
    """

    path: Path
    name: str
    config: CorpusConfig
    strip: Strip = "none"
    command: tuple[str, ...] = ()

    @property
    def short_name(self) -> str:
        """What notices call it: a file by its name, wherever it lies."""
        return shown(self.path) if self.name == str(self.path) else self.name

    @cached_property
    def is_plain(self) -> bool:
        """Whether it is the text, byte by byte."""
        is_packed = bool(packing(read_head(self.path)))
        return not (is_packed or self.config.member or self.config.field) and (
            self.strip == "none" and self.config.encoding == UTF_8
        )

    @cached_property
    def head(self) -> bytes:
        """The first bytes of what is in it.

        Raises:
            CorpusError: see `read_blocks`.
        """
        return next(iter(self._blocks()), b"")[:HEAD]

    @cached_property
    def start(self) -> str:
        """How it begins; what can't be read there is not looked at here."""
        return self.head.decode(self.config.encoding, errors="replace").removeprefix("\ufeff")

    @cached_property
    def keeps_gutenberg(self) -> bool:
        """Whether Project Gutenberg's words before and after the text stay in it."""
        return self.strip == "none" and looks.is_from_gutenberg(self.start)

    @cached_property
    def could_be_utf_8(self) -> bool:
        """Whether it can be read as UTF-8 too, with another result."""
        return self.config.encoding != UTF_8 and not self.head.isascii() and _is_utf_8(self.head)

    def check(self) -> None:
        """Refuse what was not meant as a text. A SHA-1 that is set tells that just this file is meant.

        Raises:
            CorpusError: it is a page, a document, an archive, a table or in another encoding.
        """
        if looks.is_parquet(self.head):
            self._check_parquet()
        elif kind := self._kind():
            raise CorpusError(f"expected a text in {self.name}, got {kind}")
        elif "\0" in self.start and not self.config.sha1:
            if self.head.count(0) < _FEW_ZEROS * len(self.head):
                raise CorpusError(
                    f"expected a text in {self.name}, got characters of number 0 in it; take them out, as"
                    " `tr -d '\\0'` does, or pin the file with corpus.sha1 to take it as it is"
                )
            raise self.wrong_encoding("characters of number 0")

    def _check_parquet(self) -> None:
        if packing(read_head(self.path)):
            raise CorpusError(f"expected a text in {self.name}, got Parquet in it; unpack that first")
        if not self.config.field:
            columns = ", ".join(columns_of_text(self.path)) or "none"
            raise CorpusError(
                f"expected a text in {self.name}, got Parquet; set corpus.field to one of its columns of"
                f" texts: {columns}"
            )

    def _kind(self) -> str:
        """Say what else it is than a text, and what to do then."""
        inner = packing(self.head) if packing(read_head(self.path)) else ""
        if self.config.sha1:
            return ""
        if kind := looks.what_else(self.head) or (f"a {inner} file in it" if inner else ""):
            return f"{kind}; set corpus.path to the text that is in that"
        if looks.is_html(self.start):
            return "an HTML page; save its text, or pin the page with corpus.sha1 to take it as it is"
        return "" if self.config.field else self._kind_of_json()

    def _kind_of_json(self) -> str:
        if fields := looks.fields_of_lines(self.start, self.name):
            return (
                f"JSON lines; set corpus.field to one of {', '.join(fields)}, or pin the file with"
                " corpus.sha1 to take it as it is"
            )
        if looks.is_json_document(self.start, self.name):
            return "JSON in one piece; make lines of it, as `jq -c '.[]'` does, and set corpus.field"
        return ""

    def documents(self) -> Iterator[Iterable[str]]:
        """Read its documents, each in parts: the records of JSON lines and Parquet, or else the whole file.

        Raises:
            CorpusError: it is damaged, in another encoding, or not what the settings say.
        """
        if not self.config.field:
            yield self._stripped(self._text())
            return
        if looks.is_parquet(self.head):
            texts = texts_of_parquet(self.path, self.config.field, self._not_the_field)
        else:
            texts = texts_of_lines(self._text(), self.config.field, self._not_the_field)
        for text in texts:
            yield self._stripped([text.replace("\r\n", "\n").replace("\r", "\n")])

    def wrong_encoding(self, found: str) -> CorpusError:
        """Make the error of what does not fit the encoding, with a suggestion."""
        advice = Suggestion(self._blocks).words(self._command)
        return CorpusError(f"expected {self.config.encoding} in {self.name}, got {found} in it; {advice}")

    def _blocks(self) -> Iterator[bytes]:
        return read_blocks(self.path, self.name, self.config.member)

    def _text(self) -> Iterator[str]:
        return decoded(self._blocks(), self.config.encoding, self.wrong_encoding)

    def _stripped(self, parts: Iterable[str]) -> Iterable[str]:
        return gutenberg.strip(parts, self._no_gutenberg) if self.strip == "gutenberg" else parts

    def _command(self, encoding: str) -> str:
        """Write the command that has the text read in an encoding."""
        if self.command:
            return shlex.join([*self.command, f"corpus.encoding={encoding}"])
        path, urls = self.config.path, " ".join(map(str, self.config.url))
        listed = path if isinstance(path, str) else json.dumps(path, ensure_ascii=False)
        where = f"corpus.path={listed}" if path else f"corpus.url={urls}"
        return shlex.join(["seqstep", "run", "--set", where, f"corpus.encoding={encoding}"])

    def _not_the_field(self, found: str) -> CorpusError:
        return CorpusError(
            f"expected a text as {quote(self.config.field)} of each record in {self.name}, got {found};"
            " name another one with corpus.field, or correct the file"
        )

    def _no_gutenberg(self, found: str) -> CorpusError:
        return CorpusError(
            f"expected Project Gutenberg's head and foot in {self.name}, got {found};"
            " set text.strip=none, or name only files that have them"
        )


def _is_utf_8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
