"""MLflow's scoring server for one model, which also refuses what MLflow would pass over in silence."""

import json
import logging
from collections.abc import Awaitable, Callable, Set
from http import HTTPStatus
from typing import Any, NamedTuple, NoReturn, cast

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel, load_model, scoring_server

_MOST_BYTES = 1 << 20
_FIELDS = {"inputs", "params"}
_logger = logging.getLogger(__name__)


class Refusal(NamedTuple):
    """Why a request is not answered."""

    status: HTTPStatus
    message: str


def make_app(folder: str) -> FastAPI:
    """Make the server of a model.

    Args:
        folder: the model's files, as MLflow wrote them.
    """
    model: PyFuncModel = load_model(folder)
    app: FastAPI = scoring_server.init(cast(PyFuncModel, _InWords(model)))
    signature = model.metadata.signature
    known = {param.name for param in signature.params or ()} if signature else set()

    @app.middleware("http")
    async def refuse(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.url.path != "/invocations" or request.method != "POST":
            return await answer(request)
        refusal = check_head(request.headers.get("content-type"), request.headers.get("content-length"))
        refusal = refusal or check_body(await request.body(), known)
        if not refusal:
            return await answer(request)
        content = {"error_code": refusal.status.name, "message": refusal.message}
        return JSONResponse(content, refusal.status)

    return app


class _InWords:
    """A model whose unexpected errors reach the log with a traceback, and the client in a sentence."""

    def __init__(self, model: PyFuncModel) -> None:
        self.model, self.metadata = model, model.metadata

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        try:
            return self.model.predict(data, params=params)
        except MlflowException:
            raise
        except Exception as error:
            _logger.exception("the model failed")
            raise MlflowException(f"the model failed: {error}; the server's log says where") from None


def check_head(content_type: str | None, length: str | None) -> Refusal | None:
    """Refuse what is not JSON, or too long."""
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        found = content_type or "none"
        return Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"expected the header Content-Type: application/json, got {found}",
        )
    if not (length or "").isdecimal():
        return Refusal(HTTPStatus.LENGTH_REQUIRED, "expected the header Content-Length")
    if int(length or 0) > _MOST_BYTES:
        return Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {_MOST_BYTES} bytes, got {length}"
        )
    return None


def check_body(body: bytes, known: Set[str]) -> Refusal | None:
    """Refuse what is not a request: MLflow drops fields and parameters that it does not know."""
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return Refusal(HTTPStatus.BAD_REQUEST, f"expected JSON, got something else: {error}")
    if not isinstance(request, dict) or "inputs" not in request or request.keys() - _FIELDS:
        got = f"the fields {', '.join(request)}" if isinstance(request, dict) else type(request).__name__
        return Refusal(
            HTTPStatus.BAD_REQUEST,
            f'expected {{"inputs": [...], "params": {{...}}}}, params if wanted, got {got}',
        )
    params = request.get("params") or {}
    unknown = sorted(params.keys() - known) if isinstance(params, dict) else [f"a {type(params).__name__}"]
    if unknown:
        there_are = ", ".join(sorted(known))
        return Refusal(HTTPStatus.BAD_REQUEST, f"expected params among {there_are}; got {', '.join(unknown)}")
    return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
