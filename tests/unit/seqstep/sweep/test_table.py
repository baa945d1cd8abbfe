import math

from seqstep.sweep.table import Ended, best_of, ranked, table_of


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
