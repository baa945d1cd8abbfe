"""Secrets in texts: `${NAME}` stands for one until it is used; a URL is shown without those that it holds.

The one place that decides what of a URL may be seen. Knows nothing of pipelines or sequences.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

HIDDEN = "***"

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# With a single slash it is what a path was made of.
_START = r"(?:[A-Za-z][A-Za-z0-9+.-]*://|(?:https?|ftps?):/)"
_URL = re.compile(rf"{_START}(?:\$\{{\w+\}}|[^\s'\"<>`])+", re.IGNORECASE)
# As requests and urllib3 put it: the path and the query alone.
_TARGET = re.compile(r"(with url: )\S+")
_END = re.compile(r"[.,;:!)\]]*$")
_PART = re.compile(r"([^=&;#]*)=([^&;#]*)")
_CREDENTIAL = re.compile(
    r"token|secret|passw|pwd|signature|^sig$|api.?key|credential|^auth|session|^x-(amz|goog)-", re.IGNORECASE
)


class UnsetError(LookupError):
    """A reference leads to an environment variable that is not set; the error's text is its name."""


def resolve(text: str, environment: Mapping[str, str] = os.environ) -> str:
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
    """Write a URL without user, password, values of the query and fragment; references stay."""
    return _write(url, lambda _name, _value: HIDDEN)


def link_url(url: str) -> str:
    """Write a URL as `show_url` does, but so that it can be opened: a browser asks for user and password."""
    scheme, colon, rest = show_url(url).partition("://")
    return f"{scheme}{colon}{rest.removeprefix(f'{HIDDEN}@')}"


def identify_url(url: str) -> str:
    """Write a URL so that it tells one text from another, but not one token from another.

    The values of a query are digests, but for those that are credentials by their name.
    """
    return _write(url, lambda name, value: HIDDEN if _CREDENTIAL.search(name) else _digest(value))


def holds_url(text: str) -> bool:
    """Tell whether a URL stands in a text, or what a path makes of one."""
    return _URL.search(text) is not None


def redact(text: str) -> str:
    """Write a text with every URL in it as `show_url` does."""

    def shown(found: re.Match[str]) -> str:
        end = _END.search(found[0])
        cut = end.start() if end else len(found[0])
        return show_url(re.sub(r"^(\w+):/(?!/)", r"\1://", found[0][:cut])) + found[0][cut:]

    return _TARGET.sub(rf"\1{HIDDEN}", _URL.sub(shown, text))


def _write(url: str, value: Callable[[str, str], str]) -> str:
    """Write a URL with something else in the place of what may be a secret."""
    scheme, colon, rest = url.partition("://")
    if not colon:  # no URL; without these marks it has no place for a secret
        return url if _is_reference(url) or not re.search("[@?#]", url) else HIDDEN
    if not _can_be_parted(url):
        return f"{scheme}{colon}{HIDDEN}"
    place, mark, query = re.fullmatch(r"([^?#]*)([?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    query, fragment, _ = query.partition("#") if mark == "?" else ("", mark, "")
    user, at, host = place.rpartition("@")
    # A password that is a reference shows that the user's name is no secret.
    user = user if _is_reference(user.rpartition(":")[2]) else HIDDEN if user else ""
    tail = f"#{HIDDEN}" if fragment else ""
    return f"{scheme}://{user}{at}{host}{'?' if mark == '?' else ''}{_write_query(query, value)}{tail}"


def _write_query(query: str, value: Callable[[str, str], str]) -> str:
    if "=" not in query:  # a single value without a name
        return query if not query or _is_reference(query) else value("", query)
    return _PART.sub(
        lambda part: (
            part[0] if not part[2] or _is_reference(part[2]) else f"{part[1]}={value(part[1], part[2])}"
        ),
        query,
    )


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
