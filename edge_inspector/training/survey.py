"""Looks at every mask before hours of training: none too faint to count, and how large the defects are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import Somewhere
from edge_inspector.training.defect_set import DefectSet, Picture, Sample

LEAST_AREA_PX = 9  # what a manifest allows: a score is a mean over 3x3-filtered pixels
SMALL_PERCENTILE = 5.0


@dataclass(frozen=True, slots=True)
class Survey:
    """By picture the area of each defect drawn, in px: 8-connected in its mask."""

    areas_px: Mapping[Path, tuple[int, ...]]

    def areas_of(self, *sets: DefectSet) -> list[int]:
        """The areas of the defects in sets that are cut from the one surveyed."""
        return [area for each in sets for sample in each.samples for area in self.areas_px[sample.picture]]


def survey_masks(whole: DefectSet, progress: Callable[[float], None] = lambda share: None) -> Survey:
    """Draw every mask of a set. Raises TrainingDataError naming the picture of one that lacks 255, or a damaged file."""
    areas: dict[Path, tuple[int, ...]] = {}
    for done, sample in enumerate(whole.samples, 1):
        areas[sample.picture] = () if isinstance(sample.label, Somewhere) else _areas(sample, sample.read()[1])
        progress(done / len(whole.samples))
    return Survey(areas)


def smallest_defect_px(areas_px: Sequence[int]) -> int:
    """Over how many pixels a score is a mean: half the 5th percentile of the areas (masks are drawn wider than defects).

    >>> smallest_defect_px([400, 400, 420, 900])
    200
    """
    return max(LEAST_AREA_PX, int(np.percentile(areas_px, SMALL_PERCENTILE) / 2)) if areas_px else LEAST_AREA_PX


def refuse_tiny_defects(validation: DefectSet, smallest_px: int) -> None:
    """Raise TrainingDataError unless a validation picture has defects enough to serve as a golden picture."""
    largest = max(sample.positive_px for sample in validation.samples)
    if largest < 2 * smallest_px:
        raise TrainingDataError(
            f"{validation.source}: the largest {validation.defect} drawn in a validation picture has {largest} px, but "
            f"{2 * smallest_px} px are needed; draw what is labelled without a mask, take pictures with more pixels a "
            "millimetre, or add defective parts"
        )


def _areas(sample: Sample, mask: Picture) -> tuple[int, ...]:
    if not mask.any():
        return ()
    drawn = (mask > 127).astype(np.uint8)
    if not drawn.any():
        raise TrainingDataError(
            f"the mask of {sample.picture}: its largest value is {mask.max()}, but a defect is 255; export the mask again"
        )
    _, _, boxes, _ = cv2.connectedComponentsWithStats(drawn, connectivity=8)
    return tuple(int(area) for area in boxes[1:, cv2.CC_STAT_AREA])
