"""One address to one file: streamed, retried, limited, and renamed into place when it is whole."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from secrecy import redact
from seqstep.errors import CorpusError, NetworkError
from seqstep.settings.addresses import Address
from seqstep.settings.config import CorpusConfig

#: is told the bytes received so far and all that will come, or None if that is not known
Progress = Callable[[int, int | None], None]

_BLOCK = 1 << 16
_SERVER_ERROR, _CLIENT_ERROR, _TOO_MANY_REQUESTS = 500, 400, 429


class _TruncatedError(CorpusError):
    """The body ended early; another try may get all of it."""


def check_scheme(url: Address) -> None:
    """Make sure that an address is one that is fetched.

    Raises:
        CorpusError: another scheme than http or https, or no host.
        ConfigError: what it refers to is not set in the environment.
    """
    parts = urlsplit(url.reveal())
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise CorpusError(
            f"expected an address with http:// or https:// in corpus.url, got {str(url)!r};"
            " set corpus.path for a local file"
        )


def fetch(
    url: Address, target: Path, check: Callable[[Path], None], config: CorpusConfig, progress: Progress
) -> None:
    """Fetch an address into a file.

    Connection errors, time-outs, truncated bodies and answers 5xx or 429 are tried again,
    `config.attempts` times in all, with growing pauses.

    Args:
        target: appears only when the whole body has arrived and passed `check`.
        check: raises if the file that it is given is not the right one.

    Raises:
        CorpusError: the server has no such text (4xx), redirects in circles or sends more than
            `config.max_bytes`; or the body stays truncated.
        NetworkError: the server failed, hung or could not be reached in every attempt.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    retrying = Retrying(
        stop=stop_after_attempt(config.attempts),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        retry=retry_if_exception_type((NetworkError, _TruncatedError)),
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            _fetch_once(url, target, check, config, progress)


def _fetch_once(
    url: Address, target: Path, check: Callable[[Path], None], config: CorpusConfig, progress: Progress
) -> None:
    """Fetch into a temporary file beside the target; check it; rename it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for block in _stream(url, config, progress):
                file.write(block)
        check(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _stream(url: Address, config: CorpusConfig, progress: Progress) -> Iterator[bytes]:
    """Yield the body in blocks, with every failure in seqstep's own words."""
    try:
        # Unpacked on the way, a body would not have the length that its header promises.
        headers = {"Accept-Encoding": "identity"}
        with requests.get(url.reveal(), stream=True, timeout=config.timeout_s, headers=headers) as response:
            _check_status(url, response.status_code)
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdigit() else None
            received = 0
            check_size(str(url), total or 0, config.max_bytes)
            for block in response.iter_content(_BLOCK):
                received += len(block)
                check_size(str(url), received, config.max_bytes)
                yield block
                progress(received, total)
    except requests.exceptions.ChunkedEncodingError:
        raise _TruncatedError(f"expected a whole text from {url}, got one that breaks off") from None
    except requests.exceptions.Timeout:
        raise _hangs(url, config) from None
    except requests.exceptions.TooManyRedirects:
        raise CorpusError(f"expected a text from {url}, got redirects in circles; check corpus.url") from None
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL):
        raise CorpusError(
            f"expected an address that can be fetched, got {str(url)!r} or a redirect to one"
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
    if status >= _CLIENT_ERROR:
        raise CorpusError(f"expected a text from {url}, got status {status}; check corpus.url")


def check_size(source: str, size: int, limit: int) -> None:
    """Make sure that a text is not larger than the user allows.

    Raises:
        CorpusError: it is.
    """
    if size > limit:
        raise CorpusError(
            f"expected at most {limit} bytes from {source}, got {size} or more; raise corpus.max_bytes"
        )
