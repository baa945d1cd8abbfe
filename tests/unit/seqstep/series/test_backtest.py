"""The rolling origin: what is known where, and that nothing else is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import WindowError
from seqstep.series.backtest import COLUMNS, backtest, place_origins
from seqstep.series.baselines.last_value import LastValue
from seqstep.series.baselines.linear_ar import LinearAR
from seqstep.series.baselines.mean import Mean
from seqstep.series.forecaster import Fitted, forecast_next
from seqstep.settings.config import BacktestConfig

COUNTING = np.arange(100.0)
NOISE = np.random.default_rng(0).normal(size=100)


@dataclass(frozen=True)
class Spy:
    """Notes down every history that it is fitted on, and forecasts its seed."""

    histories: list[np.ndarray] = field(default_factory=list)
    is_random = True

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        self.histories.append(history)
        return Told(seed, len(horizons))


@dataclass(frozen=True)
class Told:
    value: float
    horizons: int
    context = 0
    parameters = 0

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        return np.full((len(contexts), self.horizons), self.value)


@dataclass(frozen=True)
class Memory:
    """Looks the last values up in what it was fitted on and tells what followed: perfect, if that leaks."""

    is_random = False

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        return Remembered(history, tuple(horizons))


@dataclass(frozen=True)
class Remembered:
    history: np.ndarray
    horizons: tuple[int, ...]
    context = 3
    parameters = 0

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(self.history, 3)[: -max(self.horizons)]
        ends = [int(np.abs(windows - context).sum(axis=1).argmin()) + 2 for context in contexts]
        return self.history[np.array(ends)[:, None] + np.array(self.horizons)]


def rmse(table: pd.DataFrame) -> float:
    return float(((table["forecast"] - table["actual"]) ** 2).mean() ** 0.5)


def test_the_table_by_hand() -> None:
    config = BacktestConfig(start_share=0.5, stride=2, seeds=(4, 5))
    table = backtest("last", LastValue(), np.array([1.0, 2, 3, 5, 8, 13, 21, 34]), (1, 2), config)
    assert table.columns.tolist() == list(COLUMNS)
    assert table.to_numpy().tolist() == [
        ["last", 4, 4, 1, 5.0, 8.0],
        ["last", 4, 4, 2, 5.0, 13.0],
        ["last", 4, 6, 1, 13.0, 21.0],
        ["last", 4, 6, 2, 13.0, 34.0],
    ]


@given(st.integers(1, 40), st.integers(0, 30), st.integers(1, 5))
def test_every_origin_forecasts_as_if_it_stood_alone(stride: int, refit: int, horizon: int) -> None:
    config = BacktestConfig(start_share=0.3, stride=stride, refit_every=refit)
    table = backtest("ar", LinearAR(2, "recursive"), NOISE, [horizon], config)
    for number, row in enumerate(table.itertuples()):
        first = table["origin"].iloc[number - number % refit if refit else 0]
        fitted = LinearAR(2, "recursive").fit(NOISE[:first], [horizon], 0)
        assert row.forecast == pytest.approx(forecast_next(fitted, NOISE[: row.origin])[0])
        assert row.actual == NOISE[row.origin + horizon - 1]


@pytest.mark.parametrize("train_points", [0, 25])
@pytest.mark.parametrize("refit", [0, 1, 7])
def test_a_model_is_fitted_on_what_is_known_at_the_first_origin_of_its_block(
    refit: int, train_points: int
) -> None:
    config = BacktestConfig(refit_every=refit, train_points=train_points, stride=3, seeds=(0,))
    table, spy = place_origins(100, [1, 4], config), Spy()
    backtest("spy", spy, COUNTING, [1, 4], config)
    firsts = table[:: refit or len(table)]
    assert [history[-1] for history in spy.histories] == [first - 1 for first in firsts]
    assert [len(history) for history in spy.histories] == [train_points or first for first in firsts]


def test_a_random_model_runs_with_every_seed_and_another_with_the_first() -> None:
    config = BacktestConfig(seeds=(3, 1, 2))
    random = backtest("spy", Spy(), NOISE, [1], config)
    assert random["seed"].unique().tolist() == random["forecast"].unique().tolist() == [3, 1, 2]
    assert backtest("mean", Mean(), NOISE, [1], config)["seed"].unique().tolist() == [3]


@pytest.mark.parametrize("refit", [0, 1, 9])
@pytest.mark.parametrize("train_points", [0, 30])
def test_a_model_that_knows_all_it_has_seen_by_heart_finds_no_answer_there(
    refit: int, train_points: int
) -> None:
    horizons = (1, 4)
    leaked = Memory().fit(NOISE, horizons, 0).forecast(np.array([NOISE[77:80], NOISE[50:53]]))
    assert leaked.tolist() == [[NOISE[80], NOISE[83]], [NOISE[53], NOISE[56]]]
    config = BacktestConfig(refit_every=refit, train_points=train_points)
    table = backtest("memory", Memory(), NOISE, horizons, config)
    assert (table["forecast"] != table["actual"]).all()
    assert rmse(table) > NOISE.std()


def test_a_mean_of_all_data_would_be_better_and_is_not_ours() -> None:
    risen = NOISE + np.where(np.arange(100) < 70, 0, 10)
    table = backtest("mean", Mean(), risen, [1], BacktestConfig())
    leaked = table.assign(forecast=risen.mean())
    assert table["forecast"].tolist() == pytest.approx([risen[:60].mean()] * 40)
    assert rmse(leaked) < rmse(table)


def test_many_origins_are_forecast_in_parts_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = backtest("ar", LinearAR(3, "direct"), NOISE, (1, 5), BacktestConfig())
    monkeypatch.setattr("seqstep.series.backtest._AT_ONCE", 7)
    pd.testing.assert_frame_equal(
        whole, backtest("ar", LinearAR(3, "direct"), NOISE, (1, 5), BacktestConfig())
    )


@pytest.mark.parametrize(
    ("changes", "horizons", "got"),
    [
        ({}, [41], "got 0: 100 values, the first origin at 60"),
        ({}, [40], "got 1:"),
        ({"stride": 40}, [1], "got 1: .* a stride of 40"),
        ({}, [0, 1], r"horizons \(0, 1\)"),
        ({"start_share": 0.001}, [1], "first origin at 0"),
    ],
)
def test_horizons_beyond_the_folds_and_a_single_fold_are_refused(
    changes: dict[str, float], horizons: list[int], got: str
) -> None:
    with pytest.raises(WindowError, match=f"at least 2 origins .*{got}.*lower backtest"):
        backtest("last", LastValue(), COUNTING, horizons, BacktestConfig.model_validate(changes))


@dataclass(frozen=True)
class Hasty(Memory):
    """Accepts any history."""

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        return Remembered(COUNTING, tuple(horizons))


def test_a_context_longer_than_what_is_known_is_refused() -> None:
    with pytest.raises(WindowError, match="expected 3 known values to forecast from, got 2"):
        backtest("hasty", Hasty(), COUNTING[:10], [1], BacktestConfig(start_share=0.2))
