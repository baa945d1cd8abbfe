import pandas as pd

from seqstep.contest.board import chance_board, coverage_board, forecast_board, language_board


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
    board = forecast_board(errors)
    assert board.columns.tolist() == ["model", "1 step ahead", "16 steps ahead", "parameters", "the notes"]
    assert board.loc[0].tolist() == [
        "mlp_recursive",
        "★ 0.25 (0.2 to 0.3)",
        "0.9 (0.8 to 1)",
        193,
        "0.251, 1 step",
    ]
    assert board.loc[1].tolist() == ["mean", "0.7 (0.6 to 0.8)", "★ 0.75 (0.7 to 0.8)", 1, "–"]


def test_a_difference_stands_beside_its_p_value() -> None:
    tests = pd.DataFrame(
        {
            "model": ["mean", "gru", "ar"],
            "horizon": 4,
            "baseline": "mean",
            "difference": [0.0, -0.0123, 0.5],
            "p_value": [float("nan"), 0.0421, 1e-9],
        }
    )
    assert chance_board(tests)["4 steps ahead"].tolist() == [
        "best baseline",
        "−0.0123, p = 0.042",
        "+0.5, p < 0.001",
    ]


def test_coverage_is_the_mean_over_seeds() -> None:
    coverage = pd.DataFrame(
        {"model": "gru", "seed": [0, 1], "horizon": 1, "coverage": [0.8, 0.9], "width": [1.0, 2.0]}
    )
    assert coverage_board(coverage)["1 step ahead"].tolist() == ["85.0%, 1.5 wide"]


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
    board = language_board(table)
    assert board["perplexity"].tolist() == ["★ 5.2 (5 to 5.4)", "10.4 (10 to 11)"]
    assert board["times the best"].tolist() == ["", "2 (1.9 to 2.1)"]
    assert board["the notes"].iloc[1] == 1.0213 and pd.isna(board["the notes"].iloc[0])
