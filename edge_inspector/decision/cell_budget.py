"""What of a part is measured when more is marked on it than there is time for: of every engine some, its clearest marks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from edge_inspector.decision.regions import Crop, crop_of, cut_level
from edge_inspector.decision.surface_layout import SurfaceLayout
from edge_inspector.decision.surface_windows import COARSE_PX, CoarseViews, Window
from edge_inspector.domain.judgement import Region
from edge_inspector.geometry import SurfaceGrid

Floats = npt.NDArray[np.float32]
_BLOCK_PX = 4  # regions are entered in blocks, and count for the coarse cells near them
_AROUND = np.ones((2 * math.ceil(COARSE_PX / _BLOCK_PX) - 1,) * 2, np.uint8)


def choose_fitting(cells: Sequence[Sequence[int]], budget: int) -> list[list[int]]:
    """Return which windows of each engine are measured, as numbers: those that fit a budget which all of them share.

    The first of every engine come first, then the second, and so on; of those the smallest, so that a clear mark of one
    engine is not left out for what another one marks all over the part.

    >>> choose_fitting([[90, 5], [10, 10, 3], []], 30)
    [[1], [0, 1, 2], []]

    Args:
        cells: what each window costs, by engine, those with the strongest marks first.
        budget: for all of them.
    """
    chosen: list[list[int]] = [[] for _ in cells]
    in_turn = sorted((number, cost, engine) for engine, costs in enumerate(cells) for number, cost in enumerate(costs))
    for number, cost, engine in in_turn:
        if cost <= budget:
            budget -= cost
            chosen[engine].append(number)
    return chosen


def strengths_of(
    windows: Sequence[Window],
    regions: Mapping[str, Sequence[Region]],
    cut: float,
    smallest_px: int,
    layout: SurfaceLayout,
    coarse: CoarseViews,
) -> list[float]:
    """Return for each window how strong the strongest of the regions in it is, or near it: numbers to be compared.

    A region's strength is the sum of its probabilities that reach the cut: at first no more than the smallest defect could
    have, which goes with the region's score, then all of it. The score itself takes more time than there is.

    Args:
        windows: of one engine.
        regions: what it marked, by camera.
        cut: the lowest of the rules for this engine.
        smallest_px: area of its smallest defect that matters.
        layout: the surface.
        coarse: with every camera that `regions` has.
    """
    level = cut_level(cut)
    masses = {camera: [_mass(crop_of(region), level) for region in marked] for camera, marked in regions.items()}
    by_mass = [
        (min(mass, 255.0 * smallest_px), mass, camera, number)
        for camera, of_view in masses.items()
        for number, mass in enumerate(of_view)
    ]
    views = {camera: layout.views[camera] for camera in regions}
    blocks = {
        camera: np.zeros((_blocks(view.height_px), _blocks(view.width_px)), np.float32) for camera, view in views.items()
    }
    for rank, (_, _, camera, number) in enumerate(sorted(by_mass), 1):
        region = regions[camera][number]
        rows = slice(region.y_px // _BLOCK_PX, _blocks(region.y_px + region.height_px))
        columns = slice(region.x_px // _BLOCK_PX, _blocks(region.x_px + region.width_px))
        blocks[camera][rows, columns] = rank  # what was there is weaker
    strongest = np.zeros(coarse.grid.shape, np.float32)
    for camera, view in views.items():
        shown, near = coarse.maps[camera], cv2.dilate(blocks[camera], _AROUND)
        seen = shown.shown(width_px=view.width_px, height_px=view.height_px, max_incidence_deg=90.0)
        row, column = ((places[seen] / _BLOCK_PX).astype(np.intp) for places in (shown.y_px, shown.x_px))
        strongest[seen] = np.maximum(strongest[seen], near[row, column])
    return [_in_window(window, coarse.grid, strongest) for window in windows]


def _mass(crop: Crop, level: int) -> float:
    return float(crop[crop >= level].sum(dtype=np.int64))


def _blocks(pixels: int) -> int:
    """Return how many blocks so many pixels need."""
    return -(-pixels // _BLOCK_PX)


def _in_window(window: Window, coarse: SurfaceGrid, numbers: Floats) -> float:
    """Return the largest of the numbers of the coarse cells, float32 (rows, columns), that a window is made of."""
    rows, columns = numbers.shape
    row = np.minimum((window.grid.angle_deg * (rows / 360.0)).astype(np.intp), rows - 1)
    column = np.minimum((window.grid.along_mm / coarse.cell_mm[1]).astype(np.intp), columns - 1)
    return float(numbers[np.ix_(row, column)][window.own].max(initial=0))
