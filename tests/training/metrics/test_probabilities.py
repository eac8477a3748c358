"""Calibration: what a slow loop over bins says."""

from __future__ import annotations

import numpy as np
import pytest

from edge_inspector.training.metrics.probabilities import brier_score, expected_calibration_error


def test_the_error_is_that_of_a_loop_over_sorted_bins() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(301)
    y = rng.random(301) < p**2
    pairs = sorted(zip(p, y, strict=True))
    sizes = [21] + [20] * 14  # as even as 301 goes into 15
    total, start = 0.0, 0
    for size in sizes:
        inside = pairs[start : start + size]
        total += size * abs(sum(a for a, _ in inside) / size - sum(b for _, b in inside) / size)
        start += size
    assert expected_calibration_error(p, y) == pytest.approx(total / 301)


def test_probabilities_that_tell_the_truth_have_a_small_error_and_ones_that_boast_a_large_one() -> None:
    rng = np.random.default_rng(5)
    p = rng.random(20_000)
    y = rng.random(20_000) < p
    assert expected_calibration_error(p, y) < 0.02
    assert expected_calibration_error(np.clip(p * 2 - 0.5, 0, 1), y) > 0.1
    assert brier_score(p, y) < brier_score(np.clip(p * 2 - 0.5, 0, 1), y)


def test_the_order_of_equal_probabilities_says_nothing() -> None:
    p = np.full(30, 0.5)
    assert expected_calibration_error(p, [1] * 15 + [0] * 15) == pytest.approx(0)
    assert expected_calibration_error(p, [0, 1] * 15) == pytest.approx(0)
    assert expected_calibration_error(p, [1] * 30) == pytest.approx(0.5)


def test_scikit_learn_says_the_same_brier_score() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(6)
    p, y = rng.random(50), rng.random(50) < 0.4
    assert brier_score(p, y) == pytest.approx(metrics.brier_score_loss(y, p))


def test_fewer_numbers_than_bins_are_a_bin_each() -> None:
    assert expected_calibration_error([0.5, 1.0], [0, 1]) == 0.25
