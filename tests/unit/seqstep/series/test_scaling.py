"""Scaling: standard on what it was fitted on, and back without loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.series.scaling import Scaling, resolve_scale
from seqstep.settings.config import Scale

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50).map(np.array)


@given(VALUES)
def test_the_inverse_brings_the_values_back(values: np.ndarray) -> None:
    scaling = Scaling.fit(values, "standard")
    single = 2 * np.finfo(np.float32).eps * np.abs(values - scaling.mean).max()  # models see float32
    assert scaling.invert(scaling.apply(values)) == pytest.approx(values, rel=1e-9, abs=single + 1e-9)


def test_scaled_training_values_have_mean_0_and_deviation_1() -> None:
    values = np.random.default_rng(0).normal(50, 7, (200, 3))
    scaled = Scaling.fit(values, "standard").apply(values)
    assert scaled.dtype == np.float32
    assert scaled.shape == values.shape
    assert (scaled.mean(), scaled.std()) == pytest.approx((0, 1), abs=1e-6)


def test_scaling_by_hand() -> None:
    scaling = Scaling.fit(np.array([1.0, 3.0]), "standard")
    assert (scaling.mean, scaling.std) == (2, 1)
    assert scaling.apply(np.array([4.0])).tolist() == [2]
    assert scaling.invert(np.array([2.0], dtype=np.float32)).dtype == np.float64


@given(st.floats(-1e6, 1e6), st.integers(1, 50))
def test_a_constant_series_is_only_shifted(value: float, steps: int) -> None:
    scaling = Scaling.fit(np.full(steps, value), "standard")
    assert scaling == Scaling(mean=value, std=1)


def test_a_deviation_too_small_for_floating_point_counts_as_none() -> None:
    assert Scaling.fit(np.array([0.0, 1e-200]), "standard").std == 1


@given(VALUES)
def test_none_leaves_the_values_as_they_are(values: np.ndarray) -> None:
    assert Scaling.fit(values, "none") == Scaling(mean=0, std=1)
    assert Scaling().apply(values).tolist() == values.astype(np.float32).tolist()


def test_a_scaling_is_saved_as_json_to_the_last_digit() -> None:
    scaling = Scaling.fit(np.array([0.1, 0.2, 0.7]), "standard")
    assert Scaling.model_validate_json(scaling.model_dump_json()) == scaling


@pytest.mark.parametrize(
    ("scale", "from_file", "expected"),
    [
        ("auto", True, "standard"),
        ("auto", False, "none"),
        ("none", True, "none"),
        ("standard", False, "standard"),
    ],
)
def test_auto_scales_files_and_leaves_the_sine(scale: Scale, from_file: bool, expected: str) -> None:
    assert resolve_scale(scale, from_file) == expected
