"""A look at a text tells what a run would make of it."""

from pathlib import Path

import pytest

from seqstep.errors import TextError
from seqstep.text.looking import LookedAt, look_at_text

FINNISH = "Vaka vanha Väinämöinen elelevi aikojansa\nnoilla Väinölän ahoilla, Kalevalan kankahilla.\n" * 60


def look(tmp_path: Path, text: str) -> LookedAt:
    path = tmp_path / "text.txt"
    path.write_bytes(text.encode())
    return look_at_text(path)


def test_it_tells_what_is_in_a_text(tmp_path: Path) -> None:
    found = look(tmp_path, "\ufeff" + FINNISH)
    assert (found.encoding, found.lines) == ("UTF-8, with a byte order mark", 120)
    assert (found.characters, found.symbols) == (len(FINNISH), len(set(FINNISH)))
    assert found.scripts == {"Latin": sum(map(str.isalpha, FINNISH))}
    assert found.kept["ascii_letters"] == pytest.approx(1 - 360 / found.scripts["Latin"])
    assert found.kept["unicode_letters"] == found.kept["none"] == 1
    assert (found.words, found.common_words[:3]) == (600, [("vaka", 60), ("vanha", 60), ("väinämöinen", 60)])
    assert found.common_characters[0] == ("a", FINNISH.count("a"))


def test_ends_of_documents_are_no_words(tmp_path: Path) -> None:
    found = look(tmp_path, "7 emma\n9 ada\n" * 300)
    assert found.fitting["text.documents"] == "line"
    assert found.would_then[0].endswith("read 2,100 characters and 600 words")


def test_turkish_is_known_by_its_letters(tmp_path: Path) -> None:
    text = "İstanbul'da yaşayan kız ırmağın kıyısında gülüyordu.\n" * 50
    assert look(tmp_path, text).fitting["text.locale"] == "tr"
    azeri = "Bakıda yaşayan qız çayın kənarında gülürdü, sən də gəl.\n" * 50
    assert look(tmp_path, azeri).fitting["text.locale"] == "az"
    assert "text.locale" not in look(tmp_path, FINNISH).fitting


def test_it_tells_what_a_run_would_do_and_what_fits(tmp_path: Path) -> None:
    found = look(tmp_path, FINNISH)
    assert found.would[1].startswith("text.clean=ascii_letters drops 7.9% of the letters")
    assert found.fitting == {"text.clean": "unicode_letters", "text.lines": "space"}
    assert found.would_then == ["read 5,159 characters and 600 words"]


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        (
            "the keeper kept the lamp and the light\n" * 90,
            {"text.clean": "ascii_letters", "text.lines": "space"},
        ),
        ("emma\nolivia\nava\n" * 90, {"text.clean": "ascii_letters", "text.documents": "line"}),
        ("for i in (0, 1): print(i * 2)  # loop\n" * 90, {"text.clean": "none"}),
        ("12 34\n" * 300, {"text.clean": "none", "text.documents": "line"}),
        (
            "学而时习之不亦说乎有朋自远方来不亦乐乎。" * 90,
            {"text.clean": "unicode_letters", "text.lines": "space"},
        ),
    ],
)
def test_settings_are_chosen_by_what_is_in_a_text(tmp_path: Path, text: str, fitting: dict[str, str]) -> None:
    found = look(tmp_path, text)
    assert found.fitting == fitting
    assert found.would_then[0].startswith("read ")


def test_a_list_that_is_too_short_is_told_by_its_documents(tmp_path: Path) -> None:
    assert look(tmp_path, "emma\nolivia\n" * 16).would_then[0].startswith("read 160 characters")
    (refused,) = look(tmp_path, "emma\nolivia\n" * 15).would_then
    assert refused.startswith("refuse it: expected at least 32 windows of up to 35 tokens")


def test_what_a_run_would_refuse_is_told(tmp_path: Path) -> None:
    (refused,) = look(tmp_path, "学而时习之\n" * 500).would
    assert refused.startswith("refuse it: expected a text of which") and "100.0% of the letters" in refused
    (refused,) = look(tmp_path, "too short\n").would
    assert refused.startswith("refuse it: expected at least 1155 tokens")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="at least one word"):
        look(tmp_path, "  ")
    (tmp_path / "text.txt").write_bytes(b"a\xff")
    with pytest.raises(TextError, match="expected UTF-8"):
        look_at_text(tmp_path / "text.txt")
