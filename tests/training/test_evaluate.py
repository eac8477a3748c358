from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.training.evaluate import Evaluation, view_score
from edge_inspector.training.part_scores import PartScores


def test_a_single_hot_pixel_scores_little() -> None:
    probability = np.zeros((32, 32), np.float32)
    probability[5, 5] = 1.0
    assert view_score(probability, 64) == pytest.approx(1 / 64, rel=1e-4)


def test_a_map_that_is_not_a_number_has_no_score() -> None:
    probability = np.zeros((32, 32), np.float32)
    probability[5, 5] = np.nan
    assert math.isnan(view_score(probability, 64))


def test_pictures_of_one_part_are_drawn_together_for_the_interval_of_dice() -> None:
    """Eight alike pictures of one part say no more than one: taken for independent, the interval would be much narrower."""
    alike = Evaluation(PartScores({}, {}), {f"p{k}": [0.1 * k] * 8 for k in range(10)})
    single = Evaluation(PartScores({}, {}), {f"p{k}": [0.1 * k] for k in range(10)})
    assert alike.dice_count == 80
    assert alike.mean_dice() == pytest.approx(single.mean_dice())
    apart = Evaluation(PartScores({}, {}), {f"p{k}-{n}": [0.1 * k] for k in range(10) for n in range(8)})
    assert apart.mean_dice()[0] == pytest.approx(0.45)
    assert apart.mean_dice()[2] - apart.mean_dice()[1] < 0.5 * (alike.mean_dice()[2] - alike.mean_dice()[1])
