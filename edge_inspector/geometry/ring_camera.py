"""A pinhole camera of the ring around the parts' path, without lens distortion (science.md §7.1).

World: z in mm along the travel from the sensor; angle 0 is the direction x, angle 90° the direction y, so that a point at
radius r and angle theta is (r cos theta, r sin theta, z). The camera stands at its angle, `distance_mm` from the axis,
opposite z = `along_mm`, and looks straight at the axis. A view's x runs with the travel, its y (downwards) with rising
angles. Pixel centres are at whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Projected(NamedTuple):
    """Where points appear in a view, and how deep they lie before the lens; float64, all of one shape."""

    x_px: Floats
    y_px: Floats
    depth_mm: Floats  # along the direction in which the camera looks; a point is in front of it where this is > 0


@dataclass(frozen=True, slots=True)
class RingCamera:
    """Where one camera stands and how it sees: `CameraPlace` of a station, or `ViewPlaceRecord` of the journal.

    Raises:
        ValueError: a number is not finite, or distance or focal length is not positive.
    """

    angle_deg: float
    distance_mm: float
    along_mm: float
    focal_px: float
    centre_x_px: float
    centre_y_px: float

    def __post_init__(self) -> None:
        numbers = (self.angle_deg, self.distance_mm, self.along_mm, self.focal_px, self.centre_x_px, self.centre_y_px)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"a camera's place has a number that is not finite: {self}")
        if not (self.distance_mm > 0 and self.focal_px > 0):
            raise ValueError(f"a camera needs a positive distance and focal length: {self}")

    @property
    def outwards(self) -> Floats:
        """Unit vector (3,) from the axis to the camera."""
        turn = math.radians(self.angle_deg)
        return np.array([math.cos(turn), math.sin(turn), 0.0])

    @property
    def aside(self) -> Floats:
        """Unit vector (3,) of rising angles before the camera: where y of its view points."""
        turn = math.radians(self.angle_deg)
        return np.array([-math.sin(turn), math.cos(turn), 0.0])

    @property
    def lens_mm(self) -> Floats:
        """Where the lens is in the world: (3,)."""
        return np.asarray(self.distance_mm * self.outwards + np.array([0.0, 0.0, self.along_mm]))

    def project(self, points_mm: ArrayLike) -> Projected:
        """Return where points of the world, mm (..., 3), appear; NaN where they are not in front of the lens.

        >>> camera = RingCamera(0.0, 80.0, 50.0, 1400.0, 360.0, 640.0)
        >>> x_px, y_px, depth_mm = camera.project([4 * 0.75**0.5, 2.0, 60.0])  # science.md §10.3
        >>> print(f"{x_px:.4f} {y_px:.4f}")
        542.9207 676.5841
        """
        points = np.asarray(points_mm, np.float64)
        depth = self.distance_mm - points @ self.outwards
        scale = self.focal_px / np.where(depth > 0, depth, np.nan)
        return Projected(
            self.centre_x_px + scale * (points[..., 2] - self.along_mm),
            self.centre_y_px + scale * (points @ self.aside),
            depth,
        )

    def rays(self, x_px: ArrayLike, y_px: ArrayLike) -> Floats:
        """Return the directions in which pixels look: (..., 3), each of depth 1, so that lens + t * ray lies t mm deep."""
        over, beside = np.broadcast_arrays(
            (np.asarray(x_px, np.float64) - self.centre_x_px) / self.focal_px,
            (np.asarray(y_px, np.float64) - self.centre_y_px) / self.focal_px,
        )
        along = np.array([0.0, 0.0, 1.0])
        return np.asarray(-self.outwards + beside[..., None] * self.aside + over[..., None] * along)
