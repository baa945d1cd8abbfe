"""The program that serves a model, behind the guard.

python -m stagecraft.servers.scoring FOLDER HOST PORT NAME…
"""

import logging
import sys
from collections.abc import Sequence

import uvicorn

from stagecraft.mlflow.scoring_server import make_app
from stagecraft.servers.bounded import BoundedHttp
from stagecraft.servers.guard import Guard

_ENDS_S = 3
# Python's usual turn is 5 ms; a short request takes tens, and beside 20 long ones it waits for theirs.
_TURN_S = 0.0002


def serve_answers(folder: str, host: str, port: int, names: Sequence[str]) -> None:
    """Serve until told to end.

    Args:
        folder: the model's files, as MLflow wrote them.
        names: of this machine, as URLs have them.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s: %(message)s")
    sys.setswitchinterval(_TURN_S)
    uvicorn.run(
        Guard(make_app(folder), names),
        host=host,
        port=port,
        http=BoundedHttp,
        ws="none",
        proxy_headers=False,
        timeout_graceful_shutdown=_ENDS_S,
    )


if __name__ == "__main__":
    serve_answers(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
