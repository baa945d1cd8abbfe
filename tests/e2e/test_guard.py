"""Pages of others in a real browser on this machine: they reach none of its servers, by whatever way."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Route

from stagecraft.servers.guard import Guard, Message, Receive, Send
from tests.conftest import free_port
from tests.e2e.browser import CHROMIUM, chromium
from tests.patience import PATIENCE_S, ask_prefect, until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium; apt-get install chromium")

_PAGE = "<!doctype html><title>a page of somebody else</title>"
# What a page can do with a server; each answers what came of it.
_WAYS = """
async ({api, socket, names}) => {
  const told = async (request) => { try { return String((await request).status) } catch { return "refused" } }
  const post = (way, type, mode) => told(fetch(`${api}/flows/`, {
    method: "POST", mode, body: new Blob([JSON.stringify({name: `${names} ${way}`})], {type}),
  }))
  const form = () => new Promise((done) => {
    document.body.innerHTML = `<iframe name="sink"></iframe><form method="post" enctype="text/plain"
      target="sink" action="${api}/flows/"><input name='{"name": "${names} form", "tags": ["'></form>`
    document.querySelector("input").value = '"]}'
    document.querySelector("iframe").onload = () => done("sent")
    document.forms[0].submit()
  })
  const open = (path) => new Promise((done) => {
    const opened = new WebSocket(`${socket}/${path}`)
    opened.onopen = () => done("open")
    opened.onerror = () => done("refused")
  })
  return {
    read: await told(fetch(`${api}/admin/version`)),
    simple: await post("simple", "", "no-cors"),
    text: await post("text", "text/plain", "no-cors"),
    preflighted: await post("preflighted", "application/json", "cors"),
    form: await form(),
    events: await open("events/in"),
    logs: await open("logs/out"),
  }
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for which every name of somebody else leads to this machine."""
    # Some browsers ask a person before a page may reach this machine; the servers do not count on that.
    options = "--host-resolver-rules=MAP *.example 127.0.0.1", "--disable-features=LocalNetworkAccessChecks"
    with chromium(*options) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window in which the address of a document is enough to have it: what it asks for is asked for."""

    def answer(route: Route) -> None:
        is_page = route.request.is_navigation_request() and route.request.method == "GET"
        if is_page and not route.request.frame.parent_frame:
            route.fulfill(body=_PAGE, content_type="text/html")
        else:
            route.continue_()

    page = browser.new_page()
    page.set_default_timeout(1000 * PATIENCE_S)
    page.route("**/*", answer)
    yield page
    page.close()


def tried(page: Page, origin: str, host: str, names: str = "foreign") -> Any:
    """Try all ways from a page of an origin to a server at a host; tell what came of each.

    Args:
        names: what the flows are called that it makes.
    """
    page.goto(f"{origin}/" if origin.startswith("http") else origin)
    return page.evaluate(_WAYS, {"api": f"http://{host}/api", "socket": f"ws://{host}/api", "names": names})


def flows(api: str, names: str = "foreign") -> list[str]:
    """Name the flows that pages made."""
    found = ask_prefect("POST", f"{api}/flows/filter", {"flows": {"name": {"like_": names}}})
    return [flow["name"] for flow in found]


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:8888", "data:text/html,"])
def test_a_page_of_another_origin_reaches_nothing(origin: str, page: Page, prefect_server: str) -> None:
    found = tried(page, origin, urlsplit(prefect_server).netloc)
    assert {found[way] for way in ("read", "preflighted", "events", "logs")} == {"refused"}, found
    assert flows(prefect_server) == []


@contextmanager
def guarded(reached: list[str]) -> Iterator[str]:
    """Serve nothing, behind the guard, and write down who reached it; give its address."""

    async def app(scope: Message, _receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            reached.append(scope["path"])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(Guard(app, ["127.0.0.1"]), port=port, lifespan="off"))
    serving = Thread(target=server.run)
    serving.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    serving.join()


def test_a_page_of_another_origin_shows_nothing_of_a_server_and_may_link_there(page: Page) -> None:
    reached: list[str] = []
    page.goto("http://evil.example/")
    page.unroute("**/*")
    with guarded(reached) as url:
        page.set_content(f"<img src='{url}/img'><script src='{url}/script'></script><a href='{url}/a'>go</a>")
        page.evaluate("url => fetch(url, {mode: 'no-cors'}).catch(() => 0)", f"{url}/fetch")
        page.get_by_text("go").click()
        until(lambda: "/a" in reached)
    assert {"/img", "/script", "/fetch"}.isdisjoint(reached)


def test_a_page_whose_name_was_made_to_lead_here_reaches_nothing(page: Page, prefect_server: str) -> None:
    port = urlsplit(prefect_server).port
    for name in ("evil.example", "10.evil.example", "127.0.0.1.evil.example"):
        found = tried(page, f"http://{name}:{port}", f"{name}:{port}")
        assert {found[way] for way in ("read", "simple", "text", "preflighted")} == {"403"}, found
        assert {found[way] for way in ("events", "logs")} == {"refused"}, found
    assert flows(prefect_server) == []


def test_no_page_of_others_frames_one_of_the_servers(page: Page, prefect_server: str) -> None:
    page.goto("http://evil.example/")
    page.set_content(f"<iframe src='{prefect_server.removesuffix('/api')}/docs'></iframe>")
    page.frames[1].wait_for_url(re.compile("docs|chrome-error"))
    assert "Prefect" not in page.frames[1].content()


def test_a_page_of_the_server_itself_may_do_all_of_it(page: Page, prefect_server: str) -> None:
    port = urlsplit(prefect_server).port
    found = tried(page, f"http://localhost:{port}", f"localhost:{port}", "own")
    assert (found["read"], found["logs"], found["events"]) == ("200", "open", "open")
    assert {"own simple", "own preflighted"} <= set(flows(prefect_server, "own"))
