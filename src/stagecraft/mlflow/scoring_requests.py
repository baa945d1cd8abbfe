"""What a request to a served model must be, so that MLflow passes over nothing of it in silence."""

import json
import logging
import re
from collections.abc import Mapping
from email.message import Message
from http import HTTPStatus
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from secrecy import cut, quote, shorten
from secrecy.display import MOST

JSON = "application/json"
MOST_BYTES = 1 << 20
#: inputs of a request, and signs in it that begin a list, an object or a field; signs that part values
MOST_THINGS, MOST_COMMAS = 10_000, 100_000
_FIELDS = {"inputs", "params"}
# As MLflow's messages repeat what they were given.
_LONG_VALUE = re.compile(rf"(?<=['\"`])[^'\"`]{{{MOST + 1},}}+(?=['\"`])")
_logger = logging.getLogger(__name__)


class RefusalError(Exception):
    """A request is not answered.

    Attributes:
        status: of the answer.
        args: the message, in which long values are without their middle.
        code: what programs tell it by; the name of the status unless MLflow has one of its own.
    """

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(shorten(_LONG_VALUE.sub(lambda value: cut(value[0]), message)))
        self.status, self.code = status, code or HTTPStatus(status).name


async def read_body(request: Request) -> bytes:
    """Read a request's body, however it is framed, and no more of it than it may have.

    Raises:
        RefusalError: it is not JSON by its head, or too long.
        ClientDisconnect: the client went before it was whole.
    """
    content_type = request.headers.get("content-type") or "none"
    if not _is_json(content_type):
        raise RefusalError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"expected the header Content-Type: {JSON}, in UTF-8, got {cut(content_type)}",
        )
    body = bytearray()
    _check_size(int(request.headers.get("content-length", 0)))
    try:
        async for part in request.stream():
            body += part
            _check_size(len(body))
    except ClientDisconnect:
        _logger.warning("a request broke off after %d bytes of its body", len(body))
        raise
    return bytes(body)


def _is_json(content_type: str) -> bool:
    head = Message()
    head["Content-Type"] = content_type
    return head.get_content_type() == JSON and head.get_content_charset("utf-8") == "utf-8"


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        message = f"expected at most {MOST_BYTES} bytes, got more"
        raise RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


def read_request(body: bytes, known: Mapping[str, bool], takes_numbers: bool = False) -> dict[str, Any]:
    """Read a request, and refuse what is none.

    MLflow drops fields and parameters that it does not know, and takes texts, true and false for numbers.

    Args:
        known: the parameters that the model has, and whether each of them is true or false.
        takes_numbers: whether its inputs are numbers.

    Raises:
        RefusalError: with status 400.
    """
    _check_count("brackets, braces and colons, in texts too", sum(map(body.count, (b"[", b"{", b":"))))
    _check_count("commas, in texts too", body.count(b","), MOST_COMMAS)
    try:
        request = json.loads(body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_once)
        json.dumps(request, ensure_ascii=False).encode()  # which half a character can't be
    except (ValueError, RecursionError) as error:
        raise _bad(f"expected JSON, got something else: {error}") from None
    if not isinstance(request, dict) or "inputs" not in request or request.keys() - _FIELDS:
        got = f"the fields {cut(', '.join(request))}" if isinstance(request, dict) else type(request).__name__
        raise _bad(f'expected {{"inputs": [...], "params": {{...}}}}, params if wanted, got {got}')
    if isinstance(request["inputs"], list):
        _check_count("inputs", len(request["inputs"]))
    params = request.get("params") or {}
    unknown = (
        sorted(params.keys() - known.keys()) if isinstance(params, dict) else [f"a {type(params).__name__}"]
    )
    if unknown:
        raise _bad(f"expected params among {', '.join(sorted(known))}; got {cut(', '.join(unknown))}")
    _check_types(params, known, request["inputs"] if takes_numbers else [])
    return request


def _check_types(params: Mapping[str, Any], known: Mapping[str, bool], numbers: Any) -> None:
    for name, value in params.items():
        if isinstance(value, bool) and not known[name]:
            raise _bad(f"expected no true or false for {name}, got one")
    left = [numbers]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, bool | str | dict):
            raise _bad(f"expected numbers in inputs, got {quote(value)}")


def _check_count(what: str, count: int, most: int = MOST_THINGS) -> None:
    """See that it does not take long to make something of a body, or to look at each of its inputs."""
    if count > most:
        raise _bad(f"expected at most {most} {what}, got {count}; ask for less at once")


def _bad(message: str) -> RefusalError:
    return RefusalError(HTTPStatus.BAD_REQUEST, message)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
