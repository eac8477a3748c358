"""Finds the pieces of a part's surface on which anything was marked, so that only those need be mapped finely.

The surface is looked at in coarse cells of a millimetre: where a view shows one near the box of a region, it and its
neighbours are mapped. Pieces that touch are one window; places in different windows lie farther apart than what is still one
finding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edge_inspector.decision.ring_labels import label_on_ring, unrolled_rows
from edge_inspector.decision.surface_layout import SurfaceLayout
from edge_inspector.domain.judgement import Region
from edge_inspector.geometry import SurfaceGrid, ViewOfRod, map_view

Mask = npt.NDArray[np.bool_]
COARSE_STEP_MM = 1.0
_BLOCK_PX = 8  # regions' boxes are entered in blocks of pixels, so that their number costs nothing
_STEEPER_DEG = 20.0  # a coarse cell's middle may be turned so much farther away than its nearest edge


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of the fine grid. Its rows follow each other from `start_deg` in steps of `row_deg`, also through the seam."""

    grid: SurfaceGrid
    start_deg: float  # lower edge of the first row, 0 <= start < 360
    row_deg: float
    start_mm: float  # edge of the first column, from the leading end
    own: Mask  # (rows, columns): outside of it lies another window's, or nothing
    goes_around: bool


def find_windows(
    layout: SurfaceLayout,
    regions: Mapping[str, Sequence[Region]],
    grid: SurfaceGrid,
    max_incidence_deg: float,
    gap_mm: float,
) -> list[Window]:
    """Return the windows of `grid` that hold every place of the surface shown by a region.

    Args:
        layout: the surface.
        regions: of all engines, by camera.
        grid: the fine one, of the layout's rod.
        max_incidence_deg: surface at a flatter angle is not looked at.
        gap_mm: places so close to each other must lie in one window.
    """
    coarse = SurfaceGrid.of(layout.rod, step_mm=COARSE_STEP_MM)
    active = np.zeros(coarse.shape, bool)
    for camera, view in layout.views.items():
        if regions.get(camera):
            active |= _shown_near(layout, view, regions[camera], coarse, max_incidence_deg)
    if not active.any():
        return []
    active = _widened(active, math.ceil(gap_mm / (2 * COARSE_STEP_MM)))
    count, labels = label_on_ring(active, goes_around=True)
    return [_window(labels == label, grid, coarse.shape) for label in range(1, count + 1)]


def _shown_near(
    layout: SurfaceLayout, view: ViewOfRod, regions: Iterable[Region], coarse: SurfaceGrid, max_incidence_deg: float
) -> Mask:
    """Return which coarse cells a view may show where a region's box lies: bool, of the coarse grid's shape."""
    camera, rod = view.camera, layout.rod
    reach_mm = sum(map(abs, rod.centre_x_mm)) + sum(map(abs, rod.centre_y_mm)) + sum(map(abs, rod.radius_mm))
    # half a cell at the nearest the surface can come; and as much again, since x changes around the rod as well
    margin_px = 1.5 * COARSE_STEP_MM * camera.focal_px / max(camera.distance_mm - reach_mm, 0.1 * camera.distance_mm)
    height, width = (-(-side // _BLOCK_PX) for side in (view.height_px, view.width_px))
    blocks: Mask = np.zeros((height, width), bool)
    for region in regions:
        top, left = (region.y_px - margin_px) / _BLOCK_PX, (region.x_px - margin_px) / _BLOCK_PX
        bottom = (region.y_px + region.height_px + margin_px) / _BLOCK_PX
        right = (region.x_px + region.width_px + margin_px) / _BLOCK_PX
        blocks[max(0, int(top)) : math.ceil(bottom), max(0, int(left)) : math.ceil(right)] = True
    shown = map_view(rod, camera, view.lead_mm, coarse)
    steepest_deg = min(max_incidence_deg + _STEEPER_DEG, 90.0)
    is_near = (
        (shown.cos_incidence >= math.cos(math.radians(steepest_deg)))
        & (np.abs(shown.x_px - (view.width_px - 1) / 2) <= view.width_px / 2 + margin_px)
        & (np.abs(shown.y_px - (view.height_px - 1) / 2) <= view.height_px / 2 + margin_px)
    )
    row = np.clip(shown.y_px / _BLOCK_PX, 0, height - 1).astype(np.intp)
    column = np.clip(shown.x_px / _BLOCK_PX, 0, width - 1).astype(np.intp)
    return np.asarray(is_near & blocks[row, column])


def _widened(active: Mask, cells: int) -> Mask:
    """Return the cells no farther than so many rows and columns from an active one; the rows go around."""
    around = np.pad(active, ((cells, cells), (0, 0)), mode="wrap").astype(np.uint8)
    kernel = np.ones((2 * cells + 1, 2 * cells + 1), np.uint8)
    return np.asarray(cv2.dilate(around, kernel)[cells:-cells] > 0)


def _window(own: Mask, grid: SurfaceGrid, coarse_shape: tuple[int, int]) -> Window:
    """Cut out of the fine grid what some coarse cells cover."""
    row_of = np.minimum((grid.angle_deg * (coarse_shape[0] / 360.0)).astype(np.intp), coarse_shape[0] - 1)
    column_of = (np.arange(grid.along_mm.size) + 0.5) * (coarse_shape[1] / grid.along_mm.size)
    column_of = np.minimum(column_of.astype(np.intp), coarse_shape[1] - 1)
    is_taken = np.asarray(own.any(axis=1))
    rows = unrolled_rows(is_taken[row_of], goes_around=True)
    columns = np.flatnonzero(np.asarray(own.any(axis=0))[column_of])
    columns = np.arange(columns[0], columns[-1] + 1)
    return Window(
        grid=SurfaceGrid(grid.angle_deg[rows], grid.along_mm[columns], grid.cell_mm),
        start_deg=360.0 * int(rows[0]) / grid.angle_deg.size,
        row_deg=360.0 / grid.angle_deg.size,
        start_mm=int(columns[0]) * grid.cell_mm[1],
        own=own[np.ix_(row_of[rows], column_of[columns])],
        goes_around=bool(is_taken.all()),
    )
