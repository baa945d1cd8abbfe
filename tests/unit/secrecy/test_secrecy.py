from pathlib import Path

import pytest

from secrecy import UnsetError, expand_variables, identify_url, link_url, redact, show_url, words_about
from tests.unclear import UNCLEAR


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host:8080/a/b.txt", "https://host:8080/a/b.txt"),
        ("https://user:SECRET@host/a", "https://***@host/a"),
        ("https://SECRET@host/a", "https://***@host/a"),
        ("https://SECRET:x-oauth-basic@host/a", "https://***@host/a"),
        ("https://host/a?id=SECRET&token=SECRET", "https://host/a?id=***&token=***"),
        ("https://host/a?SECRET", "https://host/a?***"),
        ("https://host/a?SECRET&x=SECRET&y=", "https://host/a?***&x=***&y="),
        ("https://host/a?x=1#access=SECRET", "https://host/a?x=***#***"),
        ("https://host/a#SECRET", "https://host/a#***"),
        ("https://host?a=", "https://host?a="),
        ("https://host/a;token=SECRET/b;SECRET;c=?x=SECRET", "https://host/a;token=***/b;***;c=?x=***"),
        ("https://host;jsessionid=SECRET", "https://host;jsessionid=***"),
        ("host/a;token=SECRET", "***"),
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
    [
        *("${URL}", "https://host/?token=${TOKEN}", "https://host/a;token=${TOKEN}/b"),
        *("https://user:${PASSWORD}@host/", "https://${TOKEN}@host/a"),
    ],
)
def test_references_to_the_environment_are_shown_as_they_are(url: str) -> None:
    assert show_url(url) == identify_url(url) == url
    assert redact(f"({url}); and {url}.") == f"({url}); and {url}."


@pytest.mark.parametrize(
    "password", ["SE'CRET", "p SECRET", 'p"SECRET', "p<SECRET", "p>SECRET", "p@'SECRET", "p`SECRET"]
)
@pytest.mark.parametrize("text", ["MLflow at {} failed: m@x", "got '{}', and", '{{"a":"{}"}}', "<{}>"])
def test_no_mark_in_a_password_ends_it(password: str, text: str) -> None:
    shown = redact(text.format(f"postgresql://me:{password}@host:9/db?p={password.replace(' ', '')}"))
    assert shown == text.format("postgresql://***@host:9/db?p=***")


@pytest.mark.parametrize("url", UNCLEAR)
def test_nothing_is_repeated_of_what_is_said_about_an_address_that_reads_otherwise(url: str) -> None:
    assert "SECRET" not in show_url(url) + words_about(url, "invalid port: SECRET")


@pytest.mark.parametrize(
    "url", ["postgresql://me:a:b@h:9/x?y=z", "sqlite:////home/my own/x.db", "http://h", "/a b", "x?y=z"]
)
def test_what_is_said_about_a_clear_one_is_repeated(url: str) -> None:
    assert words_about(url, "refused") == "refused"


@pytest.mark.parametrize("host", ["host", "host:9", "1.2.3.4:9", "[::1]:9"])
def test_what_follows_a_host_is_shown(host: str) -> None:
    assert redact(f"http://{host} said: m@x") == f"http://{host} said: m@x"


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
    assert (
        expand_variables("https://host/?t=${TOKEN}&u=$TOKEN", environment) == "https://host/?t=a&b&u=$TOKEN"
    )
    for name in ("OTHER", "EMPTY"):
        with pytest.raises(UnsetError, match=name):
            expand_variables(f"${{{name}}}", environment)
