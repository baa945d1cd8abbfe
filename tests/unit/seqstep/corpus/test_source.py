"""What is no text, or one in another encoding, is refused, with what to do next."""

import gzip
import hashlib
import json
import shlex
import tarfile
from pathlib import Path

import pytest

from seqstep.corpus.decoding import Suggestion
from seqstep.corpus.looks import is_html
from seqstep.errors import CorpusError
from tests.unit.seqstep.corpus.conftest import Take

GERMAN = "Die größe Äpfel – „Müller“ hätte gern süße Brötchen.\n" * 20
TEXTS = {
    "cp1252": GERMAN,
    "cp1251": "Скажи-ка, дядя, ведь не даром Москва, спалённая пожаром\n" * 20,
    "gb18030": "中文文本，编码测试。今天天气很好。\n" * 20,
    "utf-16": "kurz, größer\n",
    "utf-16-le": "kurz, größer\n",
    "utf-16-be": "kurz, größer\n",
    "utf-32": "kurz, größer\n",
}
HEAD = "Title\n\n*** START OF THE PROJECT GUTENBERG EBOOK ONE AND\nALL ***\n"
FOOT = "*** END OF THE PROJECT GUTENBERG EBOOK ONE AND ALL ***\nLicence\n"


@pytest.mark.parametrize("encoding", TEXTS)
def test_another_encoding_is_refused_with_a_command_that_reads_it(
    encoding: str, take: Take, folder: Path
) -> None:
    path = folder / "my text's.txt"
    with pytest.raises(
        CorpusError, match=r"expected utf-8 in .*, got .* in it; charset-normalizer takes"
    ) as no:
        take({path.name: TEXTS[encoding].encode(encoding)}, path=str(path))
    words = shlex.split(str(no.value).partition("as in: ")[2])
    assert words[:3] == ["seqstep", "run", "--set"]
    given = dict(word.split("=", 1) for word in words[3:])
    assert given["corpus.path"] == str(path)
    found = take(path=str(path), encoding=given["corpus.encoding"])
    assert found.path.read_text() == TEXTS[encoding]


def test_a_wrong_encoding_that_is_set_is_refused_as_well(take: Take, folder: Path) -> None:
    path = str(folder / "a.txt")
    with pytest.raises(
        CorpusError, match=r"expected ascii in .*a.txt, got the byte 0xc3 in it; .* utf-8, in"
    ):
        take({"a.txt": GERMAN.encode()}, path=path, encoding="ascii")
    with pytest.raises(CorpusError, match=r"expected utf-16 in .*, got bytes without a mark of their order"):
        take(path=path, encoding="utf-16")


def test_what_is_read_in_another_encoding_and_could_be_utf_8_is_told(take: Take, folder: Path) -> None:
    found = take({"a.txt": GERMAN.encode()}, path=str(folder / "a.txt"), encoding="latin-1")
    assert found.notices == ("a.txt: read as corpus.encoding=iso8859-1 says; it is UTF-8, too",)
    assert take({"a.txt": b"plain"}, path=str(folder / "a.txt"), encoding="latin-1").notices == ()


def test_the_encoding_of_what_is_in_a_compressed_file_and_of_each_of_several_is_looked_at(
    take: Take,
) -> None:
    with pytest.raises(CorpusError, match=r"expected utf-8 in .*b.txt.gz, got the byte 0xf6"):
        take({"a.txt": b"a", "b.txt.gz": gzip.compress(GERMAN.encode("cp1252"))})


def test_where_most_is_utf_8_the_file_is_to_be_corrected(take: Take, folder: Path) -> None:
    content = (GERMAN + "Grüße\n").encode() + "Größe\n".encode("latin-1")
    with pytest.raises(
        CorpusError, match=r"got the byte 0xf6 in it; most of it is UTF-8; correct it where it"
    ):
        take({"a.txt": content}, path=str(folder / "a.txt"))


def test_where_nothing_is_recognised_the_user_names_the_encoding() -> None:
    assert "charset-normalizer recognises none" in Suggestion(lambda: [b"\xff\x00\x81" * 9]).words(str)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"{\\rtf1 hello}", "a document in RTF"),
        (b"\x89PNG\r\n", "a picture"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "a gzip file in it"),
        (b"<!DOCTYPE html><p>", "an HTML page"),
        (b"\xef\xbb\xbf\n <!-- a\n b --> <HTML lang=en>", "an HTML page"),
        (b'<?xml version="1.0"?><!DOCTYPE html>', "an HTML page"),
        (b"<body>", "an HTML page"),
        (b"<meta charset=utf-8><title>", "an HTML page"),
        (b"<link rel=x>", "an HTML page"),
        (b"<?php echo 1 ?>\n<html>", "an HTML page"),
        (b"plain\0text " * 9, "characters of number 0 in it"),
        (gzip.compress(b"<html>", mtime=0), "an HTML page"),
    ],
)
def test_what_is_no_text_is_refused_wherever_it_lies(
    content: bytes, what: str, take: Take, folder: Path
) -> None:
    path = str(folder / "a.txt")
    with pytest.raises(CorpusError, match=rf"expected a text in .*a.txt, got {what}; "):
        take({"a.txt": content}, path=path)
    with pytest.raises(CorpusError, match=rf"expected a text in .*a.txt, got {what}; "):
        take({"b.txt": b"text"})


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_json_lines_are_known_however_long_they_are(name: str, take: Take, folder: Path) -> None:
    line = json.dumps({"body": "x" * 100_000, "n": 1})
    with pytest.raises(CorpusError, match=r"got JSON lines; set corpus.field to one of body, …, or pin"):
        take({name: f"\ufeff{line}\n{line}".encode()}, path=str(folder / name))


