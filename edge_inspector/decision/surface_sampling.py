"""What views show in one window of the surface: which cells each sees well, and what each engine marked there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edge_inspector.decision.regions import ViewScale, crop_of, region_score
from edge_inspector.decision.surface_layout import SurfaceLayout
from edge_inspector.decision.surface_windows import Window
from edge_inspector.domain.judgement import Judged
from edge_inspector.geometry import ViewOfRod, map_view

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
_ASIDE_DEG = 20.0  # a rod that leans or lies aside is seen so much farther around than one along the axis


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
    """What one engine marked in one view: `levels` uint8 (h, w), 255 = 1.0, 0 outside the regions; `numbers` uint16 (h, w),
    which region, 1..n, 0 outside; `scores` float64 (n + 1,) of each region, 0 for what lies outside."""

    levels: npt.NDArray[np.uint8]
    numbers: npt.NDArray[np.uint16]
    scores: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one engine marked in one view, cell by cell of a window; outside its regions a cell counts as `t_low`."""

    view: WindowView
    t_low: float
    levels: npt.NDArray[np.uint8]  # 0 outside the regions, and where the view does not show the cell
    numbers: npt.NDArray[np.uint16]
    scores: npt.NDArray[np.float64]


def paint(result: Judged, scale: ViewScale) -> Painted:
    """Enter every region at its place in the view."""
    levels = np.zeros((scale.height_px, scale.width_px), np.uint8)
    numbers = np.zeros((scale.height_px, scale.width_px), np.uint16)
    scores = np.zeros(len(result.regions) + 1)
    for number, region in enumerate(result.regions, 1):
        crop = crop_of(region)
        inside = (
            slice(region.y_px, region.y_px + region.height_px),
            slice(region.x_px, region.x_px + region.width_px),
        )
        is_higher = crop > levels[inside]  # the boxes of two regions may overlap, what they mark does not
        levels[inside][is_higher] = crop[is_higher]
        numbers[inside][is_higher] = number
        scores[number] = region_score(region, scale)
    return Painted(levels, numbers, scores)


def views_of(window: Window, layout: SurfaceLayout, cameras: Collection[str], max_incidence_deg: float) -> list[WindowView]:
    """Return those of the cameras' views that show any cell of the window well."""
    found = []
    for name in cameras:
        view = layout.views[name]
        turn_deg = np.abs((window.grid.angle_deg - view.camera.angle_deg + 180) % 360 - 180)
        if turn_deg.min() > max_incidence_deg + _ASIDE_DEG:
            continue
        shown = map_view(layout.rod, view.camera, view.lead_mm, window.grid)
        is_shown = window.own & shown.shown(
            width_px=view.width_px, height_px=view.height_px, max_incidence_deg=max_incidence_deg
        )
        is_shown &= ~_hidden(window, layout, view)
        if is_shown.any():
            weight = np.where(is_shown, np.square(shown.cos_incidence), np.float32(0))
            found.append(WindowView(name, shown.x_px, shown.y_px, is_shown, weight))
    return found


def _hidden(window: Window, layout: SurfaceLayout, view: ViewOfRod) -> Mask:
    """Return which cells lie under something that hides them from the view."""
    hidden = np.zeros(window.own.shape, bool)
    here = [each for each in layout.occlusions if not each.cameras or view.name in each.cameras]
    if here:
        points = layout.rod.surface(window.grid.along_mm[None, :], window.grid.angle_deg[:, None]).points_mm
        angle_deg = np.degrees(np.arctan2(points[..., 1], points[..., 0]))
        for occlusion in here:
            hidden |= occlusion.hides(view.lead_mm - points[..., 2], angle_deg)
    return hidden


def sample(view: WindowView, painted: Painted | None, t_low: float) -> Sample:
    """Look up the nearest pixel for every cell that the view shows. `painted` is None where nothing was marked."""
    shape = view.is_shown.shape
    if painted is None:
        return Sample(view, t_low, np.zeros(shape, np.uint8), np.zeros(shape, np.uint16), np.zeros(1))
    levels = cv2.remap(painted.levels, view.x_px, view.y_px, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    numbers = cv2.remap(painted.numbers, view.x_px, view.y_px, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    levels[~view.is_shown] = 0
    return Sample(view, t_low, levels, numbers, painted.scores)


def is_marked(samples: Sequence[Sample]) -> bool:
    """Whether any of the views has a mark in the window."""
    return any(sample.levels.any() for sample in samples)
