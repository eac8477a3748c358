"""Marks on the part where no view shows its surface well: they count for no view, and would be lost; they are a doubt.

Where views leave no gap each mark lies where some view looks well, and it is for that view to say what is there. With less
than the whole surface covered, as the recipe may allow, a view may mark what it shows too flatly and nobody shows better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_inspector.decision.regions import ViewScale, crop_of, cut_level, region_score
from edge_inspector.decision.surface_layout import SurfaceLayout
from edge_inspector.decision.surface_sampling import Mask, is_hidden
from edge_inspector.domain.judgement import Region
from edge_inspector.geometry import SurfacePlaces, SurfacePoints, ViewOfRod, surface_of_pixels

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]
_LEAST_COS = 0.1  # the last half pixel of a limb: what is marked there may as well lie beside it
_MOST_PIXELS = 1024  # of one view that are looked at, which takes 3 ms; of more only every second, third, ...
_TO_WORLD = np.array([1.0, 1.0, -1.0])  # `along` runs against the travel


@dataclass(frozen=True, slots=True)
class Unseen:
    """Where one view marks surface that no view shows well: the middle of the largest such place, and its area in pixels."""

    camera: str
    area_px: float
    along_mm: float
    angle_deg: float


def find_unseen(
    regions: Mapping[str, Sequence[Region]],
    scales: Mapping[str, ViewScale],
    cut: float,
    layout: SurfaceLayout,
    cameras: Sequence[str],
    max_incidence_deg: float,
) -> list[Unseen]:
    """Return each view in which regions that reach the cut mark enough of what none of the views shows well.

    Enough is as much surface as the smallest defect that matters has where a camera looks straight, or half of the region.

    Args:
        regions: what one engine marked, by camera.
        scales: what they are scored with, by camera.
        cut: the lowest of the rules for this engine.
        layout: the surface.
        cameras: whose views the engine judged; what only others show well is unseen by it.
        max_incidence_deg: surface at a flatter angle is not shown well.
    """
    watch = _Watch(layout, [layout.views[camera] for camera in cameras], math.cos(math.radians(max_incidence_deg)))
    found = [_largest_unseen(camera, marked, cut, scales[camera], watch) for camera, marked in regions.items()]
    return [each for each in found if each is not None]


@dataclass(frozen=True, slots=True)
class _Watch:
    """All that some views show of a surface."""

    layout: SurfaceLayout
    views: Sequence[ViewOfRod]
    least_cos: float  # of the incidence

    def misses(self, places: SurfacePlaces, by: ViewOfRod) -> Mask:
        """Return which places that one view shows, nothing hiding them, are shown well by none of the views: bool (n,)."""
        at = np.flatnonzero(places.cos_incidence >= _LEAST_COS)  # not-a-number, beside the rod, is none
        surface = self.layout.rod.surface(places.along_mm[at], places.angle_deg[at])
        nobody = ~is_hidden(surface.points_mm, self.layout, by)  # what hides the part may well be marked
        for view in self.views:
            nobody &= ~self._shows(view, surface)
        missed = np.zeros(places.along_mm.shape, bool)
        missed[at[nobody]] = True
        return missed

    def _shows(self, view: ViewOfRod, surface: SurfacePoints) -> Mask:
        at_mm = surface.points_mm * _TO_WORLD + np.array([0.0, 0.0, view.lead_mm])
        way_mm = view.camera.lens_mm - at_mm
        cos = np.einsum("ni,ni->n", surface.normals * _TO_WORLD, way_mm) / np.linalg.norm(way_mm, axis=1)
        seen = view.camera.project(at_mm)
        inside = (seen.x_px >= 0) & (seen.x_px <= view.width_px - 1) & (seen.y_px >= 0) & (seen.y_px <= view.height_px - 1)
        return np.asarray(inside & (cos >= self.least_cos) & (cos > 0) & ~is_hidden(surface.points_mm, self.layout, view))


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Marked pixels of one view, each of length n; every one of them stands for `step` of its region."""

    number: Numbers  # of the region
    x_px: Floats
    y_px: Floats
    step: int

    @classmethod
    def of(cls, regions: Sequence[Region], cut: float) -> _Pixels:
        parts = []
        for number, region in enumerate(regions):
            y, x = np.nonzero(crop_of(region) >= cut_level(cut))
            parts.append(np.stack([np.full(x.size, number), x + region.x_px, y + region.y_px]))
        number, x_px, y_px = np.concatenate([np.zeros((3, 0), np.intp), *parts], axis=1)
        step = max(1, math.ceil(number.size / _MOST_PIXELS))
        return cls(number[::step], x_px[::step].astype(np.float64), y_px[::step].astype(np.float64), step)


def _largest_unseen(camera: str, regions: Sequence[Region], cut: float, scale: ViewScale, watch: _Watch) -> Unseen | None:
    view, marks = watch.layout.views[camera], _Pixels.of(regions, cut)
    shown = surface_of_pixels(watch.layout.rod, view.camera, view.lead_mm, marks.x_px, marks.y_px)
    unseen = watch.misses(shown, view)
    numbers = marks.number[unseen]
    area_px = np.bincount(numbers, marks.step / shown.cos_incidence[unseen], len(regions))
    count, of_all = np.bincount(numbers, minlength=len(regions)), np.bincount(marks.number, minlength=len(regions))
    enough = (count > 0) & ((area_px >= scale.smallest_defect_px) | (2 * count >= of_all))
    for number in sorted(np.flatnonzero(enough).tolist(), key=lambda number: -area_px[number]):
        if not region_score(regions[number], scale) < cut:
            own = unseen & (marks.number == number)
            turn_deg = (shown.angle_deg[own] - view.camera.angle_deg + 180) % 360 - 180
            angle_deg = (view.camera.angle_deg + float(turn_deg.mean())) % 360
            return Unseen(camera, float(area_px[number]), float(shown.along_mm[own].mean()), angle_deg)
    return None
