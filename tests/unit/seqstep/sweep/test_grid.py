import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import ConfigError
from seqstep.sweep.grid import assignments, points, read_grid


def test_a_grid_has_every_combination_once_the_last_setting_varying_fastest() -> None:
    grid = read_grid(["rnn.hidden=128, 256", "seed=0,1,2"])
    assert [assignments(point) for point in points(grid)] == [
        ["rnn.hidden=128", "seed=0"],
        ["rnn.hidden=128", "seed=1"],
        ["rnn.hidden=128", "seed=2"],
        ["rnn.hidden=256", "seed=0"],
        ["rnn.hidden=256", "seed=1"],
        ["rnn.hidden=256", "seed=2"],
    ]


def test_semicolons_part_values_that_hold_commas() -> None:
    assert read_grid(["forecast.horizons=1,4;1,16"]) == {"forecast.horizons": ("1,4", "1,16")}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["rnn.hidden"], "expected KEY=V1,V2,…, such as rnn.hidden=128,256,512, got 'rnn.hidden'"),
        (["=1,2"], "got '=1,2'"),
        (["rnn.hidden="], "expected values of rnn.hidden"),
        (["rnn.hidden=, ,"], "got none"),
        (["seed=0,1,0"], "expected each value of seed once, got 0 2 times"),
        (["seed=0", "seed=1"], "expected seed in the grid once"),
    ],
)
def test_a_grid_that_means_nothing_is_refused_in_words(texts: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("…", ".")):
        read_grid(texts)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,5}\.[a-z]{1,5}", fullmatch=True),
        st.lists(st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True), min_size=1, max_size=4, unique=True),
        max_size=4,
    )
)
def test_points_are_all_different_and_as_many_as_the_product_of_the_values(
    grid: dict[str, list[str]],
) -> None:
    count = 1
    for values in grid.values():
        count *= len(values)
    made = list(points(read_grid([f"{name}={','.join(values)}" for name, values in grid.items()])))
    assert len({tuple(point.items()) for point in made}) == len(made) == count
    assert all(point[name] in values for point in made for name, values in grid.items())
