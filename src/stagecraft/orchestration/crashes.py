"""Flow runs whose process died: Prefect would show them as running for ever."""

from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Crashed

from stagecraft.home import Home


def tell_of_crashes(home: Home) -> list[str]:
    """Tell Prefect of the flow runs in a home whose process died; return the names of those that it changed.

    What can't be told now, for the server is not up, is told the next time.
    """
    left = sorted(home.crashed.iterdir()) if home.crashed.is_dir() else []
    if not left:
        return []
    told = []
    try:
        with get_client(sync_client=True) as client:
            for file in left:
                try:
                    run = client.read_flow_run(UUID(file.name))
                    if run.state and not run.state.is_final():
                        client.set_flow_run_state(run.id, Crashed(message="its process died"), force=True)
                        told.append(run.name)
                except ObjectNotFound:
                    pass  # another server's
                file.unlink(missing_ok=True)
    except (httpx.HTTPError, PrefectHTTPStatusError):
        pass
    return told
