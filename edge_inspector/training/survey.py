"""Looks at every picture and mask before hours of training: one size, nothing damaged, and how large the defects are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import Somewhere
from edge_inspector.training.defect_set import DefectSet, Picture, Sample

SIZE_STEP = 32  # the network halves five times and the exported graph has one size
LEAST_AREA_PX = 9  # what a manifest allows: a score is a mean over 3x3-filtered pixels
SMALL_PERCENTILE = 5.0


@dataclass(frozen=True, slots=True)
class Survey:
    """Size of every picture, and by picture the area of each defect drawn, in px: 8-connected in its mask."""

    width_px: int
    height_px: int
    areas_px: Mapping[Path, tuple[int, ...]]

    def areas_of(self, *folders: DefectSet) -> list[int]:
        """The areas of the defects in sets that are cut from the folder surveyed."""
        return [area for folder in folders for sample in folder.samples for area in self.areas_px[sample.picture]]


def survey_pictures(folder: DefectSet, progress: Callable[[float], None] = lambda share: None) -> Survey:
    """Read every picture and mask. Raises TrainingDataError naming what is damaged, of another size, or lacks 255."""
    height, width = folder.samples[0].read_picture().shape[:2]
    _refuse_size(folder, width, height)
    areas: dict[Path, tuple[int, ...]] = {}
    for k, sample in enumerate(folder.samples):
        rgb = sample.read_picture()
        if rgb.shape[:2] != (height, width):
            raise TrainingDataError(
                f"{sample.picture}: is {rgb.shape[1]} x {rgb.shape[0]} px but {folder.samples[0].picture.name} is "
                f"{width} x {height} px; an engine takes pictures of one size, so cut all to the same"
            )
        areas[sample.picture] = () if isinstance(sample.label, Somewhere) else _areas(sample, sample.read()[1])
        progress((k + 1) / len(folder.samples))
    return Survey(width, height, areas)


def smallest_defect_px(areas_px: Sequence[int]) -> int:
    """Over how many pixels a score is a mean: half the 5th percentile of the areas (masks are drawn wider than defects).

    >>> smallest_defect_px([400, 400, 420, 900])
    200
    """
    return max(LEAST_AREA_PX, int(np.percentile(areas_px, SMALL_PERCENTILE) / 2))


def refuse_tiny_defects(validation: DefectSet, smallest_px: int) -> None:
    """Raise TrainingDataError unless a validation picture has defects enough to serve as a golden picture."""
    largest = max(sample.positive_px for sample in validation.samples)
    if largest < 2 * smallest_px:
        raise TrainingDataError(
            f"{validation.source}: the largest defect area of a validation picture is {largest} px, but "
            f"{2 * smallest_px} px are needed; take pictures with more pixels a millimetre, or add defective parts"
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


def _refuse_size(folder: DefectSet, width: int, height: int) -> None:
    if width % SIZE_STEP == 0 and height % SIZE_STEP == 0:
        return
    down = tuple(side - side % SIZE_STEP for side in (width, height))
    up = tuple(side + -side % SIZE_STEP for side in (width, height))
    fits = f"cut pictures and masks to {down[0]} x {down[1]} px" if min(down) else "take larger pictures"
    raise TrainingDataError(
        f"{folder.samples[0].picture}: is {width} x {height} px (width x height), but both must be multiples of "
        f"{SIZE_STEP}: {fits} (`roi` of the station file cuts the camera's the same), or take them {up[0]} x {up[1]} px"
    )
