import math

import pandas as pd
import pytest

from seqstep.report.model_tables import (
    tabulate_chance,
    tabulate_coverage,
    tabulate_forecast,
    tabulate_language,
)


def test_the_best_forecast_of_each_horizon_is_marked() -> None:
    errors = pd.DataFrame(
        {
            "model": ["mlp_recursive", "mlp_recursive", "mean", "mean"],
            "horizon": [1, 16, 1, 16],
            "rmse_all": [0.25, 0.9, 0.7, 0.75],
            "rmse_lower": [0.2, 0.8, 0.6, 0.7],
            "rmse_upper": [0.3, 1.0, 0.8, 0.8],
            "parameters": [193, 193, 1, 1],
        }
    )
    layout = tabulate_forecast(errors)
    assert layout.columns.tolist() == ["model", "1 step ahead", "16 steps ahead", "parameters", "the notes"]
    assert layout.loc[0].tolist() == [
        "mlp_recursive",
        "★ 0.250 (0.200–0.300)",
        "0.900 (0.800–1.00)",
        193,
        "0.251, 1 step",
    ]
    assert layout.loc[1].tolist() == ["mean", "0.700 (0.600–0.800)", "★ 0.750 (0.700–0.800)", 1, "–"]


def test_a_difference_stands_beside_its_p_value() -> None:
    tests = pd.DataFrame(
        {
            "model": ["mean", "gru", "ar", "last"],
            "horizon": 4,
            "baseline": "mean",
            "difference": [0.0, -0.0123, 0.5, 0.0],
            "p_value": [float("nan"), 0.0421, 1e-9, float("nan")],
        }
    )
    assert tabulate_chance(tests)["4 steps ahead"].tolist() == [
        "best baseline",
        "−0.0123, p = 0.042",
        "+0.500, p < 0.001",
        "the same",
    ]


def test_coverage_is_the_mean_over_seeds() -> None:
    coverage = pd.DataFrame(
        {"model": "gru", "seed": [0, 1], "horizon": 1, "coverage": [0.8, 0.9], "width": [1.0, 2.0]}
    )
    assert tabulate_coverage(coverage)["1 step ahead"].tolist() == ["85.0%, 1.50 wide"]


def test_the_best_language_model_is_marked_and_the_notes_stand_beside() -> None:
    table = pd.DataFrame(
        {
            "model": ["kneser_ney", "rnn"],
            "perplexity": [5.2, 10.4],
            "lower": [5.0, 10.0],
            "upper": [5.4, 11.0],
            "bits_per_char": [2.38, 3.38],
            "ratio": [1.0, 2.0],
            "ratio_lower": [1.0, 1.9],
            "ratio_upper": [1.0, 2.1],
            "order": [6, None],
            "parameters": [100, 200],
            "train_perplexity": [1.8, 1.02],
        }
    )
    layout = tabulate_language(table)
    assert layout["perplexity"].tolist() == ["★ 5.20 (5.00–5.40)", "10.4 (10.0–11.0)"]
    assert layout["× the best"].tolist() == ["", "2.00 (1.90–2.10)"]
    assert layout["the notes"].iloc[1] == 1.0213 and pd.isna(layout["the notes"].iloc[0])
    assert "the notes" not in tabulate_language(table[:1])


def test_figures_have_three_digits_and_thousands_are_whole() -> None:
    errors = pd.DataFrame(
        {"model": ["a", "b"], "horizon": 1, "rmse_all": [123.4, 4321.4], "rmse_lower": [100.0, 999.4]}
    ).assign(rmse_upper=[1000.0, 5e4], parameters=1)
    assert tabulate_forecast(errors)["1 step ahead"].tolist() == ["★ 123 (100–1,000)", "4,321 (999–50,000)"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(999.4, "999"), (999.5, "1,000"), (999.6, "1,000"), (99.96, "100"), (math.inf, "inf")],
)
def test_a_figure_that_rounds_to_a_thousand_is_written_as_one(value: float, text: str) -> None:
    errors = pd.DataFrame({"model": ["a"], "horizon": 1, "rmse_all": value, "rmse_lower": 1.0})
    layout = tabulate_forecast(errors.assign(rmse_upper=1.0, parameters=1))
    assert layout["1 step ahead"].tolist() == [f"★ {text} (1.00–1.00)"]
