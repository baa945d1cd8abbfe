"""HTTP for the server of a model: it costs little to part a request into lines and chunks.

That is done where all requests are answered: one in hundreds of thousands of chunks keeps the others waiting.
"""

import json
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: of a request: bytes of its head and of a chunk's, and chunks of its body
MOST_OF_HEAD, MOST_CHUNKS = 1 << 14, 1000
# Taken in at once, so that a limit is passed by no more than this.
_PART = 1 << 12
# What a refused client goes on to send is passed over for a while; cut off at once, it may not hear why.
_HEARS_S = 2


class BoundedHttp(H11Protocol):
    """uvicorn's HTTP with limits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = self._counting = _Counting(h11.SERVER, MOST_OF_HEAD)
        self._is_refused = False

    def data_received(self, data: bytes) -> None:
        """Take in what a client sent."""
        for begin in range(0, len(data), _PART):
            if not self._is_refused:
                super().data_received(data[begin : begin + _PART])

    def send_400_response(self, msg: str) -> None:
        """Answer to what is no HTTP, or too much of it, and hang up."""
        self._is_refused = True
        self.flow.resume_reading()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # else an answer has begun
            self.transport.write(_refusal(self._counting.chunks, msg))
        self.loop.call_later(_HEARS_S, self.transport.close)


class _Counting(h11.Connection):
    """Counts the chunks of each request."""

    chunks = 0

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            self.chunks = 0
        elif isinstance(event, h11.Data) and event.chunk_start:
            self.chunks += 1
            if self.chunks > MOST_CHUNKS:
                raise h11.RemoteProtocolError("too many chunks")
        return event


def _refusal(chunks: int, otherwise: str) -> bytes:
    status, message = HTTPStatus.BAD_REQUEST, otherwise
    if chunks > MOST_CHUNKS:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        message = f"expected a body in at most {MOST_CHUNKS} chunks, got more; send it in longer ones"
    body = json.dumps({"error_code": status.name, "message": message}).encode()
    head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close"
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n\r\n".encode() + body
