"""The figure that a stage is shown with: on what trained nothing, and said so."""

import pytest

import tasks
from stagecraft.pipeline.stage import Stage

TESTED = {"language/rnn/train_perplexity": 1.02, "language/rnn/test_perplexity": 7.284}


@pytest.mark.parametrize(
    ("stage", "metrics", "figure"),
    [
        (
            tasks.evaluate_language,
            {**TESTED, "language/laplace_trigram/test_perplexity": 5.94},
            "on unseen text: perplexity 7.284, the trigram's 5.94",
        ),
        (tasks.evaluate_language, {"language/rnn/train_perplexity": 1.02}, "no text was left to test on"),
        (
            tasks.evaluate_forecasts,
            {"forecast/mlp/rmse_k004": 22.0, "forecast/mlp/rmse_valid_k004": 41.8},
            "on unseen values: RMSE k004 41.8",
        ),
        (tasks.evaluate_forecasts, {"forecast/mlp/rmse_k064": 22.0}, "no values were left to test on"),
        (tasks.train_rnn, {"train/perplexity": 1.0213}, "training perplexity 1.021"),
        (tasks.train_rnn_scratch, {"train/perplexity": 1.0247}, "training perplexity 1.025"),
    ],
)
def test_what_is_shown_first_was_measured_on_what_trained_nothing(
    stage: Stage, metrics: dict[str, float], figure: str
) -> None:
    assert stage.figure(metrics) == figure
