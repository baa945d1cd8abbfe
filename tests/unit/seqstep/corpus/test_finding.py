"""The text's file: which one is taken, what is asked of the network, and what stays in the cache."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from seqstep.corpus import finding as corpus
from seqstep.corpus.checksums import Checksums
from seqstep.errors import CorpusError, NetworkError
from seqstep.settings.config import CorpusConfig
from tests.flips import flips
from tests.patience import PATIENCE_S

RIGHT = "the time traveller\n" * 20


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


def config_for(*urls: str, sha1: str = "", **changes: Any) -> CorpusConfig:
    return CorpusConfig(url=urls, sha1=sha1, **{"attempts": 1, "timeout_s": PATIENCE_S, **changes})


def cached(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def sha1_of(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def test_a_local_file_is_taken_where_it_is(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(RIGHT)
    found = corpus.find(CorpusConfig(path=str(path), url=(), sha1=""), cache)
    assert (found.path, found.source, found.notices) == (path, "text.txt", ())
    assert found.digests == Checksums(
        sha1_of(RIGHT.encode()), hashlib.sha256(RIGHT.encode()).hexdigest(), len(RIGHT)
    )
    assert cached(cache) == []


def test_a_relative_path_starts_in_the_working_directory(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.txt").write_text(RIGHT)
    monkeypatch.chdir(tmp_path)
    assert corpus.find(CorpusConfig(path="text.txt"), cache).path == tmp_path / "text.txt"


def test_the_carried_story_is_found_by_name(cache: Path) -> None:
    found = corpus.find(CorpusConfig(path="builtin:lighthouse"), cache)
    assert found.path.name == "lighthouse.txt" and found.digests.size > 10_000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "/nowhere/text.txt"}, "the text /nowhere/text.txt can't be read: No such file"),
        ({"path": "builtin:nothing"}, "nothing.txt can't be read: No such file"),
        ({"path": "builtin:../config"}, "config.txt can't be read: No such file"),
        ({"path": "builtin:lighthouse", "max_bytes": 10}, "expected at most 10 bytes from .* got 22918"),
        ({}, "there is no source of the text: set corpus.path or corpus.url"),
        ({"url": "${FTP}"}, r"with http:// or https:// in corpus.url, got '\$\{FTP\}'; set cor"),
        ({"url": "http://${NO_HOST}"}, r"in corpus.url, got 'http://\$\{NO_HOST\}'"),
    ],
)
def test_a_source_that_is_none_is_refused(
    changes: dict[str, Any], message: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTP", "ftp://host/text")
    monkeypatch.setenv("NO_HOST", "[x/")
    with pytest.raises(CorpusError, match=message):
        corpus.find(CorpusConfig(**{"url": (), "sha1": "", **changes}), cache)
    assert cached(cache) == []


def test_a_pinned_text_is_fetched_once_and_then_taken_from_the_cache(
    server: Any, text: bytes, cache: Path
) -> None:
    config = config_for(server.url("/ok"), sha1=sha1_of(text).upper())
    heard: list[tuple[int, int | None]] = []
    first = corpus.find(config, cache, progress=lambda done, total: heard.append((done, total)))
    second = corpus.find(config, cache, offline=True)
    assert first == second and first.path.read_bytes() == text and first.notices == ()
    assert server.requests == {"/ok": 1}
    assert heard[-1] == (len(text), len(text))
    assert cached(cache) == [first.path] and first.path.name == "corpus.txt"


def test_a_mirrors_text_is_the_same_text_and_is_not_fetched_again(
    server: Any, text: bytes, cache: Path
) -> None:
    for path in ("/ok/text", "/missing/text"):
        corpus.find(config_for(server.url(path), sha1=sha1_of(text)), cache)
    assert server.requests == {"/ok/text": 1}


def test_a_corrupt_cached_file_is_fetched_again_once(server: Any, text: bytes, cache: Path) -> None:
    config = config_for(server.url("/ok"), sha1=sha1_of(text))
    path = corpus.find(config, cache).path
    path.write_bytes(text[:-1])
    assert corpus.find(config, cache).path.read_bytes() == text
    assert server.requests == {"/ok": 2}


def test_addresses_are_tried_in_order_until_one_gives_the_right_text(
    server: Any, text: bytes, cache: Path
) -> None:
    names = ("/missing", "/wrong", "/html", "/fails", "/empty", "/ok", "/flaky")
    found = corpus.find(config_for(*map(server.url, names), sha1=sha1_of(text)), cache)
    assert found.source == server.url("/ok") and found.path.read_bytes() == text
    assert list(server.requests) == list(names[:-1])


def test_where_no_address_gives_the_text_each_reason_is_said(server: Any, text: bytes, cache: Path) -> None:
    urls = server.url("/fails"), server.url("/missing")
    with pytest.raises(CorpusError, match=r"^no address gave the text: .*status 500.*; .*status 404"):
        corpus.find(config_for(*urls, sha1=sha1_of(text)), cache)
    with pytest.raises(NetworkError, match=r"^no address gave the text: .*status 404.*; .*status 500"):
        corpus.find(config_for(*reversed(urls), sha1=sha1_of(text)), cache)
    assert cached(cache) == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/wrong", "expected SHA-1 {pin}, got {wrong} from {url}; try another address, or set corpus.sha1"),
        ("/html", "from {url} (it looks like an HTML page); try another address"),
        ("/empty", "expected a text from {url}, got an empty body"),
    ],
)
def test_a_text_that_is_not_the_right_one_is_refused_in_words_and_not_kept(
    path: str, words: str, server: Any, text: bytes, cache: Path
) -> None:
    url, pin, wrong = server.url(path), sha1_of(text), sha1_of(b"another text\n")
    with pytest.raises(CorpusError) as refused:
        corpus.find(config_for(url, sha1=pin), cache)
    assert words.format(url=url, pin=pin, wrong=wrong) in str(refused.value)
    assert refused.value.exit_status == 2 and cached(cache) == []


def test_a_text_without_a_hash_is_accepted_with_a_notice_and_then_held_to_it(
    server: Any, text: bytes, cache: Path
) -> None:
    config = config_for(server.url("/changing"))
    server.bodies = [text, b"another text\n", text]
    first = corpus.find(config, cache)
    assert first.notices == (f"accepted without a hash; pin it with corpus.sha1={sha1_of(text)}",)
    again = corpus.find(config, cache)
    assert again == first._replace(notices=()) and server.requests.total() == 1
    first.path.unlink()
    with pytest.raises(CorpusError, match=f"expected SHA-1 {sha1_of(text)}, got [0-9a-f]{{40}} from http"):
        corpus.find(config, cache)
    assert not first.path.exists()
    assert corpus.find(config, cache).path.read_bytes() == text


def test_offline_says_where_the_text_would_be(server: Any, text: bytes, cache: Path) -> None:
    config = config_for(server.url("/ok"), sha1=sha1_of(text))
    with pytest.raises(
        CorpusError, match=r"in the cache, got nothing at .*/corpus[.]txt; run once without --offline"
    ):
        corpus.find(config, cache, offline=True)
    corpus.find(config, cache).path.write_bytes(b"corrupt")
    with pytest.raises(CorpusError, match=r"in the cache, got nothing usable at .*/corpus[.]txt; run once"):
        corpus.find(config, cache, offline=True)
    assert server.requests == {"/ok": 1}


@pytest.mark.parametrize("end", ["/%2e%2e", "/..%2f..%2fevil", "/a%00b", "/", "?a=/b", f"/{'x' * 300}.txt"])
def test_whatever_an_address_ends_in_its_text_has_a_place_in_the_cache(
    end: str, server: Any, cache: Path
) -> None:
    found = corpus.find(config_for(server.url(f"/wrong{end}")), cache)
    assert (found.path.parent.parent, found.path.name) == (cache, "corpus.txt")
    assert found.path.read_bytes() == b"another text\n"


def test_verify_takes_any_text_without_a_hash_and_the_right_one_with_it(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(RIGHT.encode())
    assert corpus.verify(path, "") == corpus.verify(path, sha1_of(RIGHT.encode()).upper())
    with pytest.raises(CorpusError, match=f"SHA-1 {'0' * 40}, got {sha1_of(RIGHT.encode())} at {path}; set"):
        corpus.verify(path, "0" * 40)
    path.write_bytes(b" <HTML><body>please log in</body></html>")
    with pytest.raises(
        CorpusError, match=r"\(it looks like an HTML page\); set corpus.sha1 to the right one"
    ):
        corpus.verify(path, "0" * 40)
    path.write_bytes(b"")
    with pytest.raises(CorpusError, match=f"expected a text, got an empty file at {path}"):
        corpus.verify(path, "")


def test_no_bit_of_the_hash_of_an_accepted_text_flips_into_another_hash(
    server: Any, cache: Path, text: bytes
) -> None:
    config = config_for(server.url("/ok"))
    path = corpus.find(config, cache).path
    memory = path.with_name("corpus.txt.sha1")
    for damaged in flips(whole := memory.read_bytes(), 9):
        memory.write_bytes(damaged)
        with pytest.raises(CorpusError, match="run once without --offline"):
            corpus.find(config, cache, offline=True)
    assert corpus.find(config, cache).notices[0].startswith("accepted without a hash")
    assert memory.read_bytes() == whole
    memory.write_text(sha1_of(text))  # as the version before wrote it
    assert corpus.find(config, cache, offline=True).path == path
