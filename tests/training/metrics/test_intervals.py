"""What few parts can show."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.training.metrics.intervals import bootstrap_interval, parts_needed, proportion_interval


@pytest.mark.parametrize(
    ("miss_rate", "needed"),
    [(0.1, (29, 46, 61, 76)), (0.05, (59, 93, 124, 153)), (0.02, (149, 236, 313, 386)), (0.01, (299, 473, 628, 773))],
)
def test_parts_needed_are_those_of_the_table(miss_rate: float, needed: tuple[int, ...]) -> None:
    assert tuple(parts_needed(miss_rate, misses) for misses in range(4)) == needed


def test_no_miss_of_n_is_bounded_on_one_side_only() -> None:
    low, high = proportion_interval(0, 300)
    assert low == 0
    assert high == pytest.approx(1 - 0.05 ** (1 / 300))
    assert proportion_interval(300, 300) == (pytest.approx(0.05 ** (1 / 300)), 1.0)


def test_the_exact_interval_holds_the_truth_at_least_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    counts = rng.binomial(40, 0.1, 2000)
    ends = {int(k): proportion_interval(int(k), 40) for k in np.unique(counts)}
    assert np.mean([ends[int(k)][0] <= 0.1 <= ends[int(k)][1] for k in counts]) >= 0.945


def test_the_bootstrap_of_a_mean_is_about_two_standard_errors_wide() -> None:
    values = np.random.default_rng(1).normal(3, 1, 400)
    low, high = bootstrap_interval(list(values), lambda drawn: float(values[drawn].mean()))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / math.sqrt(400), rel=0.1)


def test_views_of_one_part_are_drawn_together() -> None:
    parts = [[0.0, 0.0], [1.0, 1.0]]  # two parts that never mix: a mean is 0, 0.5 or 1
    seen = set[float]()

    def mean(drawn: np.ndarray) -> float:
        seen.add(float(np.mean([parts[i] for i in drawn])))
        return max(seen)

    bootstrap_interval(parts, mean, draws=50)
    assert seen == {0.0, 0.5, 1.0}


def test_draws_without_a_value_are_left_out() -> None:
    assert all(math.isnan(end) for end in bootstrap_interval([1, 2], lambda drawn: math.nan, draws=5))
