"""A slow, obvious ray caster for tests: a bent tube as an implicit surface, met by marching along one ray at a time.

It shares no code with the package. The tube is the set of points no farther from a curve than a radius, between two flat
ends that stand square to the curve. Everything is in world coordinates: x, y across, z along the travel; the part's leading
end is at high z. Vectors are plain tuples of three floats, or arrays of many with the coordinate last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SlowTube:
    """`middle` is where the curve passes half way, `tilt` its slope there in x and y per mm *backwards* (towards the
    trailing end), `sag` by how much its ends lie beyond the middle, against the tilt's line, in x and y. From `kink_at` mm
    behind the leading end on it leaves that curve by `kink` mm a mm, and from `step_at` on its radius is `step` larger."""

    length: float
    radius: float  # half way, mean around
    middle: tuple[float, float] = (0.0, 0.0)
    tilt: tuple[float, float] = (0.0, 0.0)
    sag: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0  # of the radius per mm backwards
    oval: float = 0.0  # largest less smallest diameter
    oval_at: float = 0.0  # degrees
    kink_at: float = math.inf
    kink: tuple[float, float] = (0.0, 0.0)
    step_at: float = math.inf
    step: float = 0.0

    def axis(self, back):
        """Point of the curve, `back` mm behind the leading end; its third number is −back."""
        half = self.length / 2
        t = (back - half) / half
        x = self.middle[0] + self.tilt[0] * (back - half) + self.sag[0] * t * t
        y = self.middle[1] + self.tilt[1] * (back - half) + self.sag[1] * t * t
        beyond = np.maximum(back - self.kink_at, 0.0)
        x, y = x + self.kink[0] * beyond, y + self.kink[1] * beyond
        return np.stack([x, y, -back], axis=-1)

    def along_axis(self, back):
        """Derivative of `axis`."""
        half = self.length / 2
        t = (back - half) / half
        one = np.ones_like(back)
        kinked = np.where(back > self.kink_at, one, 0.0)
        return np.stack(
            [
                self.tilt[0] + 2 * self.sag[0] * t / half + self.kink[0] * kinked,
                self.tilt[1] + 2 * self.sag[1] * t / half + self.kink[1] * kinked,
                -one,
            ],
            axis=-1,
        )

    def end_to_end(self):
        """From the middle of one end to that of the other: of the points around each rim the mean, of those the distance."""
        around = np.arange(0.0, 360.0, 5.0)
        first, last = (surface_point(self, back, around).mean(axis=0) for back in (0.0, self.length))
        return float(np.linalg.norm(first - last))

    def bow(self):
        """Farthest that any of very many points of the curve lies from the straight line between its ends."""
        points = self.axis(np.linspace(0.0, self.length, 6001))
        line = (points[-1] - points[0]) / np.linalg.norm(points[-1] - points[0])
        return float(np.linalg.norm(np.cross(points - points[0], line), axis=-1).max())

    def foot(self, points):
        """Where the plane square to the curve passes through points: slide along it until nothing is left to slide."""
        back = -points[..., 2]
        for _ in range(6):  # what is left shrinks to a twentieth each time
            tangent = self.along_axis(back)
            ahead = np.sum((points - self.axis(back)) * tangent, axis=-1)
            back = back + ahead / np.sum(tangent * tangent, axis=-1)
        return back

    def angle_at(self, points, back):
        """Angle of points around the curve: their offset, turned back by the turn that takes z to the curve's direction."""
        offset = points - self.axis(back)
        direction = -self.along_axis(back)  # forwards, along +z
        direction = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
        forwards = np.array([0.0, 0.0, 1.0])
        hinge = np.cross(direction, forwards)  # turning around this by the angle between the two takes direction to z
        sine = np.linalg.norm(hinge, axis=-1, keepdims=True)
        hinge = hinge / np.maximum(sine, 1e-15)
        cosine = direction[..., 2:]
        turned = (
            offset * cosine
            + np.cross(hinge, offset) * sine
            + hinge * np.sum(hinge * offset, axis=-1, keepdims=True) * (1 - cosine)
        )
        return np.degrees(np.arctan2(turned[..., 1], turned[..., 0])) % 360

    def height(self, points):
        """Distance of points from the side of the tube, as if it had no ends: negative inside."""
        return self._height(points, self.foot(points))

    def solid(self, points):
        """The same of the tube with its two ends: negative inside."""
        back = self.foot(points)
        return np.maximum(self._height(points, back), np.maximum(-back, back - self.length))

    def _height(self, points, back):
        distance = np.linalg.norm(points - self.axis(back), axis=-1)
        radius = self.radius + self.growth * (back - self.length / 2) + np.where(back > self.step_at, self.step, 0.0)
        radius = radius + self.oval / 4 * np.cos(2 * np.radians(self.angle_at(points, back) - self.oval_at))
        return distance - radius


