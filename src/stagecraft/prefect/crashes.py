"""Flow runs whose process died: Prefect would show them as running for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import yaml
from prefect.client.orchestration import get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.runtime import flow_run
from prefect.states import Crashed

from stagecraft.cache.sessions import session
from stagecraft.files.home import Home
from stagecraft.names import Names


@contextmanager
def crashing(home: Home) -> Iterator[None]:
    """Have Prefect told that this flow run has crashed, if its process dies before it can say so itself.

    To be entered before anything that may take time or fail, such as reaching MLflow.
    """
    with session(home) as marked:
        marked.is_flow_run(str(flow_run.id))
        yield


def watch_for_runs_that_never_start(automations: Path, names: Names) -> None:
    """Have Prefect's server itself mark flow runs whose process died before it could be marked by a home.

    Args:
        automations: a file of some, the one for this, which is called after the project, among them.
    """
    name = f"{names.project} marks flow runs that never started"
    document = yaml.safe_load(automations.read_text(encoding="utf-8"))
    (wanted,) = [each for each in document["automations"] if each["name"] == name]
    with get_client(sync_client=True) as client:
        if not client.read_automations_by_name(name):
            client.create_automation(AutomationCore.model_validate(wanted))


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
