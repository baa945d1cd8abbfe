"""The page: self-contained, in order, and safe whatever its data say."""

import base64
import math
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from seqstep.report.page import Picture, ReportSection, Table, render

FRAME = pd.DataFrame(
    {
        "model": ["rnn", None],
        "perplexity": [1.23456789, math.inf],
        "missing": [math.nan, 0.5],
        "targets": [936000, 4],
    }
)


class Outline(HTMLParser):
    """Keeps tags that are open and lists those that were; a closing tag must close the last one."""

    VOID = ("meta", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_holds_all_of_its_pictures_and_asks_for_nothing() -> None:
    page = render(
        "title", {"Profile": "quick"}, [ReportSection("One", pictures=[Picture("a line", b"\x89PNG bytes")])]
    )
    outline = Outline(page)
    images = [attributes for tag, attributes in outline.found if tag == "img"]
    assert [image["alt"] for image in images] == ["a line"]
    assert base64.b64decode(str(images[0]["src"]).removeprefix("data:image/png;base64,")) == b"\x89PNG bytes"
    assert "http" not in page and not {"link", "script", "iframe"} & {tag for tag, _ in outline.found}
    assert outline.open == []
    assert "<dt>Profile</dt><dd>quick</dd>" in page


def test_sections_keep_their_order_and_each_is_linked_to() -> None:
    parts = [ReportSection(name, texts={"caption": name.lower()}) for name in ("One", "Two", "Three")]
    page = render("title", {}, [parts[0], ReportSection("Empty"), *parts[1:]])
    assert re.findall(r"<h2>(.*)</h2>", page) == ["What was run", "One", "Two", "Three"]
    links = [attributes["href"] for tag, attributes in Outline(page).found if tag == "a"]
    ids = [f"#{attributes['id']}" for tag, attributes in Outline(page).found if tag == "section"]
    assert links == ids and len(set(ids)) == 4
    assert "Empty" not in page


def test_fields_are_written_for_a_reader() -> None:
    table = Table("errors", FRAME)
    assert table.rows == [["rnn", "1.235", "–", "936,000"], ["–", "∞", "0.5", "4"]]
    assert table.numeric == [False, True, True, True]
    page = render("title", {}, [ReportSection("One", tables=[table])])
    assert page.count("<tr>") == 3 and page.count('class="number"') == 9
    assert Outline(page).open == []


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img src=x>', "a & b", "{{ 7 * 7 }}", "𝒳 é –"]
)
def test_whatever_the_data_say_it_stays_text(evil: str) -> None:
    frame = pd.DataFrame({evil: [evil]})
    everywhere = ReportSection(evil, [Picture(evil, b"")], [Table(evil, frame)], {evil: evil})
    outline = Outline(page := render(evil, {evil: evil}, [everywhere]))
    assert outline.open == [] and "49" not in page
    assert [attributes.get("alt") for tag, attributes in outline.found if tag == "img"] == [evil]
    assert "script" not in {tag for tag, _ in outline.found}


def test_every_picture_has_words_and_every_table_can_be_scrolled_with_the_keyboard() -> None:
    section = ReportSection("One", [Picture("a line", b"")], [Table("errors", FRAME)])
    found = Outline(render("title", {}, [section])).found
    assert dict(found)["html"]["lang"] == "en"
    assert [attributes["alt"] for tag, attributes in found if tag == "img"] == ["a line"]
    boxes = [attributes for _, attributes in found if attributes.get("class") == "wide"]
    assert [(box["tabindex"], box["role"], box["aria-label"]) for box in boxes] == [("0", "region", "errors")]
