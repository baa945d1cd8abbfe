"""Texts as people keep them: in several files, compressed, encoded, as records."""

import bz2
import gzip
import io
import json
import lzma
import os
import zipfile
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from seqstep.corpus.finding import find, verify
from seqstep.corpus.gathering import save_starts
from seqstep.errors import CorpusError
from seqstep.settings.config import Clean, CorpusConfig, TextConfig
from seqstep.text.tokens import read_tokens
from tests.unit.seqstep.corpus.conftest import Take

TEXT = "Der große Mann\nund die See\n"
LINES = st.lists(st.text(st.sampled_from("aé \tß中.A1"), max_size=8), max_size=12)


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


PACK = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda text: zipped({"a.txt": text}),
}


@pytest.mark.parametrize("kind", PACK)
def test_a_compressed_file_is_read_whatever_it_is_called(kind: str, take: Take, folder: Path) -> None:
    found = take({"book": PACK[kind](TEXT.encode())}, path=str(folder / "book"))
    assert found.path.read_text() == TEXT and found.source == "book" and list(found.starts) == [0]
    packed = verify(folder / "book", "").sha1
    assert found.original == packed
    assert verify(found.path, packed, found.original) == found.digests
    with pytest.raises(CorpusError, match=rf"got {packed} at"):
        verify(found.path, "0" * 40, found.original)


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_compressed_file_that_breaks_off_is_refused(
    kind: str, keep: float, take: Take, folder: Path
) -> None:
    packed = PACK[kind](TEXT.encode() * 2000)
    with pytest.raises(
        CorpusError, match=rf"expected a whole {kind} file at .*book, got: .*; fetch or write it"
    ):
        take({"book": packed[: int(len(packed) * keep)]}, path=str(folder / "book"))


