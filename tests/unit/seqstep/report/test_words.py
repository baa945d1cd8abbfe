"""A configuration in words: what was changed is named, what may be secret is not told."""

from seqstep.report.words import changes, describe, text_source, title
from seqstep.settings.config import Config, Section
from seqstep.settings.resolving import resolve

SECRET = "https://user:secret@example.org/texts/story.txt?token=secret"


def test_what_differs_from_the_profile_is_named() -> None:
    assert changes("quick", resolve("quick")) == {}
    config = resolve("quick", [{"rnn": {"epochs": 5}, "forecast": {"horizons": [1, 2]}}])
    assert changes("quick", config) == {"rnn.epochs": "5", "forecast.horizons": "1, 2"}


def test_a_title_tells_runs_apart_and_stays_short() -> None:
    config = resolve("notes", [{"rnn": {"epochs": 5, "hidden": 8, "batch": 2}}])
    assert title("pipeline", "quick", resolve("quick"), "11-24 03:48:12") == "quick 11-24 03:48:12"
    expected = "text notes 11-24 03:48:12 · rnn.hidden=8, rnn.batch=2 and 1 more"
    assert title("text", "notes", config, "11-24 03:48:12") == expected


def test_neither_addresses_nor_paths_are_told_in_full() -> None:
    config = resolve("notes", [{"corpus": {"url": [SECRET]}, "series": {"path": "/home/me/data.csv"}}])
    told = f"{changes('notes', config)} {describe('notes', config)} {title('pipeline', 'notes', config, '')}"
    assert "secret" not in told and "/home" not in told
    assert text_source(config) == "story.txt from example.org"
    assert "data.csv" in describe("notes", config)["Series"]


def test_the_profiles_name_their_text() -> None:
    assert text_source(resolve("quick")) == "builtin:lighthouse"
    assert text_source(resolve("notes")) == "timemachine.txt from d2l-data.s3-accelerate.amazonaws.com"


def test_a_file_is_told_by_its_name_and_what_was_let_go_is_empty() -> None:
    config = resolve("notes", [{"corpus": {"path": "/home/me/text.txt"}}])
    assert changes("notes", config) == {
        "corpus.url": "empty",
        "corpus.path": "text.txt",
        "corpus.sha1": "empty",
    }
    assert (
        title("pipeline", "notes", config, "11-24 03:48:12") == "notes 11-24 03:48:12 · corpus.path=text.txt"
    )


def test_only_what_is_read_is_told() -> None:
    best, notes, compare = (describe(name, resolve(name)) for name in ("best", "notes", "compare"))
    assert "Series" not in best and best["Networks for unseen text"].startswith("lstm: 1 × 512")
    assert best["Networks for unseen text"].endswith(", 50% taught by counts")
    assert "taught" not in compare["Networks for unseen text"]
    assert "Series" in notes and "Networks for unseen text" not in notes
    assert {"Series", "Networks for unseen text"} <= set(compare)


class _Inner(Section):
    section = "inner"
    depth: int = 3


class _Wider(Config):
    inner: _Inner | None = None


def test_a_group_that_a_profile_does_not_have_differs_from_it() -> None:
    assert changes("quick", _Wider(**dict(resolve("quick")), inner=_Inner())) == {"inner.depth": "3"}
