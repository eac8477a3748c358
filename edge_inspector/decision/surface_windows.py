"""Finds the pieces of a part's surface on which anything was marked, so that only those need be mapped finely.

The surface is looked at in coarse cells of a few pixels: a cell is taken where a view may show a marked pixel in it. Cells
so close to each other that places in them may be one finding make one window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edge_inspector.decision.regions import crop_of
from edge_inspector.decision.ring_labels import label_on_ring, unrolled_rows
from edge_inspector.decision.surface_layout import SurfaceLayout
from edge_inspector.domain.judgement import Region
from edge_inspector.geometry import SurfaceGrid, ViewMap, ViewOfRod, map_view

Mask = npt.NDArray[np.bool_]
COARSE_PX = 9  # a coarse cell's side
_BLOCK_PX = 4  # marked pixels are looked for in blocks, so that the number of regions costs little
_LEANING_DEG = 1.0  # of its skin within a coarse cell, beside its being round


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of the fine grid. Its rows follow each other from `start_deg` in steps of `row_deg`, also through the seam."""

    grid: SurfaceGrid
    start_deg: float  # lower edge of the first row, 0 <= start < 360
    row_deg: float
    start_mm: float  # edge of the first column, from the leading end
    own: Mask  # (rows, columns): outside of it lies another window's, or nothing
    goes_around: bool
    cameras: tuple[str, ...]  # whose views may show a marked pixel in it


@dataclass(frozen=True, slots=True)
class CoarseViews:
    """Where the views show the coarse cells of a part; the same for every engine."""

    grid: SurfaceGrid
    maps: Mapping[str, ViewMap]  # by camera


def coarse_views(layout: SurfaceLayout, cameras: Iterable[str], mm_per_px: float) -> CoarseViews:
    """Look at the surface coarsely with these cameras. `mm_per_px` is the recipe's."""
    grid = SurfaceGrid.of(layout.rod, step_mm=COARSE_PX * mm_per_px)
    views = {camera: layout.views[camera] for camera in cameras}
    return CoarseViews(grid, {name: map_view(layout.rod, view.camera, view.lead_mm, grid) for name, view in views.items()})


def find_windows(
    layout: SurfaceLayout,
    coarse: CoarseViews,
    regions: Mapping[str, Sequence[Region]],
    grid: SurfaceGrid,
    *,
    max_incidence_deg: float,
    gap_mm: float,
) -> list[Window]:
    """Return the windows of `grid` that hold every place of the surface shown by a marked pixel.

    Args:
        layout: the surface.
        coarse: with every camera that `regions` has.
        regions: of one engine, by camera.
        grid: the fine one, of the layout's rod.
        max_incidence_deg: surface at a flatter angle is not looked at.
        gap_mm: places no farther apart must lie in one window.
    """
    taken_by = {
        camera: _may_show(layout, layout.views[camera], marked, coarse, max_incidence_deg)
        for camera, marked in regions.items()
    }
    taken: Mask = np.zeros(coarse.grid.shape, bool)
    for each in taken_by.values():
        taken |= each
    if not taken.any():
        return []
    together = _widened(taken, math.ceil(gap_mm / (2 * min(coarse.grid.cell_mm))))
    count, labels = label_on_ring(together, goes_around=True)
    labels[~taken] = 0
    return [_window(labels == label, grid, taken_by) for label in range(1, count + 1)]


def _may_show(
    layout: SurfaceLayout, view: ViewOfRod, regions: Iterable[Region], coarse: CoarseViews, max_incidence_deg: float
) -> Mask:
    """Return in which coarse cells a view may show a marked pixel: bool, of the coarse grid's shape."""
    camera, rod, shown = view.camera, layout.rod, coarse.maps[view.name]
    half_cell_mm = max(coarse.grid.cell_mm) / 2
    reach_mm = sum(map(abs, (*rod.centre_x_mm, *rod.centre_y_mm, *rod.radius_mm, *rod.oval_terms_mm)))
    nearest_mm = max(camera.distance_mm - reach_mm, 0.1 * camera.distance_mm)
    thinnest_mm = rod.radius_mm[0] - abs(rod.radius_mm[1]) - math.hypot(*rod.oval_terms_mm)
    # a cell's corner from its middle: along or around, and by its depth where it lies aside of the lens; then rounding
    aside = max(abs(camera.centre_x_px), abs(view.width_px - camera.centre_x_px)) / camera.focal_px
    margin_px = half_cell_mm * camera.focal_px / nearest_mm * (1 + aside) + 1
    is_near = _blocks_near(view, regions, math.ceil(margin_px / _BLOCK_PX))
    steepest_deg = min(max_incidence_deg + math.degrees(half_cell_mm / thinnest_mm) + _LEANING_DEG, 90.0)
    is_shown = (
        (shown.cos_incidence >= math.cos(math.radians(steepest_deg)))
        & (np.abs(shown.x_px - (view.width_px - 1) / 2) <= view.width_px / 2 + margin_px)
        & (np.abs(shown.y_px - (view.height_px - 1) / 2) <= view.height_px / 2 + margin_px)
    )
    row = np.clip((shown.y_px + 0.5) / _BLOCK_PX, 0, is_near.shape[0] - 1).astype(np.intp)
    column = np.clip((shown.x_px + 0.5) / _BLOCK_PX, 0, is_near.shape[1] - 1).astype(np.intp)
    return np.asarray(is_shown & is_near[row, column])


def _blocks_near(view: ViewOfRod, regions: Iterable[Region], margin: int) -> Mask:
    """Return which blocks of a view's pixels lie no farther than `margin` blocks from one with a marked pixel."""
    marked = np.zeros((-(-view.height_px // _BLOCK_PX), -(-view.width_px // _BLOCK_PX)), np.uint8)
    for region in regions:
        pixels = cv2.findNonZero(crop_of(region))
        if pixels is not None:
            x, y = pixels.reshape(-1, 2).T  # the versions of OpenCV differ in its shape
            marked[(y + region.y_px) // _BLOCK_PX, (x + region.x_px) // _BLOCK_PX] = 1
    return np.asarray(cv2.dilate(marked, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)) > 0)


def _widened(active: Mask, cells: int) -> Mask:
    """Return the cells no farther than so many rows and columns from an active one; the rows go around."""
    around = np.pad(active, ((cells, cells), (0, 0)), mode="wrap").astype(np.uint8)
    kernel = np.ones((2 * cells + 1, 2 * cells + 1), np.uint8)
    return np.asarray(cv2.dilate(around, kernel)[cells:-cells] > 0)


def _window(own: Mask, grid: SurfaceGrid, taken_by: Mapping[str, Mask]) -> Window:
    """Cut out of the fine grid what some coarse cells cover."""
    row_of = np.minimum((grid.angle_deg * (own.shape[0] / 360.0)).astype(np.intp), own.shape[0] - 1)
    column_of = (np.arange(grid.along_mm.size) + 0.5) * (own.shape[1] / grid.along_mm.size)
    column_of = np.minimum(column_of.astype(np.intp), own.shape[1] - 1)
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
        cameras=tuple(camera for camera, taken in taken_by.items() if np.any(taken & own)),
    )