@pytest.mark.parametrize("kind", PACK)
def test_a_compressed_file_whose_bytes_flipped_is_refused(kind: str, take: Take, folder: Path) -> None:
    packed = bytearray(PACK[kind](bytes(range(33, 127)) * 50))
    packed[len(packed) // 2] ^= 255
    with pytest.raises(CorpusError, match=rf"expected a whole {kind} file at "):
        take({"book": bytes(packed)}, path=str(folder / "book"))


@pytest.mark.parametrize("kind", ["bzip2", "xz", "gzip"])
def test_a_file_of_several_streams_is_read_whole_or_refused(kind: str, take: Take, folder: Path) -> None:
    path, streams = (
        str(folder / "book"),
        [PACK[kind](text.encode() * 500) for text in ("one ", "two ", "six ")],
    )
    assert take({"book": b"".join(streams)}, path=path).path.read_text() == "".join(
        text * 500 for text in ("one ", "two ", "six ")
    )
    for place in (1, len(streams[1]) - 1):
        second = bytearray(streams[1])
        second[place] ^= 255
        with pytest.raises(CorpusError, match=rf"expected a whole {kind} file at "):
            take({"book": streams[0] + bytes(second) + streams[2]}, path=path)
    with pytest.raises(CorpusError, match=rf"expected a whole {kind} file at "):
        take({"book": streams[0] + b"junk"}, path=path)


def test_xz_may_be_filled_up(take: Take, folder: Path) -> None:
    one, two = lzma.compress(b"one "), lzma.compress(b"two")
    found = take({"book": one + bytes(8) + two + bytes(4)}, path=str(folder / "book"))
    assert found.path.read_text() == "one two"


def test_of_a_zip_with_several_files_one_is_named(take: Take, folder: Path) -> None:
    files = {"one.txt": b"1", "two/a.txt": b"2", "__MACOSX/._x": b"3", "two/.DS_Store": b"4"}
    path = str(folder / "all.zip")
    with pytest.raises(
        CorpusError, match=r"expected one file in .*all.zip, got 2: 'one.txt', 'two/a.txt'; name"
    ):
        take({"all.zip": zipped(files)}, path=path)
    assert take(path=path, member="two/a.txt").path.read_text() == "2"
    with pytest.raises(CorpusError, match=r"expected one file called 'three' in "):
        take(path=path, member="three")
    with pytest.raises(CorpusError, match=r"expected one file in .*all.zip, got 0: ; name"):
        take({"all.zip": zipped({})}, path=path)
    with pytest.raises(CorpusError, match=r"expected a .zip, of which corpus.member='x' is read, got "):
        take({"all.zip": b"text"}, path=path, member="x")


def test_what_is_compressed_may_not_grow_beyond_what_is_allowed(take: Take, folder: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"expected at most 1000000 bytes from .*bomb.gz, got 1048576 or more"
    ):
        take({"bomb.gz": gzip.compress(b"x" * 10_000_000)}, path=str(folder / "bomb.gz"), max_bytes=1_000_000)


def test_files_stand_one_after_the_other_with_the_end_of_a_line_between_them(take: Take) -> None:
    found = take(
        {"a.txt": b"\xef\xbb\xbfone\r\ntwo", "b.txt": b"", "c.txt.gz": gzip.compress(b"three\n"), "d": b"4"}
    )
    assert found.path.read_bytes() == b"one\ntwo\nthree\n4"
    assert list(found.starts) == [0, 8, 14] and found.original == ""
    assert found.source == "4 files, a.txt to d"
    assert found.notices == (
        "the text is 4 files, in this order, a line ends where a file ends: a.txt, b.txt, c.txt.gz, d",
        "1 file or record without a text left out",
    )


def test_of_many_files_the_first_and_the_last_are_told(take: Take) -> None:
    found = take({f"{number:03}.txt": b"x" for number in range(30)})
    assert found.notices[0].endswith(
        "000.txt, 001.txt, 002.txt, 003.txt, 004.txt, (20 more), 025.txt, 026.txt, 027.txt, 028.txt, 029.txt"
    )


def test_the_hash_of_several_files_is_that_of_the_text_that_they_make(take: Take) -> None:
    found = take({"a": b"one\n", "b": b"two\n"})
    assert verify(found.path, found.digests.sha1, found.original) == found.digests


@settings(max_examples=60)
@given(
    lines=LINES, cuts=st.sets(st.integers(0, 12)), packed=st.booleans(), ends=st.sampled_from(["\n", "\r\n"])
)
@pytest.mark.thorough
def test_files_that_were_split_at_ends_of_lines_give_the_same_tokens_as_one(
    lines: list[str], cuts: set[int], packed: bool, ends: str
) -> None:
    whole = ["a b", *lines]
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(whole)), len(whole)]
    with TemporaryDirectory() as place:
        one, many = Path(place, "one.txt"), Path(place, "many")
        one.write_bytes("".join(line + ends for line in whole).encode())
        many.mkdir()
        for number, (start, stop) in enumerate(pairwise(edges)):
            content = "".join(line + ends for line in whole[start:stop]).encode()
            (many / f"{number:02}").write_bytes(gzip.compress(content) if packed else content)
        found = find(CorpusConfig(path=str(many), url=(), sha1=""), Path(place, "cache"))
        for clean in get_args(Clean):
            config = TextConfig(clean=clean, max_dropped=1)
            expected, got = (read_tokens(path, config, ["char", "word"]) for path in (one, found.path))
            assert expected.characters.lines == got.characters.lines
            for left, right in zip(expected.tokens, got.tokens, strict=True):
                assert left.types == right.types and np.array_equal(left.ids, right.ids)


@settings(max_examples=60)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")), min_size=2
    ),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-16-le", "gb18030"]),
)
def test_no_reading_loses_a_character(texts: list[str], encoding: str) -> None:
    with TemporaryDirectory() as place:
        for number, text in enumerate(["first", *texts]):
            Path(place, f"{number:03}").write_bytes(text.encode(encoding))
        config = CorpusConfig(
            path=place, url=(), sha1="0" * 40, encoding=encoding
        )  # what it looks like is no matter
        found = find(config, Path(place, ".cache"))
        starts = [*found.starts, None]
        whole = found.path.read_bytes().decode()
    unified = [text.replace("\r\n", "\n").replace("\r", "\n") for text in ["first", *filter(None, texts)]]
    parts = [whole[start:stop] for start, stop in pairwise(starts)]
    *firsts, last = unified
    assert parts == [*(text if text.endswith("\n") else f"{text}\n" for text in firsts), last]


def test_a_file_whose_name_is_no_text_is_read(take: Take, folder: Path) -> None:
    (folder / "a.txt").write_text("one\n")
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.txt")).write_text("two\n")
    found = take()
    assert found.path.read_text() == "one\ntwo\n" and found.source == "2 files, a.txt to b\\udcff.txt"
    assert found.notices[0].endswith("a.txt, b\\udcff.txt")


