"""Prefect's own application, behind the guard."""

from collections.abc import Iterable

from prefect.server.api.server import create_app
from prefect.settings import get_current_settings
from starlette.applications import Starlette
from starlette.routing import Mount, Router

from stagecraft.servers.guard import Guard, listed

# What FastAPI calls them.
_MANUAL = {"openapi", "swagger_ui_html", "swagger_ui_redirect", "redoc_html"}


def guarded_app(names: Iterable[str], is_temporary: bool) -> Guard:
    """Make the application of a server.

    The pages that a user lists in Prefect's own setting, PREFECT_SERVER_CORS_ALLOWED_ORIGINS, may use it too.

    Args:
        names: of this machine, as URLs have them.
        is_temporary: it ends with a run, and has no pages.
    """
    origins = listed(get_current_settings().server.api.cors_allowed_origins)
    app = create_app(ephemeral=is_temporary, final=True)
    _drop_manual(app.router)
    return Guard(app, names, origins)


def _drop_manual(router: Router) -> None:
    """Leave out the pages about the API: they ask for no token, and load scripts from elsewhere."""
    router.routes[:] = [route for route in router.routes if getattr(route, "name", "") not in _MANUAL]
    for route in router.routes:
        if isinstance(route, Mount) and isinstance(route.app, Starlette):
            _drop_manual(route.app.router)
