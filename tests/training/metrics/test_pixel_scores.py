"""Pixel metrics in bins: against all pixels at once, and AUPRO against a walk over every threshold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage

from edge_inspector.training.metrics.pixel_scores import PixelScores
from edge_inspector.training.metrics.ranking import area_under_roc, average_precision

RNG = np.random.default_rng(4)


def picture(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labelled = ndimage.binary_dilation(rng.random((24, 30)) > 0.985, iterations=2)
    logit = np.clip(rng.normal(-6 + 6 * labelled, 3), -12, 12) // 0.14 * 0.14 + 0.07  # ten bins apart, so that none are ties
    return (1 / (1 + np.exp(-logit))).astype(np.float32), labelled


def test_binned_scores_rank_as_the_pixels_do() -> None:
    scores, pictures = PixelScores(), [picture(seed) for seed in range(3)]
    for probability, labelled in pictures:
        scores.add(probability, labelled)
    p = np.concatenate([each.ravel() for each, _ in pictures])
    y = np.concatenate([each.ravel() for _, each in pictures])
    assert scores.average_precision() == pytest.approx(average_precision(p, y))
    assert scores.area_under_roc() == pytest.approx(area_under_roc(p, y))


def test_per_region_overlap_is_the_area_of_a_walk_over_every_threshold() -> None:
    scores, pictures = PixelScores(), [picture(seed) for seed in range(3)]
    for probability, labelled in pictures:
        scores.add(probability, labelled)
    curve = [(0.0, 0.0)]
    for cut in sorted({value for p, _ in pictures for value in p.flat}, reverse=True):
        covered, false, good = [], 0, 0
        for probability, labelled in pictures:
            found = probability >= cut
            regions, count = ndimage.label(labelled, np.ones((3, 3)))
            covered += [found[regions == region].mean() for region in range(1, count + 1)]
            false, good = false + (found & ~labelled).sum(), good + (~labelled).sum()
        curve.append((false / good, float(np.mean(covered))))
    area = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(curve):
        if x0 >= 0.3:
            break
        end = min(x1, 0.3)
        y_end = y1 if x1 == x0 else y0 + (y1 - y0) * (end - x0) / (x1 - x0)
        area += (end - x0) * (y0 + y_end) / 2
    assert scores.area_under_per_region_overlap() == pytest.approx(area / 0.3)


def test_pixels_that_are_all_but_surely_clean_are_told_from_those_that_are_surer_still() -> None:
    labelled = np.zeros((10, 10), bool)
    labelled[0] = True
    probability = np.where(labelled, 2e-4, 1e-4).astype(np.float32)
    scores = PixelScores()
    scores.add(probability, labelled)
    assert scores.area_under_roc() == 1


def test_a_small_region_counts_as_much_as_a_large_one() -> None:
    labelled = np.zeros((40, 40), bool)
    labelled[2:4, 2:4] = labelled[10:38, 10:38] = True
    probability = np.where(labelled, 0.9, 0.1).astype(np.float32)
    probability[2:4, 2:4] = 0.05  # the small one is missed by every cut that spares a good pixel
    scores = PixelScores()
    scores.add(probability, labelled)
    assert scores.area_under_per_region_overlap() == pytest.approx(0.5 + 0.5 * 0.3 / 2, abs=0.08)
    assert scores.average_precision() > 0.99


def test_unjudged_pixels_do_not_count() -> None:
    probability, labelled = picture(1)
    judged = RNG.random(labelled.shape) > 0.4
    with_holes, plain = PixelScores(), PixelScores()
    with_holes.add(probability, labelled, judged)
    plain.add(probability[judged][None], labelled[judged][None])
    assert with_holes.average_precision() == plain.average_precision()


def test_a_probability_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        PixelScores().add(np.array([[np.nan]], np.float32), np.array([[True]]))


def test_without_a_region_there_is_no_overlap_to_speak_of() -> None:
    scores = PixelScores()
    scores.add(np.zeros((3, 3), np.float32), np.zeros((3, 3), bool))
    with pytest.raises(ValueError, match="labelled region"):
        scores.area_under_per_region_overlap()
