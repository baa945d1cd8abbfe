"""Secrets in texts: `${NAME}` stands for one until it is used; a URL is shown without those that it holds.

The one place that decides what of a URL may be seen.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

HIDDEN = "***"

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# A scheme is looked for where a word begins, and nothing is read twice, however long the text is.
# With a single slash a URL is what a path was made of.
_IN_SCHEME = "A-Za-z0-9+.-"
_SLASHES = "://|(?:(?<=http)|(?<=https)|(?<=ftp)|(?<=ftps)):/"
# A password may hold blanks and quotes; elsewhere a blank ends a URL, and so do quotes that stand at its end.
_USER = r"(?!(?:[\w.-]+|\[[\w:.]+\])(?::\d+)?(?:\s|$))[^/?#@\r\n]*+@"
_REST = r"(?:[^\s'\"<>`]|['\"<>`](?=\w))+"
_URL = re.compile(
    rf"(?<![{_IN_SCHEME}])([0-9+.-]*+)([A-Za-z][{_IN_SCHEME}]*+(?:{_SLASHES})(?:{_USER})?{_REST})",
    re.IGNORECASE,
)
# As requests and urllib3 put it: the path and the query alone.
_TARGET = re.compile(r"(with url: )\S+")
# One in which nothing but a user and a password can stand before the `@`.
_IS_CLEAR = re.compile(r"[^@?]*(?:\?[^\s@]*)?|[\w+.-]+://[^\s@/?#]*@[^\s@]*")
_UNSAID = (
    "an error that may hold a piece of its password; there @ is written %40, / %2F, ? %3F, # %23, a blank %20"
)
_BEHIND = ".,;:!)]"
_CREDENTIAL = re.compile(
    r"token|secret|passw|pwd|signature|^sig$|api.?key|credential|^auth|session|^x-(amz|goog)-", re.IGNORECASE
)


class UnsetError(LookupError):
    """A reference leads to an environment variable that is not set; the error's text is its name."""


def expand_variables(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Put the values of environment variables in the place of `${NAME}`, as they stand.

    Raises:
        UnsetError: there is no such variable.
    """

    def value(reference: re.Match[str]) -> str:
        if not environment.get(reference[1]):
            raise UnsetError(reference[1])
        return environment[reference[1]]

    return _REFERENCE.sub(value, text)


def show_url(url: str) -> str:
    """Write a URL without user, password, parameters of the path, values of the query and fragment.

    References stay.
    """
    return _write(url, lambda _name, _value: HIDDEN)


def link_url(url: str) -> str:
    """Write a URL as `show_url` does, but so that it can be opened: a browser asks for user and password."""
    scheme, colon, rest = show_url(url).partition("://")
    return f"{scheme}{colon}{rest.removeprefix(f'{HIDDEN}@')}"


def identify_url(url: str) -> str:
    """Write a URL so that it tells one text from another, but not one token from another.

    The values of a query, and of parameters of the path, are digests, but for those that are credentials by
    their name.
    """
    return _write(url, lambda name, value: HIDDEN if _CREDENTIAL.search(name) else _digest(value))


def holds_url(text: str) -> bool:
    """Tell whether a URL stands in a text, or what a path makes of one."""
    return _URL.search(text) is not None


def names_host(url: str) -> bool:
    """Tell whether a text is the address of a server: http or https, with a host and a port that can be."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def words_about(url: str, words: str) -> str:
    """Repeat what a library says of a URL, unless it may have taken a piece of a secret for another part."""
    return words if _IS_CLEAR.fullmatch(url) and _can_be_parted(url) else _UNSAID


def redact(text: str) -> str:
    """Write a text with every URL in it as `show_url` does; takes as long as the text is long."""

    def shown(found: re.Match[str]) -> str:
        url = found[2].rstrip(_BEHIND)
        scheme, _, rest = url.partition(":/")
        return found[1] + show_url(f"{scheme}://{rest.removeprefix('/')}") + found[2][len(url) :]

    return _TARGET.sub(rf"\1{HIDDEN}", _URL.sub(shown, text))


def _write(url: str, value: Callable[[str, str], str]) -> str:
    """Write a URL with something else in the place of what may be a secret."""
    scheme, colon, rest = url.partition("://")
    if not colon:  # no URL; without these marks it has no place for a secret
        return url if _is_reference(url) or not re.search("[@?#;]", url) else HIDDEN
    if not _can_be_parted(url):
        return f"{scheme}{colon}{HIDDEN}"
    place, mark, query = re.fullmatch(r"([^?#]*)([?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    query, fragment, _ = query.partition("#") if mark == "?" else ("", mark, "")
    user, at, host = place.rpartition("@")
    # A password that is a reference shows that the user's name is no secret.
    user = user if _is_reference(user.rpartition(":")[2]) else HIDDEN if user else ""
    tail = f"#{HIDDEN}" if fragment else ""
    host = re.sub("(?<=;)[^;/]+", lambda part: _write_part(part[0], value), host)
    return f"{scheme}://{user}{at}{host}{'?' if mark == '?' else ''}{_write_query(query, value)}{tail}"


def _write_query(query: str, value: Callable[[str, str], str]) -> str:
    parts = re.split("([&;#])", query)
    parts[::2] = [_write_part(part, value) for part in parts[::2]]
    return "".join(parts)


def _write_part(part: str, value: Callable[[str, str], str]) -> str:
    """Write `NAME=VALUE`, or a value without a name."""
    name, equals, given = part.partition("=") if "=" in part else ("", "", part)
    return part if not given or _is_reference(given) else f"{name}{equals}{value(name, given)}"


def _is_reference(text: str) -> bool:
    return re.fullmatch(f"(?:{_REFERENCE.pattern})+", text) is not None


def _can_be_parted(url: str) -> bool:
    """Tell whether it is clear what is what: a `/` in a password, say, makes a wrong port."""
    try:
        return urlsplit(_REFERENCE.sub("0", url)).port is not None or True
    except ValueError:
        return False


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:8]
