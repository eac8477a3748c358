"""A rod whose axis is a curve: the form that the silhouettes of a straw give.

Part coordinates: x and y across the travel as in the world (angle 0 is x, 90° is y, around the direction of travel), and
`along`, mm from the leading end towards the trailing one, measured on the travel. In the world the part's z is lead − along.
Where a rod leans by 8 degrees, places and lengths along are 1 % short of those on its own axis; `end_to_end_mm` is not.

At each place along, the axis passes through (x, y), polynomials of degree two; the cross-section stands square to the axis
there, as a cut through a bent tube does, and its radius at angle theta is r + a cos 2 theta + b sin 2 theta, with r linear
along. Both ends are cut square to the axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
PARAMETERS = 11


class SurfacePoints(NamedTuple):
    """Points of a rod's surface in part coordinates, mm (..., 3), and unit normals there (..., 3), outwards."""

    points_mm: Floats
    normals: Floats


@dataclass(frozen=True, slots=True)
class Rod:
    """One rod. Polynomials are in the place s = 2 along / length − 1, which runs from −1 (leading end) to 1 (trailing end).

    Raises:
        ValueError: a number is not finite, the length or a radius is not positive, or the oval term exceeds the radius.
    """

    length_mm: float  # leading to trailing end, along the travel
    centre_x_mm: tuple[float, float, float]  # the axis: x0 + x1 s + x2 s²
    centre_y_mm: tuple[float, float, float]
    radius_mm: tuple[float, float]  # r0 + r1 s
    oval_terms_mm: tuple[float, float] = (0.0, 0.0)  # a, b of the radius

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in self.parameters):
            raise ValueError(f"the rod has a number that is not finite: {self.parameters}")
        thinnest_mm = self.radius_mm[0] - abs(self.radius_mm[1]) - math.hypot(*self.oval_terms_mm)
        if not (self.length_mm > 0 and thinnest_mm > 0):
            raise ValueError(f"the rod is {self.length_mm:.3f} mm long and {thinnest_mm:.3f} mm in its thinnest radius")

    @property
    def parameters(self) -> tuple[float, ...]:
        """The rod as plain numbers, for the journal: length, x0, x1, x2, y0, y1, y2, r0, r1, a, b; all in mm."""
        return (self.length_mm, *self.centre_x_mm, *self.centre_y_mm, *self.radius_mm, *self.oval_terms_mm)

    @classmethod
    def of_parameters(cls, parameters: Sequence[float]) -> Rod:
        """Return the rod that has these `parameters`.

        Raises:
            ValueError: they are not eleven, or are not those of a rod.
        """
        if len(parameters) != PARAMETERS:
            raise ValueError(f"a rod has {PARAMETERS} parameters, not {len(parameters)}")
        length, x0, x1, x2, y0, y1, y2, r0, r1, a, b = parameters
        return cls(length, (x0, x1, x2), (y0, y1, y2), (r0, r1), (a, b))

    @property
    def end_to_end_mm(self) -> float:
        """From the middle of one end to that of the other, as callipers measure it; more than `length_mm` where it leans."""
        return math.hypot(self.length_mm, 2 * self.centre_x_mm[1], 2 * self.centre_y_mm[1])

    @property
    def diameter_mm(self) -> float:
        """Mean over the length and around."""
        return 2 * self.radius_mm[0]

    @property
    def bow_mm(self) -> float:
        """Farthest that the axis lies from the straight line between its ends: half way, for a parabola."""
        return math.hypot(self.centre_x_mm[2], self.centre_y_mm[2])

    @property
    def taper_mm(self) -> float:
        """Difference of the diameter between the two ends, not negative."""
        return 4 * abs(self.radius_mm[1])

    @property
    def oval_mm(self) -> float:
        """Largest less smallest diameter of a cross-section."""
        return 4 * math.hypot(*self.oval_terms_mm)

    @property
    def radius_slope(self) -> float:
        """How much the radius grows in a millimetre along."""
        return 2 * self.radius_mm[1] / self.length_mm

    def centre_mm(self, along_mm: ArrayLike) -> Floats:
        """Return the axis at places along: x and y, (..., 2). Beyond the ends the polynomials go on."""
        s = self._place(along_mm)
        (x0, x1, x2), (y0, y1, y2) = self.centre_x_mm, self.centre_y_mm
        return np.stack([x0 + s * (x1 + s * x2), y0 + s * (y1 + s * y2)], axis=-1)

    def slope(self, along_mm: ArrayLike) -> Floats:
        """Return how far the axis moves aside in a millimetre along: x and y, (..., 2)."""
        s = self._place(along_mm)
        (_, x1, x2), (_, y1, y2) = self.centre_x_mm, self.centre_y_mm
        return np.stack([x1 + 2 * s * x2, y1 + 2 * s * y2], axis=-1) * (2 / self.length_mm)

    def round_radius_mm(self, along_mm: ArrayLike) -> Floats:
        """Return the radius at places along, without the oval term."""
        r0, r1 = self.radius_mm
        return r0 + r1 * self._place(along_mm)

    def oval_part_mm(self, angle_rad: ArrayLike) -> Floats:
        """Return what the oval term adds to the radius at angles."""
        a, b = self.oval_terms_mm
        twice = 2 * np.asarray(angle_rad, np.float64)
        return a * np.cos(twice) + b * np.sin(twice)

    def oval_slope_mm(self, angle_rad: ArrayLike) -> Floats:
        """Return how much the radius grows in a radian at angles."""
        a, b = self.oval_terms_mm
        twice = 2 * np.asarray(angle_rad, np.float64)
        return 2 * (b * np.cos(twice) - a * np.sin(twice))

    def surface(self, along_mm: ArrayLike, angle_deg: ArrayLike) -> SurfacePoints:
        """Return the surface at places along and angles, which are broadcast against each other.

        >>> rod = Rod(60.0, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (4.0, 0.0))
        >>> rod.surface(10.0, 0.0).points_mm.round(6).tolist()
        [4.0, 1.0, 10.0]
        """
        along, angle = np.broadcast_arrays(np.asarray(along_mm, np.float64), np.radians(np.asarray(angle_deg, np.float64)))
        slope = self.slope(along)
        radius = self.round_radius_mm(along) + self.oval_part_mm(angle)
        out = lean(np.stack([np.cos(angle), np.sin(angle)], axis=-1), slope)
        around = lean(np.stack([-np.sin(angle), np.cos(angle)], axis=-1), slope)
        axis = np.concatenate([self.centre_mm(along), along[..., None]], axis=-1)
        # the normal leans back where the radius grows: around by the oval term, along by the taper
        normal = out - (self.oval_slope_mm(angle) / radius)[..., None] * around - self.radius_slope * _tangent(slope)
        return SurfacePoints(axis + radius[..., None] * out, normal / np.linalg.norm(normal, axis=-1, keepdims=True))

    def _place(self, along_mm: ArrayLike) -> Floats:
        return 2 * np.asarray(along_mm, np.float64) / self.length_mm - 1


def lean(across: Floats, slope: Floats) -> Floats:
    """Return directions across an upright axis, (..., 2), as they stand across one with this slope, (..., 2): (..., 3).

    The smallest turn that takes the direction `along` to the axis (Rodrigues), in part coordinates.
    """
    steepness = np.sqrt(1 + np.sum(slope**2, axis=-1, keepdims=True))
    rise = np.sum(across * slope, axis=-1, keepdims=True) / steepness
    return np.asarray(np.concatenate([across - slope * rise / (1 + steepness), -rise], axis=-1))


def upright(direction: Floats, slope: Floats) -> Floats:
    """Return the inverse of `lean` for directions (..., 3) square to the axis: (..., 2)."""
    steepness = np.sqrt(1 + np.sum(slope**2, axis=-1, keepdims=True))
    return np.asarray(direction[..., :2] - slope * direction[..., 2:] / (1 + steepness))


def _tangent(slope: Floats) -> Floats:
    tangent = np.concatenate([slope, np.ones_like(slope[..., :1])], axis=-1)
    return np.asarray(tangent / np.linalg.norm(tangent, axis=-1, keepdims=True))
