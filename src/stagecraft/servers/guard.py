"""Who may use a server of this machine: who calls it by one of its names, and no page but its own.

Loopback keeps other machines out, and no browser: any page that one shows on this machine can send requests
there, and a page whose own name is made to lead there (DNS rebinding) can read the answers too.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# Of a name in DNS the last dot says nothing; the port is of no concern, for a tunnel may change it.
_PLACE = re.compile(r"(\[[0-9a-f:.]+\]|[\w-]+(?:\.[\w-]+)*)\.?(?::[0-9]{1,5})?", re.ASCII)
_POLICY_VIOLATION = 1008
# A page from here tells nobody else anything, and no other page frames it, where people click unawares,
# or shows a picture from here. What is no page or script is not taken for one.
_POLICY = (
    (b"content-security-policy", b"connect-src 'self'; frame-ancestors 'self'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)


class Guard:
    """An ASGI application before another one: what it lets through, by HTTP or WebSocket, may use that.

    A request passes if its one `Host` is a known name, whatever the port, and if its `Origin`, where it has
    one, is that very place, or listed. One without passes unless the browser says that a page from elsewhere
    wants what is no page of its own, a picture for instance. So programs pass, pages that this server handed
    out itself, and links that are followed.

    Args:
        app: is asked then.
        names: of this machine, as URLs have them.
        origins: of pages elsewhere that may use the server too, such as `https://pages.example`.
    """

    def __init__(self, app: App, names: Iterable[str], origins: Iterable[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._names = frozenset(_name(name.lower()) for name in names) - {""}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Ask the application, or refuse with status 403."""
        reason = "" if scope["type"] == "lifespan" else self.refusal(scope)
        if not reason:
            await self._app(scope, receive, _keeping_to_itself(send) if scope["type"] == "http" else send)
        elif scope["type"] == "http":
            await _refuse(reason, send)
        else:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})

    def refusal(self, scope: Message) -> str:
        """Say why a request may not pass; empty if it may."""
        found = [(name, value.decode("latin-1").lower()) for name, value in scope["headers"]]
        hosts = [value for name, value in found if name == b"host"]
        if len(hosts) != 1 or _name(hosts[0]) not in self._names:
            got = ", ".join(hosts)[:200] or "none"
            return (
                f"expected a name of this machine as Host, such as localhost, got {got}; --known-as adds one"
            )
        allowed = {f"http://{hosts[0]}", f"https://{hosts[0]}", *self._origins}
        origins = [value for name, value in found if name == b"origin"]
        others = [origin[:200] for origin in origins if origin not in allowed]
        if not origins and _is_put_elsewhere(scope.get("method", ""), dict(found)):
            others = ["another site"]
        return (
            f"expected a page of this server's own, http://{hosts[0]}, got one of {others[0]}"
            if others
            else ""
        )


def listed(origins: str) -> list[str]:
    """Read a list of origins, as settings of Prefect and MLflow have it; `*` in it lists nobody."""
    return [origin.strip() for origin in origins.split(",") if origin.strip() not in ("", "*")]


def _is_put_elsewhere(method: str, headers: Mapping[bytes, str]) -> bool:
    """Tell whether a browser says that an answer goes into a page from elsewhere, which no link does."""
    is_link = method == "GET" and headers.get(b"sec-fetch-dest") == "document"
    return headers.get(b"sec-fetch-site") in ("cross-site", "same-site") and not is_link


def _name(place: str) -> str:
    """Take the name of a place, `name:port`; empty if it is none."""
    found = _PLACE.fullmatch(place)
    return found.group(1) if found else ""


def _keeping_to_itself(send: Send) -> Send:
    async def send_with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_POLICY]
        await send(message)

    return send_with_policy


async def _refuse(reason: str, send: Send) -> None:
    body = json.dumps({"error_code": HTTPStatus.FORBIDDEN.name, "message": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": HTTPStatus.FORBIDDEN, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
