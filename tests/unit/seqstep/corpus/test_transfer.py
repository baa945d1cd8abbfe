"""One address to one file, against a server on loopback that fails in every way."""

import gc
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tenacity

from seqstep.corpus import transfer
from seqstep.corpus.transfer import check_size, fetch
from seqstep.errors import CorpusError, NetworkError, SeqstepError
from seqstep.settings.addresses import Address
from seqstep.settings.config import CorpusConfig
from tests.patience import PATIENCE_S, until

Fetch = Callable[..., Path]


@pytest.fixture
def get(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """Fetch a path of the corpus server without pauses between attempts; nothing but the target may stay."""
    monkeypatch.setattr(transfer, "wait_random_exponential", lambda **_: tenacity.wait_none())

    def run(name: str, check: Callable[[Path], None] = lambda _path: None, **changes: Any) -> Path:
        target = tmp_path / "cache" / "text.txt"
        config = CorpusConfig(**{"timeout_s": PATIENCE_S, "max_bytes": 100_000, **changes})
        url = name if "://" in name else server.url(name)
        try:
            fetch(Address(url), target, check, config, lambda _done, _total: None)
        finally:
            assert [path for path in target.parent.iterdir() if path != target] == []
        return target

    return run


def test_a_text_arrives_whole(get: Fetch, text: bytes) -> None:
    assert get("/ok").read_bytes() == text


# The library leaves its connection to Python, which closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_body_of_two_lengths_is_refused(get: Fetch) -> None:
    with pytest.raises(CorpusError, match=r"expected one length from .*/two-lengths, got several; check cor"):
        get("/two-lengths")
    gc.collect()


@pytest.mark.parametrize("name", ["/packed", "/deflated"])
def test_a_body_in_a_coding_is_unpacked(name: str, get: Fetch, text: bytes) -> None:
    assert get(name).read_bytes() == text


def test_a_compressed_file_stays_as_it_is(get: Fetch, text: bytes) -> None:
    packed = get("/file.gz").read_bytes()
    assert packed != text and gzip.decompress(packed) == text


def test_a_server_that_fails_at_first_is_asked_again(get: Fetch, server: Any, text: bytes) -> None:
    assert get("/flaky").read_bytes() == text
    assert server.requests == {"/flaky": 3}


@pytest.mark.parametrize(
    ("name", "error", "requests", "message"),
    [
        ("/fails", NetworkError, 3, r"/fails answered with status 500; try again later"),
        ("/busy", NetworkError, 3, r"/busy answered with status 429; try again later"),
        ("/truncated", CorpusError, 3, r"expected a whole text from http.*, got one that breaks off"),
        ("/missing", CorpusError, 1, r"from http.*/missing, got status 404; check corpus.url"),
        ("/loop", CorpusError, 31, r"from http.*/loop, got redirects in circles; check corpus.url"),
        ("/astray", CorpusError, 1, r"expected an address that can be fetched, got .*/astray' or a redirect"),
        ("/big", CorpusError, 1, r"expected at most 100000 bytes from .*/big, got 500000 or more; raise co"),
        (
            "/part",
            CorpusError,
            1,
            r"expected the whole text from .*/part, got status 206, a part; check corp",
        ),
        ("/nothing", CorpusError, 1, r"from http.*/nothing, got status 204; check corpus.url"),
        (
            "/unnumbered",
            CorpusError,
            1,
            r"expected a length from .*/unnumbered, got 'many'; check corpus.url",
        ),
        ("/packed-and-cut", CorpusError, 3, r"whole text from .*, got a gzip body that breaks off"),
        (
            "/packed-and-more",
            CorpusError,
            3,
            r"whole text from .*, got a broken gzip body: there is more beh",
        ),
        ("/not-packed", CorpusError, 3, r"whole text from .*/not-packed, got a broken gzip body: Error -3"),
        (
            "/packed-bomb",
            CorpusError,
            1,
            r"expected at most 100000 bytes from .*/packed-bomb, got \d+ or mor",
        ),
        (
            "/unasked",
            CorpusError,
            1,
            r"as it is, got it in the coding 'br', .*; name another address with co",
        ),
        (
            "/endless",
            CorpusError,
            1,
            r"expected at most 100000 bytes from .*/endless, got \d+ or more; raise",
        ),
        (
            "/cut-off",
            NetworkError,
            3,
            r"/cut-off can't be reached \(ConnectionError\); check the network, or",
        ),
    ],
)
def test_each_failure_has_its_words_and_its_number_of_attempts(
    get: Fetch, server: Any, name: str, error: type[SeqstepError], requests: int, message: str
) -> None:
    with pytest.raises(error, match=message):
        get(name)
    assert server.requests == {name: requests}


@pytest.mark.parametrize("name", ["/hangs", "/stalls"])
def test_a_server_that_hangs_is_given_up_after_the_time_out(get: Fetch, server: Any, name: str) -> None:
    with pytest.raises(NetworkError, match=rf"{name} gave no answer for 0.2 s; .* raise corpus.timeout_s"):
        get(name, timeout_s=0.2, attempts=2)
    until(lambda: server.requests == {name: 2})


def test_a_port_where_nobody_listens_is_told_as_such(get: Fetch, closed_port: int) -> None:
    with pytest.raises(
        NetworkError, match=r"can't be reached \(ConnectionError\); check the network, or use"
    ):
        get(f"http://127.0.0.1:{closed_port}/text.txt", attempts=2)


def test_a_certificate_that_is_none_is_told_as_such(get: Fetch, server: Any) -> None:
    with pytest.raises(NetworkError, match=r"can't be reached \(.*SSL"):
        get(server.url("/ok").replace("http:", "https:"), attempts=1)


def test_a_text_that_the_check_refuses_leaves_the_old_file(get: Fetch, server: Any, text: bytes) -> None:
    target = get("/ok")
    with pytest.raises(CorpusError, match="not this one"):
        get("/wrong", check=refuse)
    assert target.read_bytes() == text
    assert server.requests == {"/ok": 1, "/wrong": 1}


def refuse(_path: Path) -> None:
    raise CorpusError("not this one")


def test_a_size_at_the_limit_is_allowed_and_one_byte_more_is_not() -> None:
    check_size("here", 100, 100)
    with pytest.raises(CorpusError, match="expected at most 100 bytes from here, got 101 or more"):
        check_size("here", 101, 100)
