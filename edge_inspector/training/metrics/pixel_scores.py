"""Ranking metrics of pixels, over sets too large to keep: counts in equal bins of the logit (science.md §4.3).

Most pixels are clean and very sure to be: in bins of the probability itself nearly all would be ties.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.training.metrics.overlap import Mask
from edge_inspector.training.metrics.ranking import precision_of_counts, roc_of_counts

BINS = 2000
WIDEST_LOGIT = 14.0  # bins reach from minus to plus so much; beyond, a float32 near 1 can hardly tell
FALSE_SHARE_LIMIT = 0.3  # of the area under per-region overlap (Bergmann et al. 2020)


class PixelScores:
    """Takes pictures one by one; pixels of one bin (BINS of them) are taken for ties."""

    def __init__(self) -> None:
        self._defective = np.zeros(BINS)
        self._good = np.zeros(BINS)
        self._regions = np.zeros(BINS)  # each region's share of pixels in a bin, summed over the regions
        self._region_count = 0

    def add(self, probability: NDArray[np.float32], labelled: Mask, judged: Mask | None = None) -> None:
        """Count one picture: probability (h, w), label bool (h, w); unjudged pixels do not count.

        Raises ValueError if a probability is not finite.
        """
        if not np.isfinite(probability).all():
            raise ValueError("a probability that is not finite can not be ranked")
        bins = _bins(probability)
        judged = np.ones_like(labelled) if judged is None else judged
        self._defective += np.bincount(bins[labelled & judged], minlength=BINS)
        self._good += np.bincount(bins[~labelled & judged], minlength=BINS)
        count, regions = cv2.connectedComponents((labelled & judged).astype(np.uint8), connectivity=8)
        for region in range(1, count):
            inside = bins[regions == region]
            self._regions += np.bincount(inside, minlength=BINS) / inside.size
        self._region_count += count - 1

    def take_over(self, other: PixelScores) -> None:
        """Count all that another one has counted too."""
        self._defective += other._defective
        self._good += other._good
        self._regions += other._regions
        self._region_count += other._region_count

    def average_precision(self) -> float:
        """Step-wise, over all pixels."""
        return precision_of_counts(self._defective[::-1], self._good[::-1])

    def area_under_roc(self) -> float:
        """Over all pixels."""
        return roc_of_counts(self._defective[::-1], self._good[::-1])

    def area_under_per_region_overlap(self) -> float:
        """AUPRO: mean coverage of the labelled regions against the share of good pixels found, up to FALSE_SHARE_LIMIT,
        divided by it. Every region counts the same, however small."""
        if not self._region_count or not self._good.sum():
            raise ValueError("per-region overlap needs a labelled region and a good pixel")
        false_share = np.concatenate(([0.0], np.cumsum(self._good[::-1]) / self._good.sum()))
        coverage = np.concatenate(([0.0], np.cumsum(self._regions[::-1]) / self._region_count))
        return area_up_to(false_share, coverage, FALSE_SHARE_LIMIT)


def _bins(probability: NDArray[np.float32]) -> NDArray[np.int32]:
    """The bin of each pixel, 0 to BINS - 1, rising with its probability."""
    least = np.float32(1e-7)
    p = np.clip(probability, least, np.float32(1) - least)
    logit = np.log(p) - np.log1p(-p)
    return np.clip((logit / WIDEST_LOGIT + 1) * (BINS / 2), 0, BINS - 1).astype(np.int32)


def area_up_to(x: NDArray[np.float64], y: NDArray[np.float64], limit: float) -> float:
    """Area under a curve of rising x by trapezoids from 0 to `limit`, cut there by a straight line, divided by `limit`.

    >>> round(area_up_to(np.array([0.0, 0.2, 0.4]), np.array([0.0, 1.0, 1.0]), 0.3), 6)
    0.666667
    """
    inside = x <= limit
    last = float(np.interp(limit, x, y))
    return float(np.trapezoid(np.append(y[inside], last), np.append(x[inside], limit)) / limit)
