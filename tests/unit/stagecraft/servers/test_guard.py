"""Who may use a server: by the headers of a request, whatever kind it is."""

import asyncio
import json
from typing import Any

import pytest

from stagecraft.servers.guard import Guard, Message

NAMES = ["localhost", "127.0.0.1", "[::1]", "Host1"]
PAGES = "https://pages.example"


async def app(scope: Message, receive: Any, send: Any) -> None:
    """Answer to everything."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})


def refusal(*headers: tuple[str, str], origins: tuple[str, ...] = (), method: str = "GET") -> str:
    """Ask whether a request with these headers passes."""
    given = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return Guard(app, NAMES, origins).refusal({"type": "http", "method": method, "headers": given})


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:4200", "[::1]:8080", "LOCALHOST:1", "localhost.", "host1.:5", "HOST1"]
)
def test_a_program_passes_that_calls_this_machine_by_one_of_its_names(host: str) -> None:
    assert refusal(("Host", host)) == ""
    assert refusal(("Host", host), ("Origin", f"http://{host}")) == ""
    assert refusal(("Host", host), ("Origin", f"https://{host}".upper())) == ""


@pytest.mark.parametrize(
    "host",
    [
        *("", ":4200", "evil.example", "evil.example:4200", "10.evil.example", "localhost.evil.example"),
        *("127.0.0.1.evil.example", "evil.example#localhost", "evil.example@localhost", "localhost@evil"),
        *("localhost, evil.example", "0.0.0.0", "127.1", "[::2]", "localhost..", ".localhost", "localhost:a"),
        *("http://localhost", "localhost/", "localhost:1:2", "lo\u00e7alhost", "localhost\t", "x.localhost"),
    ],
)
def test_another_name_is_refused_with_the_way_to_add_it(host: str) -> None:
    said = refusal(("Host", host), ("X-Forwarded-Host", "localhost"), ("Forwarded", "host=localhost"))
    assert "expected a name of this machine as Host" in said and "--known-as" in said


def test_one_host_is_asked_for() -> None:
    assert "got none" in refusal()
    assert "got localhost, localhost" in refusal(("Host", "localhost"), ("Host", "localhost"))


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "null",
            "",
            "http://evil.example",
            "http://localhost:4201",
            "http://localhost",
            "http://127.0.0.1:4200",
        ),
        *("file://", "ws://localhost:4200", "localhost:4200", "http://localhost:4200.evil.example"),
        *("http://localhost:4200/", "http://localhost:4200 http://evil.example", "chrome-extension://a"),
    ],
)
def test_a_page_passes_only_to_the_server_that_it_came_from(origin: str) -> None:
    assert "expected a page of this server's own" in refusal(("Host", "localhost:4200"), ("Origin", origin))
    own = ("Origin", "http://localhost:4200")
    assert "expected a page" in refusal(("Host", "localhost:4200"), own, ("Origin", origin))


def fetched(site: str, destination: str, method: str = "GET", *headers: tuple[str, str]) -> str:
    """Ask whether a request passes for which a browser says who wants it, and for what."""
    said = ("Sec-Fetch-Site", site), ("Sec-Fetch-Dest", destination)
    return refusal(("Host", "localhost:4200"), *said, *headers, origins=(PAGES,), method=method)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_from_elsewhere_gets_nothing_without_saying_its_origin(site: str) -> None:
    for destination in ("image", "script", "empty", "iframe", "style", ""):
        assert "got one of another site" in fetched(site, destination)
    assert fetched(site, "document", "POST") and fetched(site, "document", "HEAD")


def test_links_addresses_own_pages_and_listed_ones_pass_as_a_browser_tells_them() -> None:
    assert fetched("cross-site", "document") == fetched("same-site", "document") == ""
    for site in ("none", "same-origin"):
        assert fetched(site, "document") == fetched(site, "image") == fetched(site, "empty", "POST") == ""
    assert fetched("cross-site", "empty", "POST", ("Origin", PAGES)) == ""


def test_pages_that_a_user_lists_pass_from_elsewhere_and_are_no_name_of_this_machine() -> None:
    listed = ("https://Pages.example", "http://other.example:8080/")
    for origin in ("https://pages.example", "http://other.example:8080"):
        assert refusal(("Host", "localhost:4200"), ("Origin", origin), origins=listed) == ""
    for origin in ("http://pages.example", "https://pages.example:8443", "http://other.example"):
        assert refusal(("Host", "localhost"), ("Origin", origin), origins=listed)
    for host in ("pages.example", "other.example:8080"):
        assert "expected a name of this machine" in refusal(("Host", host), origins=listed)


def sent(kind: str, host: str) -> list[Message]:
    """Send what begins a connection; return what comes back."""
    found: list[Message] = []

    async def send(message: Message) -> None:
        found.append(message)

    async def receive() -> Message:
        return {"type": f"{kind}.connect"}

    asyncio.run(Guard(app, NAMES)({"type": kind, "headers": [(b"host", host.encode())]}, receive, send))
    return found


def test_what_is_refused_reaches_no_application_be_it_http_or_a_websocket() -> None:
    start, body = sent("http", "evil.example")
    assert start["status"] == 403
    document = json.loads(body["body"])
    assert document["error_code"] == "FORBIDDEN" and "evil.example" in document["message"]
    assert [message["type"] for message in sent("websocket", "evil.example")] == ["websocket.close"]


def test_answers_say_that_no_other_page_frames_them_and_that_they_ask_nobody_else() -> None:
    (start,) = sent("http", "localhost")
    assert start["headers"][0] == (b"a", b"b")
    assert b"frame-ancestors 'self'" in dict(start["headers"])[b"content-security-policy"]
    assert dict(start["headers"])[b"cross-origin-resource-policy"] == b"same-origin"
    (start,) = sent("websocket", "localhost")
    assert len(start["headers"]) == 1
