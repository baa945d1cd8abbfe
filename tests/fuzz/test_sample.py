"""Whatever a user types, sets or names: a clear line, an exit status that is documented, and nothing raw.

A fixed sample; `make soak ROOM=doors` tries all.
"""

import os

import pytest

from tests.fuzz.case import FAMILIES, case
from tests.fuzz.doors import Doors, doors  # noqa: F401  (a fixture)

#: how many of each kind
SAMPLE = {"command line": 150, "settings": 30, "series": 60, "text": 5, "environment": 3}


def test_a_case_is_the_same_whenever_it_is_made() -> None:
    assert SAMPLE.keys() == FAMILIES.keys()
    for family in FAMILIES:
        assert case(f"{family} 3") == case(f"{family} 3") != case(f"{family} 4")


@pytest.mark.thorough
@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_comes_in_the_way_out_is_clear(doors: Doors, family: str) -> None:  # noqa: F811
    asked = os.environ.get("DOORS", "").split(",")
    mine = [name.strip() for name in asked if name.strip().startswith(f"{family} ")]
    names = mine or [f"{family} {number}" for number in range(0 if asked != [""] else SAMPLE[family])]
    failed = doors.attempt(names)
    assert not failed, "\n\n".join([f"{len(failed)} of {len(names)}", *failed])