def test_an_archive_of_files_is_refused(take: Take, folder: Path) -> None:
    path = folder / "a.tar"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(__file__)
    with pytest.raises(CorpusError, match=r"got a tar archive; set corpus.path to the text that is in that"):
        take(path=str(path))


def test_a_page_that_is_pinned_is_taken_as_it_is(take: Take, folder: Path) -> None:
    page = b"<html>yes"
    sha1 = hashlib.sha1(page, usedforsecurity=False).hexdigest()
    found = take({"a.txt": page}, path=str(folder / "a.txt"), sha1=sha1)
    assert found.path.read_bytes() == page


@pytest.mark.parametrize("start", ["< html", "<htmlx>", "1 <html>", "<3 you", "<poem>", "a <b>", ""])
def test_what_only_resembles_a_page_is_a_text(start: str) -> None:
    assert not is_html(start)


def test_an_html_page_from_a_server_without_a_hash_is_refused_and_a_mirror_is_asked(
    take: Take, server: object, text: bytes
) -> None:
    url = server.url  # type: ignore[attr-defined]
    with pytest.raises(CorpusError, match=r"expected a text in http.*/html, got an HTML page"):
        take(path="", url=[url("/html")], attempts=1)
    assert take(path="", url=[url("/html"), url("/ok")], attempts=1).path.read_bytes() == text


def test_a_compressed_file_from_a_server_is_unpacked_and_held_to_its_own_hash(
    take: Take, server: object, text: bytes
) -> None:
    settings = {"path": "", "url": [server.url("/file.gz")], "attempts": 1}  # type: ignore[attr-defined]
    sha1 = hashlib.sha1(gzip.compress(text, mtime=0), usedforsecurity=False).hexdigest()
    found = take(**settings)
    assert found.path.read_bytes() == text and found.notices[-1].endswith(f"corpus.sha1={sha1}")
    again = take(**settings, sha1=sha1)
    assert (again.path, again.original) == (found.path, sha1)


def test_what_project_gutenberg_adds_is_told_and_left_out_on_request(take: Take, folder: Path) -> None:
    path = str(folder / "a.txt")
    book = f"{HEAD}One.\nEnd of the line.\n{FOOT}".encode()
    (notice,) = take({"a.txt": book}, path=path).notices
    assert notice.startswith("a.txt: what Project Gutenberg wrote") and "text.strip=gutenberg" in notice
    found = take(path=path, strip="gutenberg")
    assert found.path.read_text() == "One.\nEnd of the line.\n" and found.notices == ()
    both = take(
        {"b.txt": book.replace(b"One", b"Two") + HEAD.encode() + b"Three\n" + FOOT.encode()},
        strip="gutenberg",
    )
    assert both.path.read_text() == "One.\nEnd of the line.\nTwo.\nEnd of the line.\nThree\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("x\n***START OF THE PROJECT GUTENBERG EBOOK A***\nb\nEnd of Project Gutenberg's A\n", "b\n"),
        (
            "x\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*END*\nb\nEnd of the Project Gutenberg Etext\n",
            "b\n",
        ),
        (f"{HEAD}This is the story\n{FOOT}", "This is the story\n"),
    ],
)
def test_old_heads_and_feet_are_known_too(content: str, text: str, take: Take, folder: Path) -> None:
    found = take({"a.txt": content.encode()}, path=str(folder / "a.txt"), strip="gutenberg")
    assert found.path.read_text() == text


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("BOOK X\n\n", "\n"),
        ("BOOK X **\nChapter one.\n\n", "Chapter one.\n\n"),
        ("BOOK X\nby one ***\n", ""),
        ("BOOK X\n1\n2\n3\n4\n5\n6 ***\n", "1\n2\n3\n4\n5\n6 ***\n"),
    ],
)
def test_a_title_that_does_not_end_as_it_should_costs_no_line_of_the_text(
    title: str, kept: str, take: Take, folder: Path
) -> None:
    book = f"x\n*** START OF THE PROJECT GUTENBERG E{title}One.\nTwo.\n{FOOT}"
    found = take({"a.txt": book.encode()}, path=str(folder / "a.txt"), strip="gutenberg")
    assert found.path.read_text() == f"{kept}One.\nTwo.\n"


@pytest.mark.parametrize(
    ("content", "got"), [("plain\n", "none"), (f"{HEAD}text\n", "a head without a foot")]
)
def test_a_text_without_head_or_foot_is_refused_where_they_are_to_be_left_out(
    content: str, got: str, take: Take, folder: Path
) -> None:
    with pytest.raises(
        CorpusError, match=rf"head and foot in .*, got {got}; set text.strip=none, or name only"
    ):
        take({"a.txt": content.encode()}, path=str(folder / "a.txt"), strip="gutenberg")
