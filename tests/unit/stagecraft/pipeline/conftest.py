"""The graph of the project that nothing imports."""

from collections.abc import Callable

import pytest

from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Trace


@pytest.fixture
def trace(project: Callable[[str], Stage]) -> Trace:
    trace = Trace()
    made = trace(project("begin"))
    used = trace(project("middle"), made.left, right=made.right)
    trace(project("apart"))
    trace(project("end"), used.left, made.right, size=5)
    return trace
