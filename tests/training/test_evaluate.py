from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.training.evaluate import view_score


def test_a_single_hot_pixel_scores_little() -> None:
    probability = np.zeros((32, 32), np.float32)
    probability[5, 5] = 1.0
    assert view_score(probability, 64) == pytest.approx(1 / 64, rel=1e-4)


def test_a_map_that_is_not_a_number_has_no_score() -> None:
    probability = np.zeros((32, 32), np.float32)
    probability[5, 5] = np.nan
    assert math.isnan(view_score(probability, 64))
