"""What few parts can show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from edge_inspector.training.metrics.intervals import bootstrap_interval, parts_needed, proportion_interval, upper_bound


@pytest.mark.parametrize(
    ("miss_rate", "needed"),
    [(0.1, (29, 46, 61, 76)), (0.05, (59, 93, 124, 153)), (0.02, (149, 236, 313, 386)), (0.01, (299, 473, 628, 773))],
)
def test_parts_needed_are_those_of_the_table(miss_rate: float, needed: tuple[int, ...]) -> None:
    assert tuple(parts_needed(miss_rate, misses) for misses in range(4)) == needed


def test_the_interval_of_none_and_all_is_two_sided_as_any_other() -> None:
    assert proportion_interval(0, 50) == (0.0, pytest.approx(0.0711, abs=5e-5))
    assert proportion_interval(50, 50) == (pytest.approx(1 - 0.0711, abs=5e-5), 1.0)


def test_no_miss_of_n_is_bounded_by_the_rule_of_three() -> None:
    assert upper_bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert upper_bound(300, 300) == 1.0
    assert upper_bound(1, 93) <= 0.05 < upper_bound(1, 92)


@pytest.mark.parametrize("n", [1, 7, 50, 300])
def test_interval_and_bound_hold_every_truth_at_least_as_often_as_they_say(n: int) -> None:
    shares = np.linspace(0.001, 0.999, 500)
    of_count = binom.pmf(np.arange(n + 1)[:, None], n, shares)  # (n + 1, shares)
    ends = np.array([proportion_interval(count, n) for count in range(n + 1)])
    bounds = np.array([upper_bound(count, n) for count in range(n + 1)])
    is_inside = (ends[:, :1] <= shares) & (shares <= ends[:, 1:])
    assert (of_count * is_inside).sum(0).min() >= 0.95
    assert (of_count * (shares <= bounds[:, None])).sum(0).min() >= 0.95


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