@dataclass(frozen=True)
class SlowCamera:
    """A pinhole `distance` mm from the axis of travel at `azimuth` degrees, opposite z = `station`."""

    azimuth: float
    distance: float = 80.0
    station: float = 70.0
    focal: float = 1400.0
    width: int = 1248
    height: int = 256

    def eye(self, lead):
        """The pinhole, with z counted from the part's leading end."""
        a = math.radians(self.azimuth)
        return np.array([self.distance * math.cos(a), self.distance * math.sin(a), self.station - lead])

    def look(self, x, y):
        """Unit direction through a place of the picture."""
        a = math.radians(self.azimuth)
        right = (np.asarray(x, float) - (self.width - 1) / 2)[..., None] * np.array([0.0, 0.0, 1.0])
        down = (np.asarray(y, float) - (self.height - 1) / 2)[..., None] * np.array([-math.sin(a), math.cos(a), 0.0])
        ahead = self.focal * np.array([-math.cos(a), -math.sin(a), 0.0])
        ray = right + down + ahead
        return ray / np.linalg.norm(ray, axis=-1, keepdims=True)


def nearest_approach(height, eye, ray):
    """How deep along rays a height above a tube is least, and that least height.

    By golden section, within 20 mm of the axis of travel.
    """
    middle = np.hypot(eye[..., 0], eye[..., 1]) / np.hypot(ray[..., 0], ray[..., 1])
    low, high = middle - 20.0, middle + 20.0
    golden = (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    left_height, right_height = (height(eye + depth[..., None] * ray) for depth in (left, right))
    for _ in range(16):
        nearer = left_height < right_height
        low, high = np.where(nearer, low, left), np.where(nearer, right, high)
        probe = np.where(nearer, high - golden * (high - low), low + golden * (high - low))
        probe_height = height(eye + probe[..., None] * ray)
        left, right = np.where(nearer, probe, right), np.where(nearer, left, probe)
        left_height, right_height = (
            np.where(nearer, probe_height, right_height),
            np.where(nearer, left_height, probe_height),
        )
    return np.where(left_height < right_height, left, right), np.minimum(left_height, right_height)


def first_hit(tube, camera, lead, x, y):
    """What pixels see of the side: (mm behind the leading end, degrees around), NaN where they miss it.

    From 15 mm before the nearest approach, where the ray is outside, bisect the crossing.
    """
    eye, ray = camera.eye(lead), camera.look(x, y)
    nearest, least = nearest_approach(tube.height, eye, ray)
    outside, inside = nearest - 15.0, nearest
    for _ in range(34):
        middle = (outside + inside) / 2
        hit = tube.height(eye + middle[..., None] * ray) < 0
        outside, inside = np.where(hit, outside, middle), np.where(hit, middle, inside)
    points = eye + inside[..., None] * ray
    back = tube.foot(points)
    seen = (least < 0) & (back >= 0) & (back <= tube.length)
    return np.where(seen, back, np.nan), np.where(seen, tube.angle_at(points, back), np.nan)


def incidence_cosine(tube, camera, lead, back, angle):
    """Cosine of the incidence at places of the surface: the gradient of `height` by differences."""
    points = surface_point(tube, back, angle)
    step = 1e-4
    shifts = np.eye(3) * step
    gradient = np.stack([(tube.height(points + d) - tube.height(points - d)) / (2 * step) for d in shifts], axis=-1)
    way = camera.eye(lead) - points
    return np.sum(gradient * way, axis=-1) / (np.linalg.norm(gradient, axis=-1) * np.linalg.norm(way, axis=-1))


def surface_point(tube, back, angle):
    """The place of the surface `back` mm behind the leading end and at `angle` degrees: found by search, not by formula.

    In the plane square to the curve, walk around until `angle_at` says so, and out until `height` is 0.
    """
    back, angle = np.broadcast_arrays(np.asarray(back, float), np.asarray(angle, float))
    direction = -tube.along_axis(back)
    direction = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    first = np.cross(np.array([0.0, 1.0, 0.0]), direction)
    first = first / np.linalg.norm(first, axis=-1, keepdims=True)
    second = np.cross(direction, first)
    walk = np.radians(angle)
    axis = tube.axis(back)
    reach = tube.radius
    for _ in range(40):
        out = np.cos(walk)[..., None] * first + np.sin(walk)[..., None] * second
        points = axis + (reach * np.ones_like(walk))[..., None] * out
        walk = walk + np.radians((angle - tube.angle_at(points, back) + 180) % 360 - 180)
        reach = reach - tube.height(points)
    return points


def edge_rows(tube, cameras, leads, columns):
    """The rows at which columns (n_cameras, n) enter and leave the silhouette: two such arrays, by bisection.

    Near the ends it is the rim, not the side, where they do.
    """
    inside = np.empty_like(columns)
    eyes = np.stack([camera.eye(lead) for camera, lead in zip(cameras, leads, strict=True)])[:, None, :]
    for k, (camera, lead) in enumerate(zip(cameras, leads, strict=True)):  # the row of the axis, roughly
        back = lead - camera.station - (columns[k] - (camera.width - 1) / 2) * camera.distance / camera.focal
        inside[k] = _project(camera, lead, tube.axis(back))[1]
    near = np.stack([inside, inside])
    away = near + np.array([-220.0, 220.0])[:, None, None]
    for _ in range(18):
        middle = (near + away) / 2
        rays = np.stack([camera.look(columns[k], middle[:, k]) for k, camera in enumerate(cameras)], axis=1)
        hit = nearest_approach(tube.solid, eyes, rays)[1] < 0
        near, away = np.where(hit, middle, near), np.where(hit, away, middle)
    return (near + away)[0] / 2, (near + away)[1] / 2


def _project(camera, lead, points):
    a = math.radians(camera.azimuth)
    away = camera.distance - points[..., 0] * math.cos(a) - points[..., 1] * math.sin(a)
    aside = points[..., 1] * math.cos(a) - points[..., 0] * math.sin(a)
    x = (camera.width - 1) / 2 + camera.focal * (points[..., 2] + lead - camera.station) / away
    return x, (camera.height - 1) / 2 + camera.focal * aside / away


def end_columns(tube, camera, lead):
    """The lowest and the highest column that the tube's ends reach in the row of its axis: very many points of both rims."""
    return tuple(
        float(farthest(_in_row_of_axis(tube, camera, lead, back)))
        for back, farthest in ((tube.length, np.min), (0.0, np.max))
    )


def _in_row_of_axis(tube, camera, lead, back):
    """Columns of the points of a rim that lie no farther than 0.4 px from the row in which its middle is seen."""
    columns, rows = _project(camera, lead, surface_point(tube, back, np.arange(0.0, 360.0, 0.2)))
    _, row = _project(camera, lead, tube.axis(np.float64(back)))
    return columns[np.abs(rows - row) < 0.4]


def picture_place(tube, camera, lead, back, angle):
    """Where the picture shows places of the surface, seen or not: x, y."""
    return _project(camera, lead, surface_point(tube, back, angle))
