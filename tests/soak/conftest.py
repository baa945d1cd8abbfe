"""What the long tests share: they say what they counted."""

from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print something that is seen whether tests fail or not."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def print_it(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{text}")  # noqa: T201

    return print_it
