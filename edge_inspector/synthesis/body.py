"""The form of a generated part: a rod whose axis is a curve and whose cross-section is an ellipse.

Places along it are millimetres from its leading end. Across the travel it lies in a plane with axes x (angle 0) and y
(angle 90 degrees), its chord near the origin, which is where cameras look.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NOMINAL_LENGTH_MM = 60.0
NOMINAL_DIAMETER_MM = 8.0
LENGTH_MM = (59.2, 60.2)
DIAMETER_SHARE = (0.7, 1.3)  # of the nominal one (line.md 28)
MOST_BOW_MM = 0.8
MOST_TAPER = 0.08  # of the diameter, end to end
MOST_OVAL = 0.06  # of the diameter, largest less smallest
MOST_OFFSET_MM = 0.5  # of the middle, across the travel
MOST_TILT_DEG = 0.5

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Body:
    """One rod. `steps` scales the diameter along it, (place, factor) with rising places: a bolt's head, a cone."""

    length_mm: float
    diameter_mm: float  # half way along, mean of the cross-section
    taper: float = 0.0  # diameter at the trailing end less that at the leading one, as a share of the mean
    oval: float = 0.0  # largest less smallest diameter of a cross-section, as a share of the mean
    oval_at_deg: float = 0.0  # where the cross-section is widest
    bow_mm: float = 0.0  # height of the arc above its chord
    bow_at_deg: float = 0.0
    offset_mm: tuple[float, float] = (0.0, 0.0)  # x, y of the chord's middle
    slope: tuple[float, float] = (0.0, 0.0)  # dx, dy a millimetre of length, towards the trailing end
    lag_mm: float = 0.0  # the leading end follows the part's by so much (the second of two straws)
    steps: tuple[tuple[float, float], ...] = ()

    @property
    def circumference_mm(self) -> float:
        """Around the middle of the rod."""
        return math.pi * self.diameter_mm

    def centre_mm(self, along_mm: Float) -> tuple[Float, Float]:
        """The axis at each place along the rod: x and y, float32 of one shape."""
        t = along_mm / np.float32(self.length_mm) - np.float32(0.5)  # -1/2 ... 1/2
        arc = np.float32(self.bow_mm) * (np.float32(1.0) - np.float32(4.0) * t * t)
        turn = math.radians(self.bow_at_deg)
        from_middle = along_mm - np.float32(self.length_mm / 2)
        x = np.float32(self.offset_mm[0]) + np.float32(self.slope[0]) * from_middle + np.float32(math.cos(turn)) * arc
        y = np.float32(self.offset_mm[1]) + np.float32(self.slope[1]) * from_middle + np.float32(math.sin(turn)) * arc
        return x, y

    def radius_mm(self, along_mm: Float, angle_rad: Float) -> Float:
        """Distance of the surface from the axis at each place and angle, float32."""
        t = along_mm / np.float32(self.length_mm) - np.float32(0.5)
        mean = np.float32(self.diameter_mm / 2) * (np.float32(1.0) + np.float32(self.taper) * t)
        if self.steps:
            places, factors = zip(*self.steps, strict=True)
            mean = mean * np.interp(along_mm, places, factors).astype(np.float32)
        around = np.cos(np.float32(2.0) * (angle_rad - np.float32(math.radians(self.oval_at_deg))))
        return np.asarray(mean * (np.float32(1.0) + np.float32(self.oval / 2) * around), np.float32)


def draw_body(rng: np.random.Generator, length_mm: float | None = None) -> Body:
    """Draw the form of one natural straw piece, within the limits above."""
    turn, place = rng.uniform(0, 360, 2), rng.uniform(-MOST_OFFSET_MM, MOST_OFFSET_MM, 2)
    slope = np.tan(np.radians(rng.uniform(-MOST_TILT_DEG, MOST_TILT_DEG, 2)))
    return Body(
        length_mm=float(rng.uniform(*LENGTH_MM)) if length_mm is None else length_mm,
        diameter_mm=NOMINAL_DIAMETER_MM * float(rng.uniform(*DIAMETER_SHARE)),
        taper=float(rng.uniform(-MOST_TAPER, MOST_TAPER)),
        oval=float(rng.uniform(0.0, MOST_OVAL)),
        oval_at_deg=float(turn[0]),
        bow_mm=float(MOST_BOW_MM * rng.random() ** 2),
        bow_at_deg=float(turn[1]),
        offset_mm=(float(place[0]), float(place[1])),
        slope=(float(slope[0]), float(slope[1])),
    )
