"""What cleaning drops is counted, said and refused."""

from pathlib import Path

import pytest

from seqstep.errors import TextError
from seqstep.settings.config import TextConfig
from seqstep.text.characters import Characters
from seqstep.text.dropped import Dropped, dropped_by
from seqstep.text.tokens import read_tokens


def dropped(text: str, config: TextConfig) -> Dropped:
    characters = Characters()
    characters.add(text)
    return dropped_by(characters, config.clean, config.line_ends)


FINNISH = "vaka vanha väinämöinen, 3 päivää\n" * 10


def test_what_is_dropped_is_counted_by_kind() -> None:
    found = dropped(FINNISH, TextConfig())
    assert (found.letters, found.digits, found.punctuation, found.line_ends) == (60, 10, 10, 10)
    assert found.share == pytest.approx(60 / 260)
    assert found.scripts == {"Latin": 60} and found.examples == "ä ö"
    assert found.figures()["dropped_letters_share"] == found.share


@pytest.mark.parametrize("config", [TextConfig(clean="none"), TextConfig(clean="unicode_letters")])
def test_other_cleanings_drop_no_letters(config: TextConfig) -> None:
    found = dropped(FINNISH, config)
    assert (found.letters, found.share, found.notice) == (0, 0, "")
    found.check(0)


def test_without_cleaning_nothing_is_dropped() -> None:
    assert not any(dropped(FINNISH, TextConfig(clean="none")).figures().values())


@pytest.mark.parametrize(("lines", "count"), [("join", 10), ("space", 0), ("keep", 0)])
def test_ends_of_lines_are_dropped_where_lines_are_joined(lines: str, count: int) -> None:
    assert dropped(FINNISH, TextConfig(lines=lines)).line_ends == count  # type: ignore[arg-type]


@pytest.mark.parametrize(("letters", "is_said"), [(99, False), (98, True)])
def test_above_a_hundredth_of_the_letters_it_is_said(letters: int, is_said: bool) -> None:
    notice = dropped("a" * letters + "é" * (100 - letters), TextConfig()).notice
    assert bool(notice) == is_said
    if is_said:
        assert "drops 2.0% of the letters (2 Latin; such as é); text.clean=unicode_letters keeps" in notice


def test_the_most_common_scripts_are_named() -> None:
    found = dropped("ж" * 4 + "λ" * 3 + "ñ" * 2 + "中" + "e" * 90, TextConfig())
    assert found.scripts == {"Cyrillic": 4, "Greek": 3, "Latin": 2, "Han": 1}
    assert "4 Cyrillic, 3 Greek, 2 Latin and others; such as ж λ ñ 中" in found.notice


def test_a_book_of_another_script_with_an_english_foot_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text(
        "学而时习之不亦说乎\n" * 300 + "This book is in the public domain.\n" * 10, encoding="utf-8"
    )
    with pytest.raises(
        TextError, match=r"drops 90\.\d% of the letters \(2,700 Han; .*text\.max_dropped=0\.2"
    ):
        read_tokens(path, TextConfig(), ["char", "word"])
    read = read_tokens(path, TextConfig(max_dropped=1), ["char", "word"])
    assert read.notices[0].startswith("text.clean=ascii_letters drops 90")
    assert read.characters.lines == 310


def test_numbers_and_white_space_of_all_scripts_are_told_apart() -> None:
    characters = Characters()
    characters.add("a ١٢Ⅷ\u3000\xa0\u200b\n\t—🙂\xad\u200d½")
    counted = (characters.digits, characters.spaces, characters.line_ends, characters.invisible)
    assert counted == (4, 5, 1, 2) and characters.punctuation == 2
