"""IoU and Dice: the published check values, and a slow count of pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_inspector.training.metrics.overlap import (
    Overlap,
    dice_of_defective,
    iou_of_defective,
    kaggle_dice,
    kaggle_dice_of_silence,
    macro_iou,
    overlap,
    pooled_iou,
    share_with_false_pixels,
    two_class_iou,
)

masks = arrays(np.bool_, (5, 6))


def square(row: int, column: int) -> np.ndarray:
    mask = np.zeros((40, 60), bool)
    mask[row : row + 10, column : column + 10] = True
    return mask


def test_two_shifted_squares_give_the_check_values() -> None:
    one = overlap(square(6, 7), square(5, 5))
    assert (one.both, one.union) == (72, 128)
    assert one.iou == 0.5625
    assert one.dice == pytest.approx(0.72)
    assert two_class_iou([one]) == pytest.approx(0.769223, abs=1e-6)


@given(masks, masks, masks)
def test_counts_are_those_of_a_walk_over_all_pixels(found: np.ndarray, labelled: np.ndarray, judged: np.ndarray) -> None:
    both = in_found = in_labelled = pixels = 0
    for f, y, counts in zip(found.flat, labelled.flat, judged.flat, strict=True):
        if counts:
            both, in_found, in_labelled, pixels = both + (f and y), in_found + bool(f), in_labelled + bool(y), pixels + 1
    assert overlap(found, labelled, judged) == Overlap(both, in_found, in_labelled, pixels)


def test_pooled_iou_weighs_large_defects_and_the_mean_of_defective_pictures_does_not() -> None:
    large, small = Overlap(900, 1000, 900, 5000), Overlap(0, 0, 10, 5000)
    assert pooled_iou([large, small]) == pytest.approx(900 / 1010)
    assert iou_of_defective([large, small]) == pytest.approx(0.45)
    assert dice_of_defective([large, small]) == pytest.approx(1800 / 1900 / 2)


def test_clean_pictures_do_not_enter_the_mean_of_defective_ones() -> None:
    assert iou_of_defective([Overlap(5, 10, 5, 99), Overlap(0, 7, 0, 99), Overlap(0, 0, 0, 99)]) == 0.5
    assert share_with_false_pixels([Overlap(5, 10, 5, 99), Overlap(0, 7, 0, 99), Overlap(0, 0, 0, 99)]) == 0.5


def test_nothing_found_where_nothing_is_has_no_iou() -> None:
    assert math.isnan(Overlap(0, 0, 0, 99).iou)
    assert math.isnan(pooled_iou([Overlap(0, 0, 0, 99)]))
    assert math.isnan(iou_of_defective([Overlap(0, 3, 0, 99)]))


def test_macro_iou_is_the_mean_of_the_defects_and_not_of_pixels() -> None:
    assert macro_iou({"crack": [Overlap(1, 1, 2, 99)], "stain": [Overlap(100, 100, 100, 999)]}) == 0.75


def test_silence_scores_high_where_most_pictures_are_clean() -> None:
    pairs = [Overlap(0, 0, 0, 99)] * 85 + [Overlap(0, 0, 9, 99)] * 15
    assert kaggle_dice(pairs) == kaggle_dice_of_silence(pairs) == 0.85


def test_masks_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="can not be compared"):
        overlap(np.zeros((3, 4), bool), np.zeros((4, 3), bool))


@given(st.lists(st.tuples(masks, masks), min_size=1, max_size=4))
def test_dice_follows_from_iou_in_every_picture(pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    for found, labelled in pairs:
        one = overlap(found, labelled)
        if one.union:
            assert one.dice == pytest.approx(2 * one.iou / (1 + one.iou))


@given(found=masks, labelled=masks)
def test_scikit_learn_and_pycocotools_say_the_same(found: np.ndarray, labelled: np.ndarray) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    coco = pytest.importorskip("pycocotools.mask")
    assume(labelled.any())  # of an empty label they say 0, science.md 4.1 says 1 if nothing is found either
    one = overlap(found, labelled)
    assert one.iou == pytest.approx(metrics.jaccard_score(labelled.ravel(), found.ravel(), zero_division=0))
    assert one.dice == pytest.approx(metrics.f1_score(labelled.ravel(), found.ravel(), zero_division=0))
    packed = [coco.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in (found, labelled)]
    assert one.iou == pytest.approx(float(coco.iou(packed[:1], packed[1:], [0])[0, 0]))


@given(found=masks, labelled=masks)
def test_the_mean_of_defect_and_background_is_scikit_learns_macro_average(found: np.ndarray, labelled: np.ndarray) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    assume(labelled.any() and not labelled.all())
    expected = metrics.jaccard_score(labelled.ravel(), found.ravel(), average="macro", zero_division=0)
    assert two_class_iou([overlap(found, labelled)]) == pytest.approx(expected)
