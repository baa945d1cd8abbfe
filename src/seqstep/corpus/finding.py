"""The text's file: found or fetched, checked, and put into place whole or not at all.

Source: the notes, `download`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from seqstep.corpus.checksums import Checksums, digest
from seqstep.corpus.files import named, text_files
from seqstep.corpus.gathering import FILE, gather
from seqstep.corpus.looks import is_html
from seqstep.corpus.noticing import about, about_choice, about_empty
from seqstep.corpus.source import Source
from seqstep.corpus.transfer import Progress, check_scheme, check_size, fetch
from seqstep.corpus.unpacking import read_head
from seqstep.corpus.utf_8 import check_utf_8
from seqstep.errors import CorpusError, InputError, NetworkError
from seqstep.settings.addresses import Address
from seqstep.settings.config import CorpusConfig, Strip
from seqstep.whole_files import write_whole

_SHA1_DIGITS = 40


class FoundText(NamedTuple):
    """A text's file, where it came from, and what the user should know.

    Attributes:
        path: of the text in UTF-8.
        source: an address, or a file's name; see `named`.
        digests: of that file.
        original: SHA-1 of the one file that it was made from; empty if it is that file, or made from several.
        starts: the character that each document begins with, in order.
    """

    path: Path
    source: str
    digests: Checksums
    original: str = ""
    starts: Sequence[int] = (0,)
    notices: tuple[str, ...] = ()


def find(
    config: CorpusConfig,
    cache: Path,
    offline: bool = False,
    progress: Progress = lambda _done, _total: None,
    strip: Strip = "none",
) -> FoundText:
    """Find the text: a plain local file as it is, an address through the cache.

    All else, such as several files or a compressed one, is made into one file in the cache.

    A cached file with the right hash is not fetched again; one with a wrong hash is fetched again,
    once. Addresses are tried in order until one gives the right text. Where no hash is given, the
    first text that arrives is accepted, and held to its hash from then on.

    Args:
        cache: folder of the downloads.
        offline: never touch the network.
        progress: is told the bytes received so far and, if known, all.
        strip: whose heads and feet are left out.

    Raises:
        CorpusError: a file is missing, empty, damaged, too large, no text in the encoding that is set, or has
            another hash; the network is needed but `offline`; no source is given.
        NetworkError: a server failed, hung or could not be reached.
    """
    if config.path:
        return _find_files(config, cache, strip)
    if not config.url:
        raise CorpusError("there is no source of the text: set corpus.path or corpus.url")
    for url in config.url:
        check_scheme(url)
    path = _cached_path(cache, config)
    pin = config.sha1.lower() or _remembered(path)
    if path.is_file():
        digests = digest(path)
        if digests.sha1 == pin:
            source = " or ".join(map(str, config.url))
            one = Source(path, source, config, strip)
            one.check()
            return _as_text(one, source, digests, cache)
    if offline:
        raise CorpusError(
            f"expected the text in the cache, got nothing{' usable' if path.exists() else ''} at {path};"
            " run once without --offline, or set corpus.path"
        )
    url, digests = _fetch_first(config, path, pin, progress)
    found = _as_text(Source(path, str(url), config, strip), str(url), digests, cache)
    accepted = () if config.sha1 else (_accept(path, digests),)
    return found._replace(notices=(*found.notices, *accepted))


def verify(path: Path, sha1: str, original: str = "") -> Checksums:
    """Compute the digests of a text and hold them against its SHA-1, where one is given.

    Args:
        original: SHA-1 of the one file that the text was made from, which counts instead of its own.

    Raises:
        CorpusError: the file is missing or empty, or has another SHA-1.
    """
    digests = digest(path)
    if digests.size == 0:
        raise CorpusError(f"expected a text, got an empty file at {path}")
    if sha1 and (original or digests.sha1) != sha1.lower():
        raise CorpusError(
            f"expected SHA-1 {sha1.lower()}, got {original or digests.sha1} at {path}{_page_hint(path)};"
            " set corpus.sha1 to the right one, or to nothing to accept this text"
        )
    return digests


def _find_files(config: CorpusConfig, cache: Path, strip: Strip) -> FoundText:
    """Take local files, or a text that the project carries."""
    found, source = text_files(config.path), named(config.path)
    chosen = tuple(about_choice(found)) if found.is_several else ()
    sources = [Source(path, str(path), config, strip) for path in found.files]
    for one in sources:
        one.check()
    if len(sources) > 1:
        text = _made(sources, source, cache)
    else:
        digests = digest(one.path, check_utf_8(one.wrong_encoding)) if one.is_plain else digest(one.path)
        check_size(one.name, digests.size, config.max_bytes)
        text = _as_text(one, source, digests, cache)
    return text._replace(notices=(*chosen, *text.notices))


def _as_text(one: Source, source: str, digests: Checksums, cache: Path) -> FoundText:
    """Take a file that was checked as it is, if it is the text, or make the text of it."""
    if not one.is_plain:
        return _made([one], source, cache)._replace(original=digests.sha1)
    return FoundText(one.path, source, digests, notices=tuple(about([one])))


def _made(sources: Sequence[Source], source: str, cache: Path) -> FoundText:
    """Make one text of files that were checked."""
    made = gather(sources, cache, partial(check_size, source, limit=sources[0].config.max_bytes))
    if not made.starts:
        raise CorpusError(f"expected a text in {source}, got none; look at what is in it")
    notices = (*about(sources), *about_empty(made.empty))
    return FoundText(made.path, source, made.digests, starts=made.starts, notices=notices)


def _fetch_first(config: CorpusConfig, path: Path, pin: str, progress: Progress) -> tuple[Address, Checksums]:
    """Fetch from the first address that gives the right text."""
    failures: list[InputError | NetworkError] = []
    for url in config.url:
        checked: list[Checksums] = []

        def check(received: Path, url: Address = url, checked: list[Checksums] = checked) -> None:
            checked.append(_checked(received, url, config, pin))

        try:
            fetch(url, path, check, config, progress)
        except (InputError, NetworkError) as error:
            failures.append(error)
            continue
        return url, checked[0]
    if len(failures) == 1:
        raise failures[0]
    raise _summary(failures, failures[-1])


def _checked(received: Path, url: Address, config: CorpusConfig, pin: str) -> Checksums:
    """See that what came is the right text, or may be it."""
    digests = digest(received)
    if digests.size == 0:
        raise CorpusError(f"expected a text from {url}, got an empty body")
    one = Source(received, str(url), config)
    if pin and digests.sha1 != pin:
        raise CorpusError(
            f"expected SHA-1 {pin}, got {digests.sha1} from {url}{_page_hint(received)};"
            " try another address, or set corpus.sha1 if the text has really changed"
        )
    one.check()
    if one.is_plain:
        digest(received, check_utf_8(one.wrong_encoding))
    return digests


def _summary(failures: Iterable[Exception], last: InputError | NetworkError) -> Exception:
    return type(last)("no address gave the text: " + "; ".join(map(str, failures)))


def _accept(path: Path, digests: Checksums) -> str:
    """Remember the hash of a text that came without one, and say so."""
    write_whole(_memory(path), f"{digests.sha1} {_check(digests.sha1)}")
    return f"accepted without a hash; pin it with corpus.sha1={digests.sha1}"


def _memory(path: Path) -> Path:
    """Choose where the hash is kept under which an unpinned text was accepted."""
    return path.with_name(path.name + ".sha1")


def _remembered(path: Path) -> str:
    """Return the hash under which an unpinned text was accepted earlier, or an empty string.

    A damaged one is none. The version before wrote it without the digest of it.
    """
    memory = _memory(path)
    text = memory.read_text(encoding="utf-8", errors="replace") if memory.is_file() else ""
    sha1, _, check = text.partition(" ")
    return sha1 if check == _check(sha1) or len(text) == _SHA1_DIGITS else ""


def _check(sha1: str) -> str:
    """Digest a hash, so that no bit of it flips unseen."""
    return hashlib.sha256(sha1.encode()).hexdigest()[:16]


def _cached_path(cache: Path, config: CorpusConfig) -> Path:
    """Choose the cached file: in a folder for its content, or for its addresses if that is not known."""
    content = config.sha1.lower() or _digest_of_urls(config)
    return cache / content / FILE


def _digest_of_urls(config: CorpusConfig) -> str:
    """Tell the addresses from others, whatever token they are asked with."""
    return hashlib.sha256(" ".join(url.identity for url in config.url).encode()).hexdigest()[:40]


def _page_hint(path: Path) -> str:
    """Give a hint where a web page lies in the place of the text."""
    is_page = is_html(read_head(path).decode(errors="replace"))
    return " (it looks like an HTML page)" if is_page else ""
