"""A graph that does not say what PyTorch says becomes no package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingStoppedError
from edge_inspector.station.engine_manifest import ParityLimits, ScaleRange
from edge_inspector.training.package import GOLDEN_TRIES, EngineSheet, clear_of_cut, refuse_wrong_export

SHEET = EngineSheet(
    defect="spot",
    colour="red",
    mm_per_px=ScaleRange(min=0.1, max=0.1),
    smallest_defect_px=9,
    seed=1,
    training_digest="0" * 64,
    command="none",
    validation_words="made up",
    test_words="made up",
)
BF16 = replace(SHEET, parity=ParityLimits(max_abs_diff=0.2, max_crossing_share=1e-3))


def spot(probability: float, side: int = 6) -> NDArray[np.float32]:
    probabilities = np.zeros((32, 64), np.float32)
    probabilities[8 : 8 + side, 8 : 8 + side] = probability
    return probabilities


def test_a_graph_within_its_precision_is_taken_and_one_just_beyond_is_not() -> None:
    refuse_wrong_export(Path("spot"), spot(0.5), spot(0.51), SHEET, "f32")
    refuse_wrong_export(Path("spot"), spot(0.5, side=1), spot(0.63, side=1), BF16, "bf16")
    with pytest.raises(TrainingStoppedError, match=r"in bf16: a pixel of a golden picture by 0\.16, 0\.15 is allowed"):
        refuse_wrong_export(Path("spot"), spot(0.5, side=1), spot(0.66, side=1), BF16, "bf16")


def test_a_pixel_that_is_far_off_is_refused_in_f32_though_bf16_may_be_so_far() -> None:
    with pytest.raises(TrainingStoppedError, match=r"in f32: a pixel of a golden picture by 0\.13, 0\.0375 is allowed"):
        refuse_wrong_export(Path("spot"), spot(0.5, side=1), spot(0.63, side=1), BF16, "f32")


def test_a_score_that_is_off_is_refused_though_no_pixel_is_far_off() -> None:
    with pytest.raises(
        TrainingStoppedError, match=r"the score of a golden picture by 0\.02, 0\.015 is allowed, so no package"
    ):
        refuse_wrong_export(Path("spot"), spot(0.5), spot(0.52), SHEET, "f32")


def test_doubtful_pixels_that_are_off_together_are_refused_though_no_pixel_and_no_score_is_far_off() -> None:
    sure = spot(1.0)
    expected, actual = sure.copy(), sure.copy()
    expected[20:26, 8:14], actual[20:26, 8:14] = 0.2, 0.178
    with pytest.raises(TrainingStoppedError, match=r"doubtful pixels' mean log-odds of a golden picture by 0\.1\d+, 0\.09"):
        refuse_wrong_export(Path("spot"), actual, expected, SHEET, "f32")
    actual[20:26, 8:14] = 0.19
    refuse_wrong_export(Path("spot"), actual, expected, SHEET, "f32")


def test_a_map_of_nans_is_refused() -> None:
    with pytest.raises(TrainingStoppedError, match="by nan"):
        refuse_wrong_export(Path("spot"), spot(float("nan")), spot(0.5), SHEET, "f32")


def test_golden_pictures_near_the_cut_are_passed_over_while_there_are_others() -> None:
    scores = {1: 0.30, 2: 0.31, 3: 0.29, 4: 0.9, 5: 0.1}
    assert clear_of_cut([1, 2, 3, 4, 5], 2, scores.__getitem__, cut=0.3) == [4, 5]
    assert clear_of_cut([1, 2, 3, 4], 2, scores.__getitem__, cut=0.3) == [4, 1]
    assert clear_of_cut([1, 2], 2, scores.__getitem__, cut=0.3) == [1, 2]
    assert clear_of_cut([4], 2, scores.__getitem__, cut=0.3) == [4]


def test_no_more_pictures_are_scored_than_are_needed() -> None:
    scored: list[int] = []

    def score_of(picture: int) -> float:
        scored.append(picture)
        return 0.9 if picture < 2 else 0.3

    clear_of_cut(list(range(100)), 2, score_of, cut=0.3)
    assert scored == [0, 1]
    clear_of_cut(list(range(2, 100)), 2, score_of, cut=0.3)
    assert len(scored) == 2 + GOLDEN_TRIES
