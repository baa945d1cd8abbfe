"""A server for one model: what MLflow's scoring server answers, within limits of its own.

MLflow's application keeps a few threads for all requests, goes on with what nobody waits for any more, takes
bodies of any length, and has pages that load scripts from elsewhere. So only its answers are used.
"""

import asyncio
import gc
import logging
import os
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel, load_model, scoring_server
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from secrecy import cut
from stagecraft.mlflow.scoring_requests import JSON, RefusalError, read_body, read_request
from stagecraft.mlflow.stoppable import run_stoppable

#: requests that the model may work on at once, a thread each
_AT_ONCE = 100
# Many that are as long as they may be share the processors.
_USUAL_TIMEOUT_S = 600
_logger = logging.getLogger(__name__)


def make_app(folder: str) -> Starlette:
    """Make the server of a model.

    Args:
        folder: the model's files, as MLflow wrote them.
    """
    scoring = _Scoring(load_model(folder))
    gc.freeze()  # else Python looks through the libraries each time that a request has made many objects
    routes = [
        Route("/ping", _ping),
        Route("/health", _ping),
        Route("/version", _version),
        Route("/invocations", scoring.answer, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _passed_by, Exception: _failed})
    app.router.redirect_slashes = False
    return app


class _Scoring:
    """What answers to requests for predictions."""

    def __init__(self, model: PyFuncModel) -> None:
        signature = model.metadata.signature
        self._model, self._schema = model, model.metadata.get_input_schema()
        params = (signature.params or ()) if signature else ()
        self._known = {param.name: param.dtype.name == "boolean" for param in params}
        self._takes_numbers = bool(self._schema and self._schema.is_tensor_spec())
        self._timeout_s = int(os.environ.get("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", _USUAL_TIMEOUT_S))
        self._going = 0

    async def answer(self, request: Request) -> Response:
        """Answer with predictions, or in JSON with the reason why there are none."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._predict(request)
        except RefusalError as refusal:
            return _in_json(refusal.status, refusal.code, str(refusal))
        except TimeoutError:
            message = f"expected an answer within {self._timeout_s} s; ask for less at once"
            return _in_json(HTTPStatus.GATEWAY_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT.name, message)
        except ClientDisconnect:
            return Response()  # to nobody

    async def _predict(self, request: Request) -> Response:
        body = await read_body(request)
        if self._going >= _AT_ONCE:
            raise RefusalError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"expected at most {_AT_ONCE} requests at once; try again later",
            )
        self._going += 1
        try:
            return await _while_wanted(request, lambda: self._invoke(body))
        finally:
            self._going -= 1

    def _invoke(self, body: bytes) -> Response:
        request = read_request(body, self._known, self._takes_numbers)
        model = _InWords(self._model)
        try:
            found = scoring_server.invocations(request, JSON, cast(PyFuncModel, model), self._schema)
        except MlflowException as error:
            message = model.reason or error.message
            raise RefusalError(error.get_http_status_code(), message, error.error_code) from None
        if found.status != HTTPStatus.OK:
            raise RefusalError(found.status, found.response)
        return Response(found.response, media_type=found.mimetype)


async def _while_wanted(request: Request, work: Callable[[], Response]) -> Response:
    """Do something in a thread until it is done, or its client goes.

    Raises:
        ClientDisconnect: it went.
    """
    working = asyncio.create_task(run_stoppable(work))
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            _logger.warning("nobody waits for a request any more; its work is stopped")
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _InWords:
    """A model that tells why it did not answer: MLflow's own words repeat the whole request.

    An unexpected error reaches the log with a traceback, and the client in a sentence.
    """

    def __init__(self, model: PyFuncModel) -> None:
        self.model, self.metadata, self.reason = model, model.metadata, ""

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        try:
            return self.model.predict(data, params=params)
        except MlflowException as error:
            self.reason = error.message
            raise
        except Exception as error:
            _logger.exception("the model failed")
            self.reason = f"the model failed: {error}; the server's log says where"
            raise MlflowException(self.reason) from None


async def _ping(_: Request) -> Response:
    return Response("\n", media_type="application/json")


async def _version(_: Request) -> Response:
    return Response(mlflow.__version__, media_type="application/json")


async def _passed_by(request: Request, error: Exception) -> Response:
    """Answer to a path that is not there, or a method that it does not have."""
    found = cast(HTTPException, error)
    message = f"expected POST /invocations or GET /ping, got {request.method} {cut(request.url.path)}"
    return _in_json(found.status_code, HTTPStatus(found.status_code).name, message, found.headers)


async def _failed(_: Request, error: Exception) -> Response:
    message = f"the server failed: {type(error).__name__}; its log says where"
    return _in_json(HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.INTERNAL_SERVER_ERROR.name, message)


def _in_json(status: int, code: str, message: str, headers: Any = None) -> Response:
    return JSONResponse({"error_code": code, "message": message}, status, headers)
