"""Precision and recall of thin cracks, whose labels are a pixel or two off: within a tolerance (science.md §4.4)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from edge_inspector.training.metrics.overlap import Mask

TOLERANCES_PX = (0, 2, 5)


@dataclass(frozen=True, slots=True)
class Matched:
    """Pixels of one picture: found, of these near the label, labelled, and of these near what was found."""

    found: int
    found_near: int
    labelled: int
    labelled_near: int

    @property
    def precision(self) -> float:
        """Share of the found pixels near a labelled one; NaN if nothing was found."""
        return self.found_near / self.found if self.found else math.nan

    @property
    def recall(self) -> float:
        """Share of the labelled pixels near a found one; NaN if nothing is labelled."""
        return self.labelled_near / self.labelled if self.labelled else math.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 0 where one mask is empty, NaN where both are."""
        if not self.found and not self.labelled:
            return math.nan
        if not self.found_near or not self.labelled_near:
            return 0.0
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def match(found: Mask, labelled: Mask, tolerance_px: float) -> Matched:
    """Count pixels of two masks, bool (h, w), within a Euclidean distance of each other's nearest pixel."""
    return Matched(
        int(found.sum()),
        int((found & _near(labelled, tolerance_px)).sum()),
        int(labelled.sum()),
        int((labelled & _near(found, tolerance_px)).sum()),
    )


def pooled(matches: Iterable[Matched]) -> Matched:
    """All pictures laid side by side."""
    each = list(matches)
    return Matched(
        sum(one.found for one in each),
        sum(one.found_near for one in each),
        sum(one.labelled for one in each),
        sum(one.labelled_near for one in each),
    )


def _near(mask: Mask, distance_px: float) -> Mask:
    if not mask.any():
        return np.zeros_like(mask)
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near: Mask = away <= distance_px + 1e-4
    return near
