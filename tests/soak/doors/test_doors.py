"""Five thousand command lines, files and environments: nothing about them is unexpected."""

import pytest

from tests.fuzz.doors import Doors, doors  # noqa: F401  (a fixture)

#: how many of each kind
ALL = {"command line": 3600, "settings": 500, "series": 700, "text": 120, "environment": 80}
BLOCK = 100

pytestmark = pytest.mark.soak


@pytest.mark.parametrize(
    ("family", "first"),
    [(family, first) for family, count in ALL.items() for first in range(0, count, BLOCK)],
)
def test_whatever_comes_in_the_way_out_is_clear(doors: Doors, family: str, first: int) -> None:  # noqa: F811
    names = [f"{family} {number}" for number in range(first, min(first + BLOCK, ALL[family]))]
    failed = doors.attempt(names)
    assert not failed, "\n\n".join([f"{len(failed)} of {len(names)}", *failed])
