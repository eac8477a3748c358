"""Are probabilities what they say: Brier score and expected calibration error (science.md §4.7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

BINS = 15


def brier_score(probability: ArrayLike, defective: ArrayLike) -> float:
    """Mean squared difference of probability and label, both (n,).

    >>> round(brier_score([0.1, 0.2, 0.3, 0.8, 0.9, 0.6], [0, 0, 1, 1, 1, 0]), 6)
    0.158333
    """
    p, y = np.asarray(probability, np.float64), np.asarray(defective, np.float64)
    return float(((p - y) ** 2).mean())


def expected_calibration_error(probability: ArrayLike, defective: ArrayLike, bins: int = BINS) -> float:
    """Mean distance of the mean probability and the share of defective ones, over bins of equal mass; both (n,).

    Of equal probabilities each counts as defective by the share of them that is, so that their order says nothing.

    >>> round(expected_calibration_error([0.1, 0.2, 0.3, 0.8, 0.9, 0.6], [0, 0, 1, 1, 1, 0], bins=2), 6)
    0.116667
    """
    p, y = np.asarray(probability, np.float64), np.asarray(defective, np.float64)
    _, place = np.unique(p, return_inverse=True)
    y = (np.bincount(place, y) / np.bincount(place))[place]
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order))) if part.size]
    return float(sum(part.size * abs(p[part].mean() - y[part].mean()) for part in parts) / len(order))