RECORDS = [{"text": "one\r\ntwo", "n": 1}, {"text": None}, {"n": {"text": "no"}, "text": "größe"}]


def test_records_of_json_lines_are_documents(take: Take, folder: Path) -> None:
    content = "\n\n".join(map(json.dumps, RECORDS)).encode()
    path = str(folder / "all.jsonl")
    for packed in (content, gzip.compress(content)):
        found = take({"all.jsonl": packed}, path=path, field="text")
        assert found.path.read_text() == "one\ntwo\ngröße" and list(found.starts) == [0, 8]
        assert found.notices == ("1 file or record without a text left out",)
    wide = "\n".join(map(json.dumps, RECORDS)).encode("utf-16")
    assert take({"all.jsonl": wide}, path=path, field="text", encoding="utf-16").digests == found.digests


@pytest.mark.parametrize(
    ("content", "field", "message"),
    [
        ('{"a": "x"}\n{"b": "y"}', "a", "got 0 of that name among 'b' in line 2; name another one"),
        ('{"a": "x", "a": "y"}', "a", "got 2 of that name among 'a' in line 1"),
        ('{"a": 3}', "a", "got '3' in line 1"),
        ('{"a": {"b": 1}}', "a", "got an object in line 1"),
        ('["a"]', "a", "got no object in line 1"),
        ('{"a": "x"', "a", "got no JSON .* in line 1"),
        (r'{"a": "\ud800"}', "a", "got half a character in line 1"),
        ("[" * 100_000, "a", "got no JSON .* in line 1"),
        (
            '{"a": "x", "b": 1}\n{"a": "y"}',
            "",
            "got JSON lines; set corpus.field to one of a, b, or pin the file",
        ),
        ('[{"a": "x"},\n{"a": "y"}]', "", "got JSON in one piece; make lines of it, as `jq"),
    ],
)
def test_json_that_is_not_as_the_settings_say_is_refused(
    content: str, field: str, message: str, take: Take, folder: Path
) -> None:
    with pytest.raises(CorpusError, match=message):
        take({"all.json": content.encode()}, path=str(folder / "all.json"), field=field)


def test_a_text_whose_first_line_is_json_is_a_text(take: Take, folder: Path) -> None:
    path = folder / "notes.txt"
    assert take({"notes.txt": b'{"a": 1}\nis how JSON looks\n'}, path=str(path)).path == path


def test_rows_of_parquet_are_documents(take: Take, folder: Path) -> None:
    path = folder / "all.parquet"
    table = pd.DataFrame({"body": ["one\r\ntwo", None, "größe"], "n": [1, 2, 3], "kind": list("aab")})
    table.astype({"kind": "category"}).to_parquet(path)
    found = take(path=str(path), field="body")
    assert found.path.read_text() == "one\ntwo\ngröße" and list(found.starts) == [0, 8]
    assert take(path=str(path), field="kind").path.read_text() == "a\na\nb"
    with pytest.raises(
        CorpusError, match=r"got Parquet; set corpus.field to one of its columns of texts: body, k"
    ):
        take(path=str(path))
    with pytest.raises(
        CorpusError, match=r"got 0 of that name among its columns of texts, 'body, kind'; name"
    ):
        take(path=str(path), field="n")
    damaged = path.read_bytes()[:-8]
    with pytest.raises(CorpusError, match=r"in .*all.parquet, got 0 of that name"):
        take({"all.parquet": damaged}, path=str(path), field="body")
    with pytest.raises(CorpusError, match=r"got Parquet in it; unpack that first"):
        take({"all.parquet": gzip.compress(damaged)}, path=str(path), field="body")


def test_a_column_is_taken_by_its_whole_name(take: Take, folder: Path) -> None:
    path = folder / "points.parquet"
    parquet.write_table(pa.table({"s": [{"t": "wrong"}], "s.t": ["right"]}), path)
    assert take(path=str(path), field="s.t").path.read_text() == "right"


def test_where_documents_begin_is_written_as_numbers(tmp_path: Path) -> None:
    save_starts([0, 7], tmp_path / "documents.npy")
    assert np.load(tmp_path / "documents.npy", mmap_mode="r").tolist() == [0, 7]
