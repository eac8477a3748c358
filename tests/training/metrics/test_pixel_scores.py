"""Pixel metrics in bins: against all pixels at once, and AUPRO against a walk over every threshold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage

from edge_inspector.training.metrics.pixel_scores import BINS, PixelScores
from edge_inspector.training.metrics.ranking import area_under_roc, average_precision

RNG = np.random.default_rng(4)


def picture(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labelled = ndimage.binary_dilation(rng.random((24, 30)) > 0.985, iterations=2)
    bins = np.clip(rng.normal(300 + 300 * labelled, 180), 0, BINS - 1).astype(int) // 20 * 20
    return ((bins + 0.5) / BINS).astype(np.float32), labelled


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
