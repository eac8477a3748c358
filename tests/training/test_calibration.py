"""From logits to probabilities by maximum likelihood: what made the labels is found again."""

from __future__ import annotations

import numpy as np
import pytest

from edge_inspector.training.calibration import SCALE_RANGE, fit_calibration


def test_calibration_finds_the_scale_and_bias_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, 40_000)
    target = (rng.random(40_000) < 1 / (1 + np.exp(-(0.5 * logits - 1.0)))).astype(np.float64)
    scale, bias = fit_calibration(logits, target, np.ones(40_000))
    assert scale == pytest.approx(0.5, abs=0.03)
    assert bias == pytest.approx(-1.0, abs=0.05)


def test_where_the_scale_is_kept_within_its_range_the_bias_is_the_best_for_it() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, 20_000)
    target = (rng.random(20_000) < 0.02).astype(np.float64)  # the logits say nothing: a scale of 0 would be best
    scale, bias = fit_calibration(logits, target, np.ones(20_000))
    assert scale == 0.2
    assert float((1 / (1 + np.exp(-(scale * logits + bias)))).mean()) == pytest.approx(target.mean(), rel=1e-3)


def test_with_one_class_alone_nothing_is_fitted() -> None:
    assert fit_calibration(np.array([1.0, 2.0]), np.zeros(2), np.ones(2)) == (1.0, 0.0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("middle", [0.0, 150.0, -900.0])
def test_no_other_scale_and_bias_explains_the_labels_better_however_far_the_classes_lie_apart(
    seed: int, middle: float
) -> None:
    rng = np.random.default_rng(seed)
    target = (rng.random(1500) < rng.uniform(0.005, 0.3)).astype(np.float64)
    logits = rng.normal(0, rng.uniform(0.5, 4), 1500) + target * rng.uniform(0, 25) - rng.uniform(0, 20) + middle
    weight = np.where(target > 0, 1.0, 100.0)

    def loss(scale: float, bias: float) -> float:
        mapped = scale * logits + bias
        return float((weight * (np.logaddexp(0, mapped) - target * mapped)).sum() / weight.sum())

    scale, bias = fit_calibration(logits, target, weight)
    scales = np.clip(scale * np.linspace(0.5, 2, 31), *SCALE_RANGE)
    cross = -bias / scale  # the logit that is even
    others = [loss(each, moved - each * cross) for each in scales for moved in np.linspace(-4, 4, 33)]
    assert loss(scale, bias) <= min(others) + 1e-9
