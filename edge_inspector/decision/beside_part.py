"""Marks that lie on no part: an engine that marks what is not there may not be looking at what is.

A mark on the surface that its view shows too flatly is another view's to judge. One that lies beside the part altogether is
nobody's, and would be lost when views are put together; it is a doubt.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from edge_inspector.decision.regions import ViewScale, crop_of, cut_level, region_score
from edge_inspector.domain.judgement import Judged, Region
from edge_inspector.geometry import ViewMap

_BLOCK_PX = 4


def blocks_of_part(shown: ViewMap, *, height_px: int, width_px: int, spacing_px: float) -> npt.NDArray[np.bool_]:
    """Return which blocks of a view's pixels lie on the part, or no farther from it than its cells from each other.

    `shown`: where the view shows a coarse grid, whose cells are at most `spacing_px` apart in it.
    """
    blocks = np.zeros((-(-height_px // _BLOCK_PX), -(-width_px // _BLOCK_PX)), np.uint8)
    row, column = (np.floor((places + 0.5) / _BLOCK_PX) for places in (shown.y_px, shown.x_px))
    inside = (shown.cos_incidence > 0) & (row >= 0) & (row < blocks.shape[0]) & (column >= 0) & (column < blocks.shape[1])
    blocks[row[inside].astype(np.intp), column[inside].astype(np.intp)] = 1
    margin = math.ceil(spacing_px / _BLOCK_PX)
    return np.asarray(cv2.dilate(blocks, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)) > 0)


def count_beside(result: Judged, cut: float, scale: ViewScale, part_blocks: npt.NDArray[np.bool_]) -> int:
    """Return how many regions that reach the cut lie beside the part with their whole box."""
    return sum(
        not _touches(region, part_blocks)
        and int(crop_of(region).max()) >= cut_level(cut)
        and not region_score(region, scale) < cut
        for region in result.regions
    )


def _touches(region: Region, blocks: npt.NDArray[np.bool_]) -> bool:
    rows = slice(region.y_px // _BLOCK_PX, (region.y_px + region.height_px - 1) // _BLOCK_PX + 1)
    columns = slice(region.x_px // _BLOCK_PX, (region.x_px + region.width_px - 1) // _BLOCK_PX + 1)
    return bool(blocks[rows, columns].any())
