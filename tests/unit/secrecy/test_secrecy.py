from pathlib import Path

import pytest

from secrecy import UnsetError, identify_url, link_url, redact, resolve, show_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host:8080/a/b.txt", "https://host:8080/a/b.txt"),
        ("https://user:SECRET@host/a", "https://***@host/a"),
        ("https://SECRET@host/a", "https://***@host/a"),
        ("https://SECRET:x-oauth-basic@host/a", "https://***@host/a"),
        ("https://host/a?id=SECRET&token=SECRET", "https://host/a?id=***&token=***"),
        ("https://host/a?SECRET", "https://host/a?***"),
        ("https://host/a?x=1#access=SECRET", "https://host/a?x=***#***"),
        ("https://host/a#SECRET", "https://host/a#***"),
        ("https://host?a=", "https://host?a="),
        ("postgresql+psycopg2://user:SECRET@host:5432/db", "postgresql+psycopg2://***@host:5432/db"),
        ("sqlite:////home/user/mlflow.db", "sqlite:////home/user/mlflow.db"),
        ("https://user:SE/CRET@host/a", "https://***"),
        ("https://user:SE?CRET@host/a", "https://***"),
        ("https://user:SE#CRET@host/a", "https://***"),
        ("user:SECRET@host/a", "***"),
        ("timemachine.txt", "timemachine.txt"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_secret(url: str, shown: str) -> None:
    assert show_url(url) == shown
    assert redact(f"expected a text from {url}, got nothing; try again") == (
        f"expected a text from {shown if '://' in url else url}, got nothing; try again"
    )
    assert show_url(shown) == shown


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("http://user:SECRET@host:5000", "http://host:5000"),
        ("http://SECRET@host/a?b=SECRET", "http://host/a?b=***"),
        ("http://host:5000/a", "http://host:5000/a"),
        ("http://user:SE/CRET@host/a", "http://***"),
    ],
)
def test_a_link_can_be_opened_and_holds_no_secret(url: str, link: str) -> None:
    assert link_url(url) == link


@pytest.mark.parametrize(
    "url",
    ["${URL}", "https://host/?token=${TOKEN}", "https://user:${PASSWORD}@host/", "https://${TOKEN}@host/a"],
)
def test_references_to_the_environment_are_shown_as_they_are(url: str) -> None:
    assert show_url(url) == identify_url(url) == url
    assert redact(f"({url}); and {url}.") == f"({url}); and {url}."


def test_only_what_tells_one_text_from_another_identifies_a_url() -> None:
    same = {
        identify_url(f"https://{user}host/a?id=1&access_token={token}&X-Amz-Signature={token}")
        for user, token in [("", "S1"), ("me:S2@", "S2")]
    }
    assert {text.replace("***@", "") for text in same} == {
        "https://host/a?id=6b86b273&access_token=***&X-Amz-Signature=***"
    }
    assert identify_url("https://host/a?id=1") != identify_url("https://host/a?id=2")
    assert identify_url("https://host/a") == "https://host/a"


def test_all_urls_of_a_text_and_what_http_clients_say_of_them_are_redacted() -> None:
    text = (
        "API request to http://me:SECRET@host/api failed: HTTPConnectionPool(host='host', port=80): Max"
        " retries exceeded with url: /api?t=SECRET (Caused by x); see ['https://host/?k=SECRET']"
    )
    assert redact(text) == (
        "API request to http://***@host/api failed: HTTPConnectionPool(host='host', port=80): Max retries"
        " exceeded with url: *** (Caused by x); see ['https://host/?k=***']"
    )


def test_what_a_path_makes_of_a_url_is_redacted_too() -> None:
    assert (
        redact(f"no file {Path('https://me:SECRET@host/x?t=SECRET')}") == "no file https://***@host/x?t=***"
    )
    for text in ("series.csv:/load, http:", "see https://host/a:/b"):
        assert redact(text) == text


def test_references_take_the_environments_values_as_they_stand() -> None:
    environment = {"TOKEN": "a&b", "EMPTY": ""}
    assert resolve("https://host/?t=${TOKEN}&u=$TOKEN", environment) == "https://host/?t=a&b&u=$TOKEN"
    for name in ("OTHER", "EMPTY"):
        with pytest.raises(UnsetError, match=name):
            resolve(f"${{{name}}}", environment)
