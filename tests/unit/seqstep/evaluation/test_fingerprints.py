"""Digests of what models are measured on, and the figures that count."""

import numpy as np
import pytest

from seqstep.evaluation.fingerprints import forecasts_digest, tokens_digest, unseen_measures

SERIES = np.arange(100.0)
TOKENS = list("the keeper kept the lamp")


def test_the_same_tokens_have_the_same_digest_and_all_others_another() -> None:
    same = tokens_digest(TOKENS, 23)
    assert same == tokens_digest(tuple(TOKENS), 23) and len(same) == 16
    others = [tokens_digest(TOKENS[1:], 23), tokens_digest([*TOKENS[:-1], "<unk>"], 23)]
    others += [tokens_digest(TOKENS, 24), tokens_digest("".join(TOKENS).split(), 23)]
    assert len({same, *others}) == 5
    assert tokens_digest([], 0) == ""


def test_forecasts_are_measured_on_the_same_if_the_values_after_training_and_the_reach_are() -> None:
    same = forecasts_digest(SERIES, 4, 60, (1, 16))
    earlier = SERIES.copy()
    earlier[10] += 1  # before the targets
    assert same == forecasts_digest(earlier, 4, 60, (4, 16))
    assert same == forecasts_digest(SERIES, 8, 60, (1, 16))
    later = SERIES.copy()
    later[70] += 1e-9
    others = [
        forecasts_digest(later, 4, 60, (1, 16)),
        forecasts_digest(SERIES, 4, 61, (1, 16)),
        forecasts_digest(SERIES, 4, 60, (1, 8)),
        forecasts_digest(SERIES, 50, 60, (1, 16)),  # the first target is 65
    ]
    assert same not in others


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (
            ["train_perplexity", "test_bits_per_char", "test_perplexity"],
            ["test_perplexity", "test_bits_per_char"],
        ),
        (
            ["rmse_k016", "mae_multistep", "rmse_valid_k001", "rmse_valid_k016"],
            ["rmse_valid_k016", "rmse_valid_k001"],
        ),
        (["train_perplexity", "rmse_k001"], []),
    ],
)
def test_only_figures_on_unseen_data_count_and_the_usual_one_comes_first(
    names: list[str], chosen: list[str]
) -> None:
    assert unseen_measures(names) == chosen
