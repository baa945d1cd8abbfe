"""The program of Prefect's temporary server: it listens where there is room, and ends after its last user.

Before it ends it closes the flow runs that users left open, however they ended.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO

import uvicorn

from stagecraft.cache.sessions import note_crashed
from stagecraft.files.home import Home
from stagecraft.names import Names
from stagecraft.prefect.app import guarded_app
from stagecraft.prefect.crashes import close_left_tasks, tell_of_crashes
from stagecraft.prefect.reaching import reaching_server
from stagecraft.servers.listening import LOOPBACK, known_names
from stagecraft.servers.temporary import announcing_address, is_alone, open_users
from stagecraft.servers.token import token_of

_POLL_S, _ENDS_S = 0.3, 5
# Until what users said last of their tasks is recorded.
_RECORDED_S = 1.5


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Go on: who is told to end together with its users outlives them, for they close their records."""


def serve_temporarily(home: Home) -> None:
    """Serve until nobody uses it any more."""
    config = uvicorn.Config(
        guarded_app(known_names(LOOPBACK), is_temporary=True),
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=1,  # connections that users left do not keep it
    )
    server = _Server(config)
    with socket.create_server((LOOPBACK, 0)) as listening, open_users(home) as users:
        address = f"http://{LOOPBACK}:{listening.getsockname()[1]}/api"
        Thread(target=_attend, args=(home, server, address, users), daemon=True).start()
        server.run(sockets=[listening])


def _attend(home: Home, server: uvicorn.Server, address: str, users: IO[bytes]) -> None:
    """End the server with its last user, also with one that ended while it started."""
    while not server.started:
        if is_alone(users):
            os._exit(0)
        time.sleep(_POLL_S)
    with announcing_address(home, address), reaching_server(address, token_of(home, wanted=False)):
        try:
            _close_until_alone(home, users)
        finally:
            server.should_exit = True
        time.sleep(_ENDS_S)
        os._exit(1)  # it hangs


def _close_until_alone(home: Home, users: IO[bytes]) -> None:
    """Close the flow runs that users leave open, until there are no users any more."""
    close_left_tasks()
    while not is_alone(users):
        tell_of_crashes(home)
        time.sleep(_POLL_S)
    if note_crashed(home):
        time.sleep(_RECORDED_S)
        tell_of_crashes(home)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve_temporarily(Home(Path(sys.argv[1]), Names(sys.argv[2])))
    os._exit(0)  # Python would tidy up for seconds, and somebody waits
