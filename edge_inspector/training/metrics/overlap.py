"""How far a found mask and a labelled one cover each other, and the ways in which published figures average that.

An IoU whose average has no name says nothing: a defect at 0.77 reads 0.885 where the background is averaged in
(science.md §4.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pixels of one picture and one defect: in both masks, in the found one, in the labelled one, and all that count."""

    both: int
    found: int
    labelled: int
    pixels: int

    @property
    def union(self) -> int:
        """Pixels in either mask."""
        return self.found + self.labelled - self.both

    @property
    def iou(self) -> float:
        """Intersection over union; NaN where both masks are empty."""
        return self.both / self.union if self.union else math.nan

    @property
    def dice(self) -> float:
        """Twice the intersection over the sum of both areas; NaN where both masks are empty."""
        return 2 * self.both / (self.found + self.labelled) if self.union else math.nan


def overlap(found: Mask, labelled: Mask, judged: Mask | None = None) -> Overlap:
    """Count pixels of two masks, bool (h, w); where `judged` is False nobody labelled, and the pixel does not count.

    Raises ValueError if the shapes differ.
    """
    if found.shape != labelled.shape or (judged is not None and judged.shape != found.shape):
        raise ValueError(f"masks of {found.shape} and {labelled.shape} pixels can not be compared")
    if judged is not None:
        found, labelled = found & judged, labelled & judged
    pixels = found.size if judged is None else int(judged.sum())
    return Overlap(int((found & labelled).sum()), int(found.sum()), int(labelled.sum()), pixels)


def pooled_iou(overlaps: Iterable[Overlap]) -> float:
    """Intersection over union of all pictures laid side by side; NaN without a pixel in either."""
    each = list(overlaps)
    union = sum(one.union for one in each)
    return sum(one.both for one in each) / union if union else math.nan


def iou_of_defective(overlaps: Iterable[Overlap]) -> float:
    """Mean IoU of the pictures whose label is not empty; NaN if there is none."""
    values = [one.iou for one in overlaps if one.labelled]
    return fmean(values) if values else math.nan


def dice_of_defective(overlaps: Iterable[Overlap]) -> float:
    """Mean Dice of the pictures whose label is not empty; NaN if there is none."""
    values = [one.dice for one in overlaps if one.labelled]
    return fmean(values) if values else math.nan


def two_class_iou(overlaps: Iterable[Overlap]) -> float:
    """Mean of pooled IoU of the defect and of the background. Flatters: the background's is always near 1."""
    each = list(overlaps)
    return (pooled_iou(each) + pooled_iou(_background(one) for one in each)) / 2


def _background(one: Overlap) -> Overlap:
    return Overlap(one.pixels - one.union, one.pixels - one.found, one.pixels - one.labelled, one.pixels)


def macro_iou(by_defect: Mapping[str, Sequence[Overlap]]) -> float:
    """Mean over the defects of each one's pooled IoU, background not counted."""
    return fmean(pooled_iou(each) for each in by_defect.values())


def kaggle_dice(overlaps: Iterable[Overlap]) -> float:
    """Mean Dice over every pair of picture and defect, 1 where both masks are empty (the Severstal competition's score)."""
    return fmean(one.dice if one.union else 1.0 for one in overlaps)


def kaggle_dice_of_silence(overlaps: Iterable[Overlap]) -> float:
    """What an answer of nothing but empty masks would get: the share of empty labels. The baseline that flatters."""
    return fmean(float(one.labelled == 0) for one in overlaps)


def share_with_false_pixels(overlaps: Iterable[Overlap]) -> float:
    """Share of the clean pictures in which any pixel was found; NaN if no picture is clean."""
    values = [float(one.found > 0) for one in overlaps if not one.labelled]
    return fmean(values) if values else math.nan
