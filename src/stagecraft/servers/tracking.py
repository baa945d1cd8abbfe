"""The program of MLflow's server, as `up` starts it: what `mlflow server` serves, behind the guard.

python -m stagecraft.servers.tracking HOST PORT NAME…, and two variables, MLFLOW_BACKEND_STORE_URI and
MLFLOW_ARTIFACTS_DESTINATION, which `mlflow server` knows too.
"""

import os
import sys
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import unquote

import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse

from stagecraft.mlflow.tracking_server import make_tracking_app
from stagecraft.servers.guard import App, Guard, Message, Receive, Send, listed

_FILES = "/mlflow-artifacts/"
# Where a URL's path ends, or its scheme, or what a path is parted by elsewhere.
_CUTTING = ("#", "?", "%", ";", ":", "\\")


def serve_tracking(host: str, port: int, names: Sequence[str]) -> None:
    """Serve until told to end.

    The pages that a user lists in MLflow's own setting, MLFLOW_SERVER_CORS_ALLOWED_ORIGINS, may use it too.

    Args:
        names: of this machine, as URLs have them.
    """
    origins = listed(os.environ.get("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", ""))
    app = CORSMiddleware(
        with_whole_paths(make_tracking_app()), origins, allow_methods=["*"], allow_headers=["*"]
    )
    uvicorn.run(Guard(app, names, origins), host=host, port=port, ws="none")


def with_whole_paths(app: App) -> App:
    """Refuse paths of files that MLflow may read as others: for `artifacts/.` it deletes all there is."""

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        path = _decoded(scope.get("path", "")).partition(_FILES)[2]
        if path and not all(map(_is_name, path.split("/"))):
            message = (
                "expected a path whose parts are names, got one with an empty part, dots, blanks around a"
                f" name, or one of {' '.join(_CUTTING)}"
            )
            refusal = JSONResponse({"error_code": "BAD_REQUEST", "message": message}, HTTPStatus.BAD_REQUEST)
            await refusal(scope, receive, send)
        else:
            await app(scope, receive, send)

    return answer


def _is_name(part: str) -> bool:
    """Tell whether a part of a path stays what it is when MLflow takes the path for a URL, and cleans it."""
    is_clean = part == part.strip() and part.isprintable()
    return is_clean and part not in ("", ".", "..") and not any(mark in part for mark in _CUTTING)


def _decoded(path: str) -> str:
    """Decode a path as often as something in it is encoded, as MLflow does."""
    while (once := unquote(path)) != path:
        path = once
    return path


if __name__ == "__main__":
    serve_tracking(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
