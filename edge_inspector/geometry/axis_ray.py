"""Rays and points seen from the axis of a rod, in part coordinates: what fitting and tracing share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_inspector.geometry.ring_camera import RingCamera
from edge_inspector.geometry.rod import Rod, upright

Floats = NDArray[np.float64]
_APPROACH_ROUNDS = 2  # of Newton's method: within 0.001 mm of the depth where the distance is least, for 3 mm of bow
_FOOT_ROUNDS = 2  # beginning within a millimetre, as the callers do


@dataclass(frozen=True, slots=True)
class Rays:
    """Lines of sight in part coordinates: `lens_mm` (..., 3) + depth * `direction` (..., 3)."""

    lens_mm: Floats
    direction: Floats

    @classmethod
    def of_pixels(cls, camera: RingCamera, lead_mm: float, x_px: Floats, y_px: Floats) -> Rays:
        """Return the rays of pixels; `lead_mm` is the leading end's z when the frame was exposed."""
        direction = camera.rays(x_px, y_px) * np.array([1.0, 1.0, -1.0])  # `along` runs against the travel
        lens = np.array([1.0, 1.0, -1.0]) * camera.lens_mm + np.array([0.0, 0.0, lead_mm])
        return cls(np.broadcast_to(lens, direction.shape), direction)

    def at(self, depth_mm: Floats) -> Floats:
        """Return the points at these depths: (..., 3)."""
        return self.lens_mm + depth_mm[..., None] * self.direction


@dataclass(frozen=True, slots=True)
class FromAxis:
    """Points seen from the nearest point of a rod's axis."""

    along_mm: Floats  # (...,) of that point
    distance_mm: Floats  # (...,)
    out: Floats  # (..., 3) unit vector from the axis to the point
    angle_rad: Floats  # (...,) of `out`, around the axis


def axis_point(rod: Rod, along_mm: Floats) -> Floats:
    """Return points of the axis: (..., 3)."""
    return np.concatenate([rod.centre_mm(along_mm), along_mm[..., None]], axis=-1)


def from_axis(rod: Rod, points_mm: Floats, along_mm: Floats) -> FromAxis:
    """Return points (..., 3) as seen from the axis; `along_mm` is a first guess, good to a millimetre or so."""
    for _ in range(_FOOT_ROUNDS):
        tangent = _tangent(rod, along_mm)
        gap = points_mm - axis_point(rod, along_mm)
        along_mm = along_mm + _dot(gap, tangent) / _dot(tangent, tangent)
    gap = points_mm - axis_point(rod, along_mm)
    distance = np.sqrt(_dot(gap, gap))
    out = gap / np.maximum(distance, 1e-12)[..., None]
    across = upright(out, rod.slope(along_mm))
    return FromAxis(along_mm, distance, out, np.arctan2(across[..., 1], across[..., 0]))


def nearest_depth(rod: Rod, rays: Rays) -> tuple[Floats, Floats]:
    """Return where rays pass the axis most closely: depth, and place along the axis, both (...,).

    The rays have depth 1 a unit, as those of a `RingCamera`, and none of them runs along the axis.
    """
    depth = np.sqrt(np.sum(rays.lens_mm[..., :2] ** 2, axis=-1))  # at the axis of the travel
    along = rays.at(depth)[..., 2]
    for _ in range(_APPROACH_ROUNDS):
        tangent = _tangent(rod, along)
        gap = rays.at(depth) - axis_point(rod, along)
        # the gap is to be square to the ray and to the axis: two linear equations in the steps of depth and along
        ray_ray, axis_axis = _dot(rays.direction, rays.direction), _dot(tangent, tangent)
        ray_axis = _dot(rays.direction, tangent)
        gap_ray, gap_axis = _dot(gap, rays.direction), _dot(gap, tangent)
        determinant = ray_ray * axis_axis - ray_axis**2
        depth = depth + (ray_axis * gap_axis - axis_axis * gap_ray) / determinant
        along = along + (ray_ray * gap_axis - ray_axis * gap_ray) / determinant
    return depth, along


def normals(rod: Rod, near: FromAxis) -> Floats:
    """Return the unit normals (..., 3), outwards, of the surface under points seen from the axis."""
    tangent = _tangent(rod, near.along_mm)
    tangent /= np.sqrt(_dot(tangent, tangent))[..., None]
    around = np.cross(tangent, near.out)
    radius = rod.round_radius_mm(near.along_mm) + rod.oval_part_mm(near.angle_rad)
    # the normal leans back where the radius grows: around by the oval term, along by the taper
    normal = near.out - (rod.oval_slope_mm(near.angle_rad) / radius)[..., None] * around - rod.radius_slope * tangent
    return np.asarray(normal / np.sqrt(_dot(normal, normal))[..., None])


def _tangent(rod: Rod, along_mm: Floats) -> Floats:
    return np.concatenate([rod.slope(along_mm), np.ones_like(along_mm)[..., None]], axis=-1)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("...i,...i->...", a, b))
