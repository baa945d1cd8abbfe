import pytest


@pytest.fixture(scope="module", autouse=True)
def trains_on_one_thread(one_thread: None) -> None:
    """Ask for the fixture in every module of this folder."""
