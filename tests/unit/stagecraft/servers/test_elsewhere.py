"""A database of Prefect's that lies elsewhere is asked before a server is started on it."""

from pathlib import Path

import pytest

from stagecraft.errors import ServerError, UsageError
from stagecraft.servers.elsewhere import DATABASE_VARIABLES, check_elsewhere
from tests.unclear import UNCLEAR


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in DATABASE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("variable", DATABASE_VARIABLES)
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:SECRET@h/x", "got postgresql://***@h/x; correct or unset it"),
        ("x", "got x; correct or unset it"),
        ("http://h", "got http://h; correct or unset it"),
    ],
)
def test_what_is_no_address_for_prefect_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, words: str
) -> None:
    monkeypatch.setenv(variable, url)
    expected = f"expected {variable} to start with postgresql+asyncpg:// or sqlite+aiosqlite://, {words}"
    with pytest.raises(UsageError) as caught:
        check_elsewhere()
    assert str(caught.value) == expected


@pytest.mark.parametrize("place", ["127.0.0.1:PORT", "host.invalid"])
def test_a_database_that_does_not_answer_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, closed_port: int, place: str
) -> None:
    place = place.replace("PORT", str(closed_port))
    monkeypatch.setenv(DATABASE_VARIABLES[1], f"postgresql+asyncpg://me:SECRET@{place}/x")
    with pytest.raises(ServerError) as caught:
        check_elsewhere()
    said = str(caught.value)
    assert said.startswith(f"expected Prefect's database to answer at postgresql+asyncpg://***@{place}/x")
    assert said.endswith("; start it, or correct or unset that") and "SECRET" not in said


@pytest.mark.parametrize(
    "rest", ["127.0.0.1:PORT/db?sslmode=require", "127.0.0.1:PORT/db?foo=x", "127.0.0.1:99999/db", "h:x/db"]
)
def test_an_option_or_a_port_that_can_not_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, closed_port: int, rest: str
) -> None:
    url = f"postgresql+asyncpg://me:SECRET@{rest.replace('PORT', str(closed_port))}"
    monkeypatch.setenv(DATABASE_VARIABLES[1], url)
    with pytest.raises(UsageError, match=f"expected {DATABASE_VARIABLES[1]} to be an address, got") as caught:
        check_elsewhere()
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("url", UNCLEAR)
def test_a_password_that_reads_as_something_else_is_shown_nowhere(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(DATABASE_VARIABLES[1], url.replace("postgresql:", "postgresql+asyncpg:"))
    with pytest.raises((ServerError, UsageError)) as caught:
        check_elsewhere()
    assert "SECRET" not in str(caught.value)


def test_one_that_answers_and_none_at_all_are_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    check_elsewhere()
    monkeypatch.setenv(DATABASE_VARIABLES[0], f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}")
    check_elsewhere()
