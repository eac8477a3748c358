"""Where a view shows the two ends of a rod. A silhouette ends at the rim of the end face, not at the axis.

The near rim of an end 30 mm from the middle of the view appears one and a half millimetres farther out than the end of the
axis, and a rod that leans adds to it. The outermost point of the whole rim is where the silhouette ends, near rim or far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_inspector.geometry.ring_camera import RingCamera
from edge_inspector.geometry.rod import Rod

_RIM_DEG = np.arange(0.0, 360.0, 5.0)  # the outermost point between two of these lies 0.002 mm farther out at most
_RIM = np.array([1.0, 1.0, -1.0])


@dataclass(frozen=True, slots=True)
class RimEnd:
    """The outermost point of one end's rim: x in the view, and what one pixel there means along the travel."""

    x_px: float
    mm_per_px: float


def rim_ends(rod: Rod, camera: RingCamera, lead_mm: float) -> tuple[RimEnd, RimEnd]:
    """Return where a silhouette starts (the trailing end, at low x) and where it ends (the leading end)."""
    trailing = _rim(rod, camera, lead_mm, rod.length_mm)
    leading = _rim(rod, camera, lead_mm, 0.0)
    first, last = int(np.argmin(trailing[0])), int(np.argmax(leading[0]))
    return (
        RimEnd(float(trailing[0][first]), float(trailing[1][first])),
        RimEnd(float(leading[0][last]), float(leading[1][last])),
    )


def _rim(rod: Rod, camera: RingCamera, lead_mm: float, along_mm: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = rod.surface(along_mm, _RIM_DEG).points_mm * _RIM + np.array([0.0, 0.0, lead_mm])
    seen = camera.project(points)
    return seen.x_px, seen.depth_mm / camera.focal_px
