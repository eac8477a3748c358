"""What views show in one window of the surface: which cells each sees well, and what each engine marked there."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edge_inspector.decision.regions import ViewScale, crop_of, region_score
from edge_inspector.decision.surface_layout import SurfaceLayout
from edge_inspector.decision.surface_windows import Window
from edge_inspector.domain.judgement import Judged
from edge_inspector.geometry import Rod, ViewOfRod, map_view

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
_VIEW_CELLS = 5000
_SPARE_DEG = 1.0  # for what is of second order


@dataclass(frozen=True, slots=True)
class WindowView:
    """One view in one window; all arrays (rows, columns). Only cells that `is_shown` count for the view."""

    camera: str
    x_px: Floats
    y_px: Floats
    is_shown: Mask  # inside the picture, not hidden, and at no flatter incidence than the recipe's limit
    weight: Floats  # squared cosine of the incidence (science.md §7.4), 0 where not shown


@dataclass(frozen=True, slots=True)
class Painted:
    """What one engine marked in one view: `levels` uint8 (h, w), 255 = 1.0, 0 outside the regions; `scores` float32 (h, w),
    of the region that a pixel belongs to, 0 outside, or None where they are not asked for."""

    levels: npt.NDArray[np.uint8]
    scores: Floats | None


@dataclass(frozen=True, slots=True)
class Sample:
    """What one engine marked in one view, cell by cell of a window; outside its regions a cell counts as `t_low`."""

    view: WindowView
    t_low: float
    levels: npt.NDArray[np.uint8]  # 0 outside the regions, and where the view does not show the cell
    painted: Painted | None  # None: nothing is marked in the whole view

    def scores_at(self, cells: Mask) -> Floats:
        """Return the scores of the regions that these marked cells, bool (rows, columns), belong to: float32 (n,)."""
        assert self.painted is not None  # where a cell is marked
        assert self.painted.scores is not None  # asked for by whoever needs them
        y, x = (np.rint(places[cells]).astype(np.intp) for places in (self.view.y_px, self.view.x_px))
        return self.painted.scores[y, x]


def paint(result: Judged, scale: ViewScale, *, with_scores: bool) -> Painted:
    """Enter every region at its place in the view."""
    levels = np.zeros((scale.height_px, scale.width_px), np.uint8)
    scores = np.zeros(levels.shape, np.float32) if with_scores else None
    for region in result.regions:
        crop = crop_of(region)
        inside = (
            slice(region.y_px, region.y_px + region.height_px),
            slice(region.x_px, region.x_px + region.width_px),
        )
        is_higher = crop > levels[inside]  # the boxes of two regions may overlap, what they mark does not
        levels[inside][is_higher] = crop[is_higher]
        if scores is not None:
            scores[inside][is_higher] = region_score(region, scale)
    return Painted(levels, scores)


def cells_to_map(window: Window, layout: SurfaceLayout, cameras: Collection[str], max_incidence_deg: float) -> int:
    """Return how many cells `views_of` has to map, once for each view; a view costs as much as some thousands."""
    facing = (_is_facing(window, layout, layout.views[camera], max_incidence_deg).sum() for camera in cameras)
    return sum(int(rows) * window.own.shape[1] + _VIEW_CELLS for rows in facing if rows)


def views_of(window: Window, layout: SurfaceLayout, cameras: Collection[str], max_incidence_deg: float) -> list[WindowView]:
    """Return those of the cameras' views that show any cell of the window well."""
    found = []
    for name in cameras:
        view = layout.views[name]
        if not _is_facing(window, layout, view, max_incidence_deg).any():
            continue
        shown = map_view(layout.rod, view.camera, view.lead_mm, window.grid)
        is_shown = window.own & shown.shown(
            width_px=view.width_px, height_px=view.height_px, max_incidence_deg=max_incidence_deg
        )
        if layout.occlusions:
            surface = layout.rod.surface(window.grid.along_mm[None, :], window.grid.angle_deg[:, None])
            is_shown &= ~is_hidden(surface.points_mm, layout, view)
        if is_shown.any():
            weight = np.where(is_shown, np.square(shown.cos_incidence), np.float32(0))
            found.append(WindowView(name, shown.x_px, shown.y_px, is_shown, weight))
    return found


def _is_facing(window: Window, layout: SurfaceLayout, view: ViewOfRod, max_incidence_deg: float) -> Mask:
    """Return which rows of a window a view may show well, by their angle alone."""
    turn_deg = np.abs((window.grid.angle_deg - view.camera.angle_deg + 180) % 360 - 180)
    return np.asarray(turn_deg <= farthest_turn_deg(layout.rod, view, max_incidence_deg))


def farthest_turn_deg(rod: Rod, view: ViewOfRod, max_incidence_deg: float) -> float:
    """Return how far around from its camera a view shows a rod's surface at this incidence or less: an upper bound.

    Of an upright round rod on the axis that is less than the incidence itself. A rod that lies aside is seen farther around
    on one side, an oval one may turn its skin towards the camera, and so may one that leans, by its slope along the travel.
    """
    camera, oval_mm = view.camera, math.hypot(*rod.oval_terms_mm)
    (x0, x1, x2), (y0, y1, y2), (r0, r1) = rod.centre_x_mm, rod.centre_y_mm, rod.radius_mm
    aside_mm = math.hypot(abs(x0) + abs(x1) + abs(x2), abs(y0) + abs(y1) + abs(y2))
    nearest_mm = max(camera.distance_mm - aside_mm - r0 - abs(r1) - oval_mm, 0.1 * camera.distance_mm)
    slope = (math.hypot(x1, y1) + 2 * math.hypot(x2, y2)) * 2 / rod.length_mm + abs(rod.radius_slope)
    along_mm = max(abs(view.lead_mm - at_mm - camera.along_mm) for at_mm in (0.0, rod.length_mm))
    over = math.sin(math.atan2(along_mm, nearest_mm))  # of the flattest way to the lens, along the travel
    flattest_deg = math.degrees(math.acos(max(-1.0, math.cos(math.radians(max_incidence_deg)) - slope * over)))
    aside_deg = math.degrees(math.atan2(aside_mm, nearest_mm))
    oval_deg = math.degrees(math.atan2(2 * oval_mm, r0 - abs(r1) - oval_mm))
    return flattest_deg + aside_deg + oval_deg + _SPARE_DEG


def is_hidden(points_mm: npt.NDArray[np.float64], layout: SurfaceLayout, view: ViewOfRod) -> Mask:
    """Return which points of the part, mm (..., 3), lie under something that hides them from the view: bool (...)."""
    hidden = np.zeros(points_mm.shape[:-1], bool)
    here = [each for each in layout.occlusions if not each.cameras or view.name in each.cameras]
    if here:
        angle_deg = np.degrees(np.arctan2(points_mm[..., 1], points_mm[..., 0]))
        for occlusion in here:
            hidden |= occlusion.hides(view.lead_mm - points_mm[..., 2], angle_deg)
    return hidden


def sample(view: WindowView, painted: Painted | None, t_low: float) -> Sample:
    """Look up the nearest pixel for every cell that the view shows. `painted` is None where nothing was marked."""
    if painted is None:
        return Sample(view, t_low, np.zeros(view.is_shown.shape, np.uint8), None)
    levels = cv2.remap(painted.levels, view.x_px, view.y_px, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    levels[~view.is_shown] = 0
    return Sample(view, t_low, levels, painted)
