"""Where a view shows each cell of a rod's surface, and which place of the surface each of its pixels shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_inspector.geometry.axis_ray import Rays, from_axis, nearest_depth, normals
from edge_inspector.geometry.ring_camera import RingCamera
from edge_inspector.geometry.rod import Rod
from edge_inspector.geometry.surface_grid import SurfaceGrid

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]

NOWHERE_PX = -32768.0  # outside of any picture, and still a number that a resampler can take
_ALL = slice(None)
_TURNED_AWAY_DEG = 95.0  # farther around than this from the camera nothing is seen of a rod, leaning and oval included
_ROUNDS = 6  # of Newton's method per ray; the fourth changes nothing above 1e-6 mm unless the ray only grazes the rod
_LEAST_APPROACH = 0.02  # 1.1 degrees from grazing
_MISS_MM = 2e-3  # a ray whose last round ends farther from the surface has not met it


@dataclass(frozen=True, slots=True)
class ViewMap:
    """Where a camera sees each cell of a grid. float32 (n_angle, n_along), or the part of the grid that was asked for.

    `x_px`, `y_px`: in the view, which may end before; `NOWHERE_PX` where the surface is turned away.
    `cos_incidence`: cosine of the angle between the surface's normal and the way to the lens; ≤ 0: turned away.
    """

    x_px: Float32s
    y_px: Float32s
    cos_incidence: Float32s

    def shown(self, *, width_px: int, height_px: int, max_incidence_deg: float) -> NDArray[np.bool_]:
        """Return where a view of this size shows the surface at no flatter incidence: bool, of the maps' shape."""
        return np.asarray(
            (self.cos_incidence >= math.cos(math.radians(max_incidence_deg)))
            & (self.cos_incidence > 0)
            & (self.x_px >= 0)
            & (self.x_px <= width_px - 1)
            & (self.y_px >= 0)
            & (self.y_px <= height_px - 1)
        )


@dataclass(frozen=True, slots=True)
class SurfacePlaces:
    """What pixels show of a surface: float64 of the pixels' shape, NaN where they miss it."""

    along_mm: Floats
    angle_deg: Floats  # 0 <= angle < 360
    cos_incidence: Floats


def map_view(
    rod: Rod, camera: RingCamera, lead_mm: float, grid: SurfaceGrid, *, rows: slice = _ALL, columns: slice = _ALL
) -> ViewMap:
    """Return where a camera sees the cells of `grid`.

    Args:
        rod: the part.
        camera: one of the ring.
        lead_mm: the leading end's z when the frame was exposed.
        grid: of this rod.
        rows: only these of the grid's angles.
        columns: only these of the grid's places along.
    """
    angle_deg, along = grid.angle_deg[rows], grid.along_mm[columns]
    shape = (angle_deg.size, along.size)
    view = ViewMap(
        np.full(shape, NOWHERE_PX, np.float32), np.full(shape, NOWHERE_PX, np.float32), np.full(shape, -1, np.float32)
    )
    away_deg = np.abs((angle_deg - camera.angle_deg + 180) % 360 - 180)
    for run in _runs(away_deg < _TURNED_AWAY_DEG):
        _map_rows(rod, camera, lead_mm, np.radians(angle_deg[run]), along, view, run)
    return view


