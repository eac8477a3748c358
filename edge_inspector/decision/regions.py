"""What an engine marked in one view: regions, their probabilities, and the score of each (science.md §6.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edge_inspector.domain.judgement import Region
from edge_inspector.domain.view import View

Crop = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ViewScale:
    """What a view's regions are scored and measured with. What lies beyond what the camera saw is padding (`View`)."""

    height_px: int
    width_px: int
    seen_height_px: int
    seen_width_px: int
    mm_per_px: float
    t_low: float
    smallest_defect_px: int

    @classmethod
    def of(cls, view: View, mm_per_px: float, t_low: float, smallest_defect_px: int) -> ViewScale:
        """Of a view as it was sent."""
        seen = view.seen_height_px, view.seen_width_px
        return cls(view.height_px, view.width_px, *seen, mm_per_px, t_low, smallest_defect_px)


def crop_of(region: Region) -> Crop:
    """Return the region's probabilities, uint8 (height_px, width_px), 255 = 1.0.

    Raises:
        ValueError: the bytes do not fill the box.
    """
    return np.frombuffer(region.probability, np.uint8).reshape(region.height_px, region.width_px)


def cut_level(cut: float) -> int:
    """Return the lowest uint8 level that counts as reaching `cut` (0..1).

    Rounded down, since the engine's side may have rounded a pixel at the cut down as well; never 0, which means "not in
    this region".

    >>> cut_level(0.5), cut_level(1.0), cut_level(0.001)
    (127, 255, 1)
    """
    return max(1, math.floor(cut * 255))


def region_score(region: Region, scale: ViewScale) -> float:
    """Return science.md §6.4 inside a region: the mean of the `smallest_defect_px` largest values after a 3×3 box filter.

    Pixels that the crop leaves out are at most `t_low` and count as that, not as 0, and the border pixels of what the
    camera saw repeat beyond it as they do for the engine's own score: the score is never below the one that the whole map
    gives around this region (but for rounding to uint8).
    """
    crop = crop_of(region)
    top, left = min(2, region.y_px), min(2, region.x_px)
    bottom = min(2, scale.seen_height_px - region.y_px - region.height_px)
    right = min(2, scale.seen_width_px - region.x_px - region.width_px)
    inside = np.where(crop == 0, np.float32(scale.t_low), crop.astype(np.float32) / np.float32(255))
    around = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(scale.t_low,))
    filtered = cv2.blur(around, (3, 3), borderType=cv2.BORDER_REPLICATE)
    count = min(scale.smallest_defect_px, filtered.size)
    beyond = min(scale.smallest_defect_px, scale.seen_height_px * scale.seen_width_px) - count
    score = (sum_of_largest(filtered, count) + beyond * scale.t_low) / (count + beyond)
    return float(min(1.0, max(0.0, score)))


def sum_of_largest(values: npt.NDArray[np.float32], count: int) -> float:
    """Return the sum of the `count` largest values of a map, float32 (h, w); sorts only what can be among them.

    Partitioning all is slow where most values are equal, as they are around a crack and within a plateau.
    """
    # one of each line along the shorter side: their count-th largest is at most the count-th largest of all
    tops = values.max(axis=int(np.argmin(values.shape)))
    if tops.size < count:
        return float(np.sort(values, axis=None)[-count:].sum(dtype=np.float64))
    bound = float(np.partition(tops, tops.size - count)[tops.size - count])
    above = np.sort(values[values > bound])[-count:]
    return float(above.sum(dtype=np.float64)) + (count - above.size) * bound
