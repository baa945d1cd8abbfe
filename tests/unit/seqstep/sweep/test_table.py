import math

import pytest

from seqstep.sweep.table import Ended, best_of, group_by_seeds, ranked, seeds_table, table_of


def point(number: int, figure: float | None) -> Ended:
    state = "failed" if figure is None else "completed"
    return Ended(
        number, {"rnn.hidden": 8 * number, "horizons": "1,4"}, state, figure, 1.23456, f"run{number}"
    )


POINTS = [
    point(0, 3.0),
    point(1, None),
    point(2, 1.0),
    point(3, math.nan),
    point(4, 7.0),
    point(5, 1.0),
    point(6, math.inf),
]


def test_the_best_point_comes_first_and_those_without_a_figure_last() -> None:
    assert [ended.number for ended in ranked(POINTS, maximize=False)] == [2, 5, 0, 4, 1, 3, 6]
    assert [ended.number for ended in ranked(POINTS, maximize=True)] == [4, 0, 2, 5, 1, 3, 6]


def test_the_best_of_points_that_failed_is_none() -> None:
    assert best_of(POINTS, maximize=True) == point(4, 7.0)
    assert best_of([point(0, None), point(1, math.nan)], maximize=False) is None
    assert best_of([], maximize=False) is None


def test_a_table_has_a_column_for_each_setting_and_a_row_for_each_point() -> None:
    table = table_of(POINTS[:2], "loss", maximize=False)
    assert list(table) == ["rnn.hidden", "horizons", "loss", "seconds", "state", "run_id", "reason"]
    assert table["loss"].iloc[0] == 3.0 and table["loss"].isna().sum() == 1
    assert list(table["state"]) == ["completed", "failed"] and list(table["horizons"]) == ["1,4", "1,4"]
    assert table.to_csv(index=False).splitlines()[1] == '0,"1,4",3.0,1.235,completed,run0,'


def seeded(number: int, hidden: int, seed: int, figure: float | None) -> Ended:
    state = "failed" if figure is None else "completed"
    assignments = (f"rnn.hidden={hidden}", f"seed={seed}")
    return Ended(number, {"rnn.hidden": hidden, "seed": seed}, state, figure, assignments=assignments)


def test_over_seeds_the_mean_decides_and_not_the_luckiest() -> None:
    lucky, steady = [(1, 5.0), (2, 1.0)], [(1, 2.0), (2, 2.5)]
    points = [seeded(seed, 8, seed, figure) for seed, figure in lucky]
    points += [seeded(2 + seed, 16, seed, figure) for seed, figure in steady]
    first, second = group_by_seeds(points, maximize=False)
    assert (first.settings, first.mean, first.assignments) == ({"rnn.hidden": 16}, 2.25, ("rnn.hidden=16",))
    assert (first.spread, second.mean) == (pytest.approx(0.5 / math.sqrt(2)), 3.0)
    assert [group.settings["rnn.hidden"] for group in group_by_seeds(points, maximize=True)] == [8, 16]
    table = seeds_table([first, second], "loss")
    assert list(table) == ["rnn.hidden", "loss", "spread", "seeds"] and table["seeds"].tolist() == [2, 2]


def test_seeds_of_which_one_failed_have_no_mean_and_come_last() -> None:
    points = [seeded(0, 8, 0, 1.0), seeded(1, 8, 1, None), seeded(2, 16, 0, 9.0), seeded(3, 4, 0, math.inf)]
    groups = group_by_seeds(points, maximize=False)
    assert [(group.settings["rnn.hidden"], group.mean, group.spread) for group in groups] == [
        (16, 9.0, None),
        (8, None, None),
        (4, None, None),
    ]
    assert group_by_seeds(POINTS, maximize=False) == []
    assert (
        group_by_seeds([seeded(0, 8, 3, 1.0), seeded(1, 16, 3, 2.0)], maximize=False) == []
    )  # one seed for all
