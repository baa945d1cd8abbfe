"""After an edit a run gives what a fresh home gives, or refuses, or said that it keeps nothing."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from random import Random

import pytest

from tests.soak.keys.market.case import Case
from tests.soak.keys.market.families import FAMILIES, declared, plain
from tests.soak.keys.market.trial import Trial, Tried

#: how many variants of each kind are tried
MOST = {"effects": 20, "readings": 8, "data files": 15, "others": 2, "settings": 1, "results": 1}
#: blocks that are plain Python, in which nothing is to be refused and all is kept
PLAIN = (
    *("function", "constant", "constant by another", "helper of a helper", "default", "method", "override"),
    *("class attribute", "super chain", "property", "decorator", "closure", "dataclass", "named tuple"),
    *("pydantic default", "enum", "less than used by sorted", "enter", "sorted by a key", "recursion"),
)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with Trial(tmp_path_factory.mktemp("trial")) as made:
        yield made


@cache
def _chosen(family: str) -> dict[str, list[Case]]:
    """Draw cases of a family, by kind, always the same ones."""
    draw = Random(0)
    return {kind.name: kind.some(MOST[family], draw) for kind in FAMILIES[family]()}


def _possible(case: Case) -> bool:
    return not case.needs or shutil.which(case.needs) is not None


def _check(tried: list[Tried], tell: Callable[[str], None], name: str) -> None:
    wrong = [f"{one.case.name}: {one.verdict}: {one.said}" for one in tried if one.is_wrong]
    counts = Counter(one.verdict for one in tried)
    tell(f"{name}: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}")
    assert wrong == []


@pytest.mark.thorough
@pytest.mark.parametrize("family", FAMILIES)
def test_a_few_edits_leave_no_stale_value(trial: Trial, tell: Callable[[str], None], family: str) -> None:
    kinds = list(_chosen(family).values())
    sample = [cases[0] for cases in kinds[:: max(1, len(kinds) // 15)]]
    _check(trial.every(filter(_possible, sample)), tell, family)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("family", "kind"), [(family, kind.name) for family in FAMILIES for kind in FAMILIES[family]()]
)
def test_no_edit_leaves_a_stale_value(
    trial: Trial, tell: Callable[[str], None], family: str, kind: str
) -> None:
    if not all(map(_possible, cases := _chosen(family)[kind])):
        pytest.skip(f"{cases[0].needs} is not there, which this needs")
    _check(trial.every(cases), tell, f"{family}, {kind}")


@pytest.mark.thorough
def test_what_is_declared_is_kept_and_runs_again_when_it_is_edited(trial: Trial) -> None:
    tried = trial.every(filter(_possible, declared()))
    assert [f"{one.case.name}: {one.verdict}: {one.said}" for one in tried if one.verdict != "right"] == []


@pytest.mark.thorough
def test_plain_code_is_kept_and_runs_again_when_it_is_edited(trial: Trial) -> None:
    tried = trial.every(plain(PLAIN, "method of another module"))
    assert [f"{one.case.name}: {one.verdict}: {one.said}" for one in tried if one.verdict != "right"] == []


@pytest.mark.thorough
def test_a_comment_runs_nothing_again(trial: Trial) -> None:
    tried = trial.every(plain(PLAIN, "comment"))
    assert [f"{one.case.name}: {one.said}" for one in tried if one.verdict != "dull" or one.ran] == []
