"""Where a view shows the two ends of a rod. A silhouette ends at the rim of the end face, not at the axis.

The near rim of an end 30 mm from the middle of the view appears one and a half millimetres farther out than the end of the
axis, and a rod that leans adds to it. Like `Outline`, an end is where the silhouette stops in the row of the axis: of a rod
that leans aside, one corner of the end face reaches farther out and the other less far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_inspector.geometry.ring_camera import RingCamera
from edge_inspector.geometry.rod import Rod

Floats = NDArray[np.float64]
_RIM_DEG = np.arange(0.0, 360.0, 5.0)  # the rim lies 0.004 mm beside the straight line between two of these at most
_TO_WORLD = np.array([1.0, 1.0, -1.0])


@dataclass(frozen=True, slots=True)
class RimEnd:
    """The outermost point of one end's rim in the row of the axis: x in the view, and what one pixel there means in mm."""

    x_px: float
    mm_per_px: float


@dataclass(frozen=True, slots=True)
class RodEnds:
    """Both ends in part coordinates, mm: (2, n + 1, 3), the trailing one first; n points of the rim, then the axis."""

    points_mm: Floats

    @classmethod
    def of(cls, rod: Rod) -> RodEnds:
        """Return the ends of a rod."""
        along = np.array([[rod.length_mm], [0.0]])
        axis = np.concatenate([rod.centre_mm(along), along[..., None]], axis=-1)
        rims = rod.surface(along, _RIM_DEG).points_mm
        closed = [rims, rims[:, :1]]  # its first point again, to the bit: one that crosses there would be lost otherwise
        return cls(np.concatenate([*closed, axis], axis=1))

    def seen_by(self, camera: RingCamera, lead_mm: float) -> tuple[RimEnd, RimEnd]:
        """Return where a silhouette starts (the trailing end, at low x) and where it ends (the leading one).

        `lead_mm` is the leading end's z when the frame was exposed. NaN where a rim is not before the lens.
        """
        seen = camera.project(self.points_mm * _TO_WORLD + np.array([0.0, 0.0, lead_mm]))
        below_px = seen.y_px[:, :-1] - seen.y_px[:, -1:]  # the row of the axis
        first, second = below_px[:, :-1], below_px[:, 1:]
        crosses = (first <= 0) != (second <= 0)
        if not crosses.any(axis=1).all():
            return RimEnd(np.nan, np.nan), RimEnd(np.nan, np.nan)
        share = first / np.where(crosses, first - second, 1.0)
        x_px = seen.x_px[:, :-2] + share * (seen.x_px[:, 1:-1] - seen.x_px[:, :-2])
        start, end = (
            int(np.where(crosses[0], x_px[0], np.inf).argmin()),
            int(np.where(crosses[1], x_px[1], -np.inf).argmax()),
        )
        return (
            RimEnd(float(x_px[0, start]), float(seen.depth_mm[0, start]) / camera.focal_px),
            RimEnd(float(x_px[1, end]), float(seen.depth_mm[1, end]) / camera.focal_px),
        )
