"""Which share of a rod's surface the views show well: what "inspected" means for a part seen from all around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_inspector.geometry.ring_camera import RingCamera
from edge_inspector.geometry.rod import Rod
from edge_inspector.geometry.surface_grid import SurfaceGrid
from edge_inspector.geometry.view_map import map_view


@dataclass(frozen=True, slots=True)
class ViewOfRod:
    """One view of the part: by which camera, where the part was, and how large the picture is."""

    name: str  # of the camera, for `Occlusion.cameras`
    camera: RingCamera
    lead_mm: float
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Occlusion:
    """A piece of the world where a part's surface can not be seen: under a finger, a guide, a support. It stands still."""

    along_mm: tuple[float, float]  # [from, to], z from the sensor
    angle_deg: tuple[float, float]  # [from, to] around the direction of travel; [350, 10] goes through 0
    cameras: frozenset[str] = frozenset()  # from which it hides the surface; empty: from all

    def hides(self, z_mm: NDArray[np.float64], angle_deg: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which places of the world lie in it. A place that is not a number does."""
        (near, far), (start, end) = self.along_mm, self.angle_deg
        span = 360.0 if abs(end - start) >= 360 else (end - start) % 360
        return np.asarray(~((z_mm < near) | (z_mm > far) | ((angle_deg - start) % 360 > span)))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often each cell of a grid is shown well, uint8 (n_angle, n_along), and the share shown by one view or more."""

    times_seen: NDArray[np.uint8]
    share: float


def seen_share(
    rod: Rod,
    views: Sequence[ViewOfRod],
    grid: SurfaceGrid,
    *,
    max_incidence_deg: float,
    occlusions: Sequence[Occlusion] = (),
) -> Coverage:
    """Count which views show each cell of `grid` inside their picture, unhidden, and at no flatter incidence than the limit.

    A cell counts whole by its middle, so that a gap narrower than a cell may go unnoticed: the grid's step is to be well
    below the smallest defect.
    """
    times_seen = np.zeros(grid.shape, np.uint8)
    if occlusions:  # where the cells are in the world, but for the travel
        points = rod.surface(grid.along_mm[None, :], grid.angle_deg[:, None]).points_mm
        behind_mm, angle_deg = points[..., 2], np.degrees(np.arctan2(points[..., 1], points[..., 0]))
    for view in views:
        shown = map_view(rod, view.camera, view.lead_mm, grid).shown(
            width_px=view.width_px, height_px=view.height_px, max_incidence_deg=max_incidence_deg
        )
        for occlusion in occlusions:
            if not occlusion.cameras or view.name in occlusion.cameras:
                shown &= ~occlusion.hides(view.lead_mm - behind_mm, angle_deg)
        times_seen += shown
    return Coverage(times_seen, float(np.mean(times_seen > 0)))
