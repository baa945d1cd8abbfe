"""One address to one file: streamed, retried, limited, and renamed into place when it is whole."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from secrecy import names_host, quote, redact
from seqstep.errors import CorpusError, NetworkError
from seqstep.settings.addresses import Address
from seqstep.settings.config import CorpusConfig
from seqstep.whole_files import temporary_file

#: is told the bytes received so far and all that will come, or None if that is not known
Progress = Callable[[int, int | None], None]

_BLOCK = 1 << 16
_OK, _PART, _TOO_MANY_REQUESTS, _SERVER_ERROR = 200, 206, 429, 500
_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
# For zlib: whichever of the two heads stands there.
_ANY_HEAD = zlib.MAX_WBITS + 32


class _DamagedError(CorpusError):
    """The body ended early, or was damaged on its way; another try may get all of it."""


def check_scheme(url: Address) -> None:
    """Make sure that an address is one that is fetched.

    Raises:
        CorpusError: another scheme than http or https, or no host.
        ConfigError: what it refers to is not set in the environment.
    """
    if not names_host(url.reveal()):
        raise CorpusError(
            f"expected an address with http:// or https:// in corpus.url, got {quote(str(url))};"
            " set corpus.path for a local file"
        )


def fetch(
    url: Address, target: Path, check: Callable[[Path], None], config: CorpusConfig, progress: Progress
) -> None:
    """Fetch an address into a file.

    Connection errors, time-outs, damaged bodies and answers 5xx or 429 are tried again,
    `config.attempts` times in all, with growing pauses.

    Args:
        target: appears only when the whole body has arrived and passed `check`.
        check: raises if the file that it is given is not the right one.

    Raises:
        CorpusError: the server has no such text (4xx), sends a part of it, redirects in circles, sends more
            than `config.max_bytes` or in a coding that nobody asked for; or the body stays damaged.
        NetworkError: the server failed, hung or could not be reached in every attempt.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    retrying = Retrying(
        stop=stop_after_attempt(config.attempts),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        retry=retry_if_exception_type((NetworkError, _DamagedError)),
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            _fetch_once(url, target, check, config, progress)


def _fetch_once(
    url: Address, target: Path, check: Callable[[Path], None], config: CorpusConfig, progress: Progress
) -> None:
    """Fetch into a temporary file beside the target; check it; rename it."""
    with temporary_file(target.parent, target.name) as temporary:
        with temporary.open("wb") as file:
            for block in _stream(url, config, progress):
                file.write(block)
        check(temporary)
        temporary.replace(target)


def _stream(url: Address, config: CorpusConfig, progress: Progress) -> Iterator[bytes]:
    """Yield the body in blocks, with every failure in seqstep's own words."""
    try:
        # Unpacked on the way, a body would not have the length that its header promises.
        headers = {"Accept-Encoding": "identity"}
        with requests.get(url.reveal(), stream=True, timeout=config.timeout_s, headers=headers) as response:
            _check_status(url, response.status_code)
            coding = _coding(url, response.headers.get("Content-Encoding", ""))
            total = None if coding else _length(url, response.headers.get("Content-Length", ""))
            received = 0
            check_size(str(url), total or 0, config.max_bytes)
            # Else it is unpacked on the way, and nobody sees that it breaks off.
            response.raw.headers.discard("Content-Encoding")
            body = response.iter_content(_BLOCK)
            for block in _unpacked(url, body) if coding else body:
                received += len(block)
                check_size(str(url), received, config.max_bytes)
                yield block
                progress(received, total)
    except requests.exceptions.ChunkedEncodingError:
        raise _DamagedError(f"expected a whole text from {url}, got one that breaks off") from None
    except requests.exceptions.InvalidHeader:
        raise CorpusError(f"expected one length from {url}, got several; check corpus.url") from None
    except requests.exceptions.Timeout:
        raise _hangs(url, config) from None
    except requests.exceptions.TooManyRedirects:
        raise CorpusError(f"expected a text from {url}, got redirects in circles; check corpus.url") from None
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL):
        raise CorpusError(
            f"expected an address that can be fetched, got {quote(str(url))} or a redirect to one"
        ) from None
    except requests.exceptions.RequestException as error:
        if "timed out" in str(error):  # while the body is read, a time-out comes as a connection error
            raise _hangs(url, config) from None
        # What requests says at length holds the path and the query.
        reason = (
            redact(str(error)) if isinstance(error, requests.exceptions.SSLError) else type(error).__name__
        )
        raise NetworkError(
            f"{url} can't be reached ({reason}); check the network, or use a local file with corpus.path"
        ) from None


def _hangs(url: Address, config: CorpusConfig) -> NetworkError:
    return NetworkError(
        f"{url} gave no answer for {config.timeout_s:g} s; try again later, or raise corpus.timeout_s"
    )


def _check_status(url: Address, status: int) -> None:
    if status >= _SERVER_ERROR or status == _TOO_MANY_REQUESTS:
        raise NetworkError(f"{url} answered with status {status}; try again later")
    if status == _PART:
        raise CorpusError(f"expected the whole text from {url}, got status 206, a part; check corpus.url")
    if status != _OK:
        raise CorpusError(f"expected a text from {url}, got status {status}; check corpus.url")


def _coding(url: Address, header: str) -> str:
    """Tell in which coding a body comes, though it was asked for as it is; empty for none."""
    coding = header.strip().lower()
    if coding in ("", "identity"):
        return ""
    if coding not in _CODINGS:
        raise CorpusError(
            f"expected the text from {url} as it is, got it in the coding {quote(coding)}, which is not known"
            " here; name another address with corpus.url"
        )
    return coding


def _length(url: Address, header: str) -> int | None:
    """Read how many bytes will come; None if that is not said."""
    if header and not (header.isascii() and header.isdigit()):
        raise CorpusError(f"expected a length from {url}, got {quote(header)}; check corpus.url")
    return int(header) if header else None


def _unpacked(url: Address, body: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack a body that comes in gzip or deflate, a block at a time."""
    unpacker = zlib.decompressobj(_ANY_HEAD)
    try:
        for block in body:
            part = unpacker.decompress(block, _BLOCK)
            while part:
                yield part
                part = unpacker.decompress(unpacker.unconsumed_tail, _BLOCK)
            if unpacker.unused_data:
                raise zlib.error("there is more behind its end")
    except zlib.error as error:
        raise _DamagedError(f"expected a whole text from {url}, got a broken gzip body: {error}") from None
    if not unpacker.eof:
        raise _DamagedError(f"expected a whole text from {url}, got a gzip body that breaks off")


def check_size(source: str, size: int, limit: int) -> None:
    """Make sure that a text is not larger than the user allows.

    Raises:
        CorpusError: it is.
    """
    if size > limit:
        raise CorpusError(
            f"expected at most {limit} bytes from {source}, got {size} or more; raise corpus.max_bytes"
        )
