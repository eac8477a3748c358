"""Marks that lie on no part: an engine that marks what is not there may not be looking at what is.

A mark on the surface that its view shows too flatly is another view's to judge. One that lies beside the part, whole or in
part, is nobody's, and would be lost when views are put together; it is a doubt. So is a splinter that stands out of the
part: what is measured is the rod's own surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from edge_inspector.decision.regions import ViewScale, crop_of, cut_level, region_score
from edge_inspector.domain.judgement import Region
from edge_inspector.geometry import Rod, ViewOfRod

Mask = npt.NDArray[np.bool_]
ASIDE_PX = 3.0  # an outline lies within a pixel of the rod fitted to all of them; engines mark a fringe of one or two more
_SLICES = 16  # of a rod 60 mm long and bent by 1.2 mm each is straight within 0.1 px
_RIM_DEG = np.arange(0.0, 360.0, 6.0)  # half way between two of these the rim lies 0.1 px farther out
_FRACTION_BITS = 4
_MOST_PX = 1 << 20  # farther away nothing of a picture changes, and OpenCV's numbers are not left


def part_in_view(rod: Rod, view: ViewOfRod) -> Mask:
    """Return which pixels of a view show the rod, or lie no farther beside it than `ASIDE_PX`: bool (h, w)."""
    margin_mm = ASIDE_PX * view.camera.distance_mm / view.camera.focal_px
    thicker = replace(rod, radius_mm=(rod.radius_mm[0] + margin_mm, rod.radius_mm[1]))
    along_mm = np.linspace(-margin_mm, rod.length_mm + margin_mm, _SLICES + 1)
    rims_mm = thicker.surface(along_mm[:, None], _RIM_DEG[None, :]).points_mm  # (n_rims, n_points, 3)
    seen = view.camera.project(rims_mm * np.array([1.0, 1.0, -1.0]) + np.array([0.0, 0.0, view.lead_mm]))
    rims_px = np.stack([seen.x_px, seen.y_px], axis=-1)
    part = np.zeros((view.height_px, view.width_px), np.uint8)
    if np.all(np.isfinite(rims_px)):  # else some of it is not before the lens, and all that is marked is a doubt
        corners = np.rint(np.clip(rims_px, -_MOST_PX, _MOST_PX) * (1 << _FRACTION_BITS)).astype(np.int32)
        for near, far in pairwise(corners):
            cv2.fillConvexPoly(part, cv2.convexHull(np.concatenate([near, far])), 1, shift=_FRACTION_BITS)
    return part > 0


def count_beside(regions: Sequence[Region], cut: float, scale: ViewScale, part: Mask) -> int:
    """Return how many regions that reach the cut lie beside the part with enough of what they mark at the cut.

    Enough is as many pixels as the smallest defect that matters has, or half of them. `part`: of `part_in_view`.
    """
    return sum(_is_beside(region, cut, scale, part) for region in regions)


def _is_beside(region: Region, cut: float, scale: ViewScale, part: Mask) -> bool:
    here = part[region.y_px : region.y_px + region.height_px, region.x_px : region.x_px + region.width_px]
    if here.all():
        return False
    marked = crop_of(region) >= cut_level(cut)
    beside, of_all = int(np.count_nonzero(marked & ~here)), int(np.count_nonzero(marked))
    enough = beside >= scale.smallest_defect_px or 2 * beside >= of_all
    return beside > 0 and enough and not region_score(region, scale) < cut
