"""Ranking metrics: do defective ones score higher than good ones, wherever the cut may be (science.md §4.3)?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def area_under_roc(scores: ArrayLike, defective: ArrayLike) -> float:
    """Share of pairs (defective, good) in which the defective one scores higher, a tie counted half. Both (n,).

    >>> area_under_roc([0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.4], [1, 1, 0, 1, 0, 0, 1])
    0.625
    """
    positives, negatives = _counts_by_score(scores, defective)
    return roc_of_counts(positives, negatives)


def average_precision(scores: ArrayLike, defective: ArrayLike) -> float:
    """Sum over distinct scores, falling, of the step in recall times precision: never the trapezoid, which flatters.

    >>> round(average_precision([0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.4], [1, 1, 0, 1, 0, 0, 1]), 6)
    0.747024
    """
    positives, negatives = _counts_by_score(scores, defective)
    return precision_of_counts(positives, negatives)


def precision_recall(scores: ArrayLike, defective: ArrayLike) -> tuple[Floats, Floats]:
    """Precision and recall at each distinct score taken as the cut, from the highest down; each (k,)."""
    positives, negatives = _counts_by_score(scores, defective)
    true, false = np.cumsum(positives), np.cumsum(negatives)
    return true / (true + false), true / true[-1]


def cut_rejecting(good: ArrayLike, share: float) -> float:
    """The lowest cut that at most this share of good ones reaches; (n,), n above 0.

    >>> cut = cut_rejecting([0.1, 0.2, 0.3, 0.4], 0.25)
    >>> cut > 0.3, round(cut, 6)
    (True, 0.3)
    """
    falling = np.sort(np.asarray(good, np.float64))[::-1]
    first_kept = min(math.floor(share * len(falling) + 1e-9), len(falling) - 1)
    return float(np.nextafter(falling[first_kept], np.inf))


def _counts_by_score(scores: ArrayLike, defective: ArrayLike) -> tuple[Floats, Floats]:
    """Defective and good ones at each distinct score, from the highest down; ValueError unless both kinds are there."""
    values, labels = np.asarray(scores, np.float64), np.asarray(defective, bool)
    if values.shape != labels.shape or values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"{values.shape} scores and {labels.shape} labels: a finite score and a label each are needed")
    if labels.all() or not labels.any():
        raise ValueError("a ranking needs scores of good ones and of defective ones")
    distinct, place = np.unique(-values, return_inverse=True)
    positives = np.bincount(place[labels], minlength=len(distinct)).astype(np.float64)
    negatives = np.bincount(place[~labels], minlength=len(distinct)).astype(np.float64)
    return positives, negatives


def roc_of_counts(positives: Floats, negatives: Floats) -> float:
    """Area under the ROC of counts by falling score, (k,) each."""
    below = negatives.sum() - np.cumsum(negatives)  # good ones that score lower
    return float((positives * (below + negatives / 2)).sum() / (positives.sum() * negatives.sum()))


def precision_of_counts(positives: Floats, negatives: Floats) -> float:
    """Step-wise average precision of counts by falling score, (k,) each."""
    true, taken = np.cumsum(positives), np.cumsum(positives + negatives)
    precision = np.divide(true, taken, out=np.zeros_like(true), where=taken > 0)
    return float((positives * precision).sum() / positives.sum())
