"""The program of Prefect's server, as `up` starts it: what `prefect server start` serves, behind the guard.

python -m stagecraft.prefect.server HOST PORT NAME…
"""

import sys
from collections.abc import Sequence

import uvicorn
from prefect.settings import get_current_settings

from stagecraft.prefect.app import guarded_app


def serve_prefect(host: str, port: int, names: Sequence[str]) -> None:
    """Serve until told to end.

    Args:
        names: of this machine, as URLs have them.
    """
    settings = get_current_settings().server
    uvicorn.run(
        guarded_app(names, is_temporary=False),
        host=host,
        port=port,
        timeout_keep_alive=settings.api.keepalive_timeout,
        ws_ping_interval=settings.api.websocket_ping_interval,
        ws_ping_timeout=settings.api.websocket_ping_timeout,
        log_level=settings.logging_level.lower(),
    )


if __name__ == "__main__":
    serve_prefect(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