def _runs(wanted: NDArray[np.bool_]) -> list[slice]:
    """Return the runs of rows to compute: one, or two where they pass through the first row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    return [slice(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _map_rows(rod: Rod, camera: RingCamera, lead_mm: float, angle: Floats, along: Floats, view: ViewMap, run: slice) -> None:
    """Fill one run of rows. Everything is a short sum of (what depends on the row) × (what depends on the column)."""
    out, aside = camera.outwards[:2], camera.aside[:2]
    slope = rod.slope(along)  # (n_along, 2)
    steepness = np.sqrt(1 + np.sum(slope**2, axis=-1))
    across = np.stack([np.cos(angle), np.sin(angle)], axis=-1)  # (n_angle, 2)
    around = np.stack([-across[:, 1], across[:, 0]], axis=-1)
    centre = rod.centre_mm(along)

    def table(*terms: tuple[Floats, Floats]) -> Float32s:
        """Sum of outer products (n_angle,) × (n_along,)."""
        left = np.stack([term[0] for term in terms], axis=1).astype(np.float32)
        right = np.stack([term[1] for term in terms], axis=0).astype(np.float32)
        return np.asarray(left @ right, np.float32)

    ones, every = np.ones_like(angle), np.ones_like(along)
    x, y = across.T
    rise_x, rise_y = (slope / steepness[:, None]).T  # radius direction · slope is how far it stands back along
    radius = table((ones, rod.round_radius_mm(along)), (rod.oval_part_mm(angle), every))
    rise = table((x, rise_x), (y, rise_y))
    # the direction of the radius, in the camera's own directions: towards it, aside, and along z
    towards_lean, aside_lean = -(slope @ out) / (1 + steepness), -(slope @ aside) / (1 + steepness)
    towards = table((across @ out, every), (x, rise_x * towards_lean), (y, rise_y * towards_lean))
    beside = table((across @ aside, every), (x, rise_x * aside_lean), (y, rise_y * aside_lean))
    # the point of the surface, from the lens
    depth = table((ones, camera.distance_mm - centre @ out)) - radius * towards
    lateral = table((ones, centre @ aside)) + radius * beside
    z = table((ones, lead_mm - along - camera.along_mm)) + radius * rise
    focal = np.float32(camera.focal_px) / depth
    view.x_px[run] = focal * z + np.float32(camera.centre_x_px)
    view.y_px[run] = focal * lateral + np.float32(camera.centre_y_px)

    # the normal, as in `Rod.surface`; the lean of its small oval and taper parts is of second order and left out
    oval = rod.oval_slope_mm(angle) / (rod.radius_mm[0] + rod.oval_part_mm(angle))
    towards -= (oval * (around @ out)).astype(np.float32)[:, None]
    beside -= (oval * (around @ aside)).astype(np.float32)[:, None]
    rise -= table((oval * around[:, 0], rise_x), (oval * around[:, 1], rise_y), (ones, -rod.radius_slope * every))
    facing = towards * depth - beside * lateral - rise * z
    normal_square = (1 + oval**2 + rod.radius_slope**2).astype(np.float32)[:, None]
    view.cos_incidence[run] = facing / np.sqrt(normal_square * (depth * depth + lateral * lateral + z * z))


def surface_of_pixels(rod: Rod, camera: RingCamera, lead_mm: float, x_px: ArrayLike, y_px: ArrayLike) -> SurfacePlaces:
    """Return what pixels, fractions allowed, show of a rod's surface. The end faces are not part of it.

    A pixel that only grazes the rod, within a few degrees, may count as one that misses it.

    Args:
        rod: the part.
        camera: one of the ring.
        lead_mm: the leading end's z when the frame was exposed.
        x_px: of the view, broadcast against `y_px`.
        y_px: of the view.
    """
    rays = Rays.of_pixels(camera, lead_mm, np.asarray(x_px, np.float64), np.asarray(y_px, np.float64))
    ray_length = np.linalg.norm(rays.direction, axis=-1)
    deepest, along = nearest_depth(rod, rays)
    near = from_axis(rod, rays.at(deepest), along)
    radius = rod.round_radius_mm(near.along_mm) + rod.oval_part_mm(near.angle_rad)
    depth = deepest - np.sqrt(np.maximum(radius**2 - near.distance_mm**2, 0)) / ray_length  # of a round, upright rod
    for _ in range(_ROUNDS):
        near = from_axis(rod, rays.at(depth), near.along_mm)
        miss = near.distance_mm - rod.round_radius_mm(near.along_mm) - rod.oval_part_mm(near.angle_rad)
        approach = np.einsum("...i,...i->...", normals(rod, near), rays.direction)
        # a ray that only grazes has hardly any approach: small steps, and the last miss decides
        depth = np.minimum(depth - miss / np.minimum(approach, -_LEAST_APPROACH), deepest)
    cos = -approach / ray_length
    met = (np.abs(miss) < _MISS_MM) & (near.along_mm >= 0) & (near.along_mm <= rod.length_mm) & (cos > 0)
    along, angle_deg = np.where(met, near.along_mm, np.nan), np.where(met, np.degrees(near.angle_rad) % 360, np.nan)
    return SurfacePlaces(along, angle_deg, np.where(met, cos, np.nan))
