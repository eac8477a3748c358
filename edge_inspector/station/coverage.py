"""How much of a rod's surface the cameras around it can see well, from their places alone. Pure.

science.md §7.1 and §7.2: a camera at distance D sees a point of a rod of radius R, psi away from the camera's own angle and
dz along the rod from where the camera looks, at the incidence i:
cos i = (D cos psi - R) / sqrt(D² + R² - 2 D R cos psi + dz²).
For dz = 0 the arc seen at i or straighter ends at psi = i - asin((R / D) sin i).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge_inspector.station.arcs import NONE, Angles, arc, complement, extent_deg, union, without

SLICES = 240  # of the part's length; a quarter of a millimetre of a straw piece


@dataclass(frozen=True, slots=True)
class Rod:
    """A straight round part."""

    radius_mm: float
    length_mm: float


@dataclass(frozen=True, slots=True)
class Eye:
    """One camera at the instant of its frame. Places count along the travel, from the sensor."""

    name: str
    angle_deg: float
    distance_mm: float
    along_mm: float
    seen_mm: tuple[float, float]  # of the axis, by the view's left and right border
    lead_mm: float  # the part's leading end


@dataclass(frozen=True, slots=True)
class Hidden:
    """A piece of space around the axis that hides the part's surface; `cameras` empty: from all of them."""

    along_mm: tuple[float, float]
    angles: Angles
    cameras: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """`share` of the surface that one camera or more sees well, and what none does: angles, and from where to where."""

    share: float
    unseen: Angles
    unseen_mm: tuple[float, float]  # from the leading end


def half_arc_deg(radius_mm: float, distance_mm: float, max_incidence_deg: float, dz_mm: float = 0.0) -> float:
    """Return how far to either side of its own angle a camera sees the surface at the incidence or straighter; 0: nowhere.

    >>> round(half_arc_deg(4, 80, 60), 1)
    57.5
    """
    least_cosine = math.cos(math.radians(max_incidence_deg))

    def cosine(psi: float) -> float:
        squared = distance_mm**2 + radius_mm**2 - 2 * distance_mm * radius_mm * math.cos(psi) + dz_mm**2
        return (distance_mm * math.cos(psi) - radius_mm) / math.sqrt(squared)

    if not (radius_mm < distance_mm and cosine(0.0) >= least_cosine):
        return 0.0
    low, high = 0.0, math.acos(radius_mm / distance_mm)  # the cosine of the incidence falls from one to the other
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if cosine(middle) >= least_cosine else (low, middle)
    return math.degrees(low)


def surface_coverage(rod: Rod, max_incidence_deg: float, eyes: Sequence[Eye], hidden: Sequence[Hidden]) -> Coverage:
    """Return what the cameras see of the rod's mantle, slice by slice along it."""
    unseen: list[Angles] = []
    for n in range(SLICES):
        along_mm = rod.length_mm * (n + 0.5) / SLICES
        seen = union(_seen(rod, along_mm, max_incidence_deg, eye, hidden) for eye in eyes)
        unseen.append(complement(seen))
    gaps = [n for n, angles in enumerate(unseen) if angles]
    return Coverage(
        share=1.0 - sum(map(extent_deg, unseen)) / (360.0 * SLICES),
        unseen=union(unseen),
        unseen_mm=(rod.length_mm * gaps[0] / SLICES, rod.length_mm * (gaps[-1] + 1) / SLICES) if gaps else (0.0, 0.0),
    )


def _seen(rod: Rod, along_mm: float, max_incidence_deg: float, eye: Eye, hidden: Sequence[Hidden]) -> Angles:
    z_mm = eye.lead_mm - along_mm
    if not eye.seen_mm[0] <= z_mm <= eye.seen_mm[1]:
        return NONE
    half = half_arc_deg(rod.radius_mm, eye.distance_mm, max_incidence_deg, z_mm - eye.along_mm)
    behind = union(
        each.angles
        for each in hidden
        if each.along_mm[0] <= z_mm <= each.along_mm[1] and (not each.cameras or eye.name in each.cameras)
    )
    return without(arc(eye.angle_deg - half, 2 * half), behind)
