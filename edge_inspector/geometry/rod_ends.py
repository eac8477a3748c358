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


@dataclass(frozen=True, slots=True)
class RimEnd:
    """The outermost point of one end's rim: x in the view, and what one pixel there means along the travel."""

    x_px: float
    mm_per_px: float


@dataclass(frozen=True, slots=True)
class RodEnds:
    """The rims of both ends in part coordinates, mm: (2, n, 3), the trailing one first."""

    rims_mm: NDArray[np.float64]

    @classmethod
    def of(cls, rod: Rod) -> RodEnds:
        """Return the rims of a rod."""
        return cls(rod.surface(np.array([[rod.length_mm], [0.0]]), _RIM_DEG).points_mm)

    def seen_by(self, camera: RingCamera, lead_mm: float) -> tuple[RimEnd, RimEnd]:
        """Return where a silhouette starts (the trailing end, at low x) and where it ends (the leading one).

        `lead_mm` is the leading end's z when the frame was exposed. NaN where a rim is not before the lens.
        """
        seen = camera.project(self.rims_mm * np.array([1.0, 1.0, -1.0]) + np.array([0.0, 0.0, lead_mm]))
        start, end = int(np.argmin(seen.x_px[0])), int(np.argmax(seen.x_px[1]))
        mm_per_px = seen.depth_mm / camera.focal_px
        return (
            RimEnd(float(seen.x_px[0, start]), float(mm_per_px[0, start])),
            RimEnd(float(seen.x_px[1, end]), float(mm_per_px[1, end])),
        )
