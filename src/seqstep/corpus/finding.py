"""The text's file: found or fetched, checked, and put into place whole or not at all.

Source: the notes, `download`.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

from seqstep.corpus.transfer import Progress, check_scheme, check_size, fetch
from seqstep.errors import CorpusError, InputError, NetworkError
from seqstep.settings.addresses import Address
from seqstep.settings.config import CorpusConfig
from seqstep.settings.local_files import local_file
from seqstep.whole_files import write_whole

_BLOCK = 1 << 20


class Checksums(NamedTuple):
    """What identifies a file's content: two hashes in hexadecimal digits, and its size in bytes."""

    sha1: str
    sha256: str
    size: int


class FoundText(NamedTuple):
    """A text's file, where it came from, and what the user should know."""

    path: Path
    source: str
    digests: Checksums
    notice: str = ""


def find(
    config: CorpusConfig,
    cache: Path,
    offline: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> FoundText:
    """Find the text: a local file as it is, an address through the cache.

    A cached file with the right hash is not fetched again; one with a wrong hash is fetched again,
    once. Addresses are tried in order until one gives the right text. Where no hash is given, the
    first text that arrives is accepted, and held to its hash from then on.

    Args:
        cache: folder of the downloads.
        offline: never touch the network.
        progress: is told the bytes received so far and, if known, all.

    Raises:
        CorpusError: the file is missing, empty, too large or has another hash; the network is needed
            but `offline`; no source is given.
        NetworkError: a server failed, hung or could not be reached.
    """
    if config.path:
        return _find_file(config)
    if not config.url:
        raise CorpusError("there is no source of the text: set corpus.path or corpus.url")
    for url in config.url:
        check_scheme(url)
    path = _cached_path(cache, config)
    pin = config.sha1.lower() or _remembered(path)
    if path.is_file():
        digests = digest(path)
        if digests.sha1 == pin:
            return FoundText(path, " or ".join(map(str, config.url)), digests)
    if offline:
        raise CorpusError(
            f"expected the text in the cache, got nothing{' usable' if path.exists() else ''} at {path};"
            " run once without --offline, or set corpus.path"
        )
    return _fetch_first(config, path, pin, progress)


def verify(path: Path, sha1: str) -> Checksums:
    """Compute the digests of a file and hold them against its SHA-1, where one is given.

    Raises:
        CorpusError: the file is missing or empty, or has another SHA-1.
    """
    digests = digest(path)
    if digests.size == 0:
        raise CorpusError(f"expected a text, got an empty file at {path}")
    if sha1 and digests.sha1 != sha1.lower():
        raise CorpusError(
            f"expected SHA-1 {sha1.lower()}, got {digests.sha1} at {path}{_looks_like(path)};"
            " set corpus.sha1 to the right one, or to nothing to accept this text"
        )
    return digests


def digest(path: Path) -> Checksums:
    """Compute the digests of a file.

    Raises:
        CorpusError: the file can't be read.
    """
    sha1, sha256, size = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                sha1.update(block)
                sha256.update(block)
                size += len(block)
    except OSError as error:
        raise CorpusError(f"the text {path} can't be read: {error.strerror}") from None
    return Checksums(sha1.hexdigest(), sha256.hexdigest(), size)


def _find_file(config: CorpusConfig) -> FoundText:
    """Take a local file, or a text that the project carries."""
    path = local_file(config.path)
    assert path
    digests = digest(path)
    check_size(str(path), digests.size, config.max_bytes)
    return FoundText(path, config.path, digests)


def _fetch_first(config: CorpusConfig, path: Path, pin: str, progress: Progress) -> FoundText:
    """Fetch from the first address that gives the right text."""
    failures: list[InputError | NetworkError] = []
    for url in config.url:
        checked: list[Checksums] = []

        def check(received: Path, url: Address = url, checked: list[Checksums] = checked) -> None:
            digests = digest(received)
            if digests.size == 0:
                raise CorpusError(f"expected a text from {url}, got an empty body")
            if pin and digests.sha1 != pin:
                raise CorpusError(
                    f"expected SHA-1 {pin}, got {digests.sha1} from {url}{_looks_like(received)};"
                    " try another address, or set corpus.sha1 if the text has really changed"
                )
            checked.append(digests)

        try:
            fetch(url, path, check, config, progress)
        except (InputError, NetworkError) as error:
            failures.append(error)
            continue
        return FoundText(path, str(url), checked[0], "" if config.sha1 else _accept(path, checked[0]))
    if len(failures) == 1:
        raise failures[0]
    raise type(failures[-1])("no address gave the text: " + "; ".join(map(str, failures)))


def _accept(path: Path, digests: Checksums) -> str:
    """Remember the hash of a text that came without one, and say so."""
    write_whole(_memory(path), digests.sha1)
    return f"accepted without a hash; pin it with corpus.sha1={digests.sha1}"


def _memory(path: Path) -> Path:
    """Choose where the hash is kept under which an unpinned text was accepted."""
    return path.with_name(path.name + ".sha1")


def _remembered(path: Path) -> str:
    """Return the hash under which an unpinned text was accepted earlier, or an empty string."""
    memory = _memory(path)
    return memory.read_text(encoding="utf-8") if memory.is_file() else ""


def _cached_path(cache: Path, config: CorpusConfig) -> Path:
    """Choose the cached file: in a folder for its content, or for its addresses if that is not known."""
    content = config.sha1.lower() or _digest_of_urls(config)
    return cache / content / "corpus.txt"


def _digest_of_urls(config: CorpusConfig) -> str:
    """Tell the addresses from others, whatever token they are asked with."""
    return hashlib.sha256(" ".join(url.identity for url in config.url).encode()).hexdigest()[:40]


def _looks_like(path: Path) -> str:
    """Give a hint where a web page came instead of the text."""
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    return " (it looks like an HTML page)" if start.startswith((b"<!doctype html", b"<html")) else ""
