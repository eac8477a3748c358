"""Which point of a rod each pixel of a view sees: pinhole cameras in a ring around the belt, a rod with a curved axis.

World: z along the travel from the sensor, angles around it. A camera at azimuth phi stands `distance_mm` from the axis and
looks at it at z = `along_mm`; its x runs with the travel, its y with rising angles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.synthesis.body import Body

HEIGHT = 256
WIDTH = 1248
COLUMN_STEP = 8  # hits are solved for every eighth column and interpolated: they hardly change along a rod
ROUNDS = 4  # of the fixed point; the third changes nothing above 1e-4 mm

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of the ring, without lens distortion; `centre_px` is (x, y) of where it looks, in its view."""

    angle_deg: float
    distance_mm: float = 80.0
    along_mm: float = 70.0
    focal_px: float = 1350.0
    centre_px: tuple[float, float] = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)


@dataclass(frozen=True, slots=True)
class Hits:
    """What each pixel sees, float32 (HEIGHT, WIDTH): `along_mm` and `angle_rad` on the rod, `depth_mm` along the camera's
    axis, `facing` the cosine of the incidence; `coverage` 0..1 is the rod's share of the pixel, 0 where it is missed."""

    along_mm: Float
    angle_rad: Float
    depth_mm: Float
    facing: Float
    coverage: Float


def cast(body: Body, camera: Camera, lead_mm: float) -> Hits:
    """Meet every pixel's ray with the rod whose part's leading end is at z = `lead_mm`."""
    columns = np.append(np.arange(0, WIDTH - 1, COLUMN_STEP, dtype=np.float32), np.float32(WIDTH - 1))
    rows = np.arange(HEIGHT, dtype=np.float32)
    p = ((columns - np.float32(camera.centre_px[0])) / np.float32(camera.focal_px))[None, :]  # dz a mm of depth
    q = ((rows - np.float32(camera.centre_px[1])) / np.float32(camera.focal_px))[:, None]  # across
    turn = math.radians(camera.angle_deg)
    cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    shape = (HEIGHT, columns.size)
    head_mm = np.float32(lead_mm - body.lag_mm - camera.along_mm)  # of this body's leading end before the camera

    depth = np.full(shape, np.float32(camera.distance_mm - body.diameter_mm / 2))
    angle = np.full(shape, np.float32(turn))
    for _ in range(ROUNDS):
        along = head_mm - depth * p
        x, y = body.centre_mm(along)
        towards, aside = x * cos + y * sin, y * cos - x * sin
        radius = body.radius_mm(np.clip(along, 0, np.float32(body.length_mm)), angle)
        far = np.float32(camera.distance_mm) - towards
        a, b = 1 + q * q, far + q * aside
        under = b * b - a * (far * far + aside * aside - radius * radius)
        depth = (b - np.sqrt(np.maximum(under, 0))) / a
        out, over = far - depth, depth * q - aside  # from the axis: towards the camera, and across
        angle = np.arctan2(over, out) + np.float32(turn)
    # distance of the ray from the axis less the radius, in pixels: where a pixel's edge crosses the outline
    miss_mm = np.abs(q * far - aside) / np.sqrt(a) - radius
    across = np.clip(np.float32(0.5) - miss_mm * np.float32(camera.focal_px) / far, 0, 1)
    normal_out, normal_over = out / radius, over / radius
    away = np.sqrt(1 + q * q + p * p)
    facing = (normal_out - normal_over * q) / away
    along_full, depth_full = _widen(along), _widen(depth)
    mm_per_px = depth_full / np.float32(camera.focal_px)
    from_end = np.minimum(along_full, np.float32(body.length_mm) - along_full) / mm_per_px
    coverage = _widen(across) * np.clip(from_end + np.float32(0.5), 0, 1)
    return Hits(along_full, _widen_angle(angle, turn), depth_full, np.clip(_widen(facing), 0, 1), coverage)


def _widen(coarse: Float) -> Float:
    """From every eighth column to all: linear between them."""
    last = coarse.shape[1] - 1
    place = np.minimum(np.arange(WIDTH, dtype=np.float32) / COLUMN_STEP, np.float32(last - 1))
    tail = (WIDTH - 1) - (last - 1) * COLUMN_STEP  # the last step is shorter
    beyond = np.arange(WIDTH, dtype=np.float32) - (last - 1) * COLUMN_STEP
    place = np.where(beyond > 0, last - 1 + beyond / np.float32(tail), place).astype(np.float32)
    rows = np.arange(coarse.shape[0], dtype=np.float32)
    map_x = np.broadcast_to(place[None, :], (coarse.shape[0], WIDTH)).astype(np.float32)
    map_y = np.broadcast_to(rows[:, None], map_x.shape).astype(np.float32)
    return np.asarray(cv2.remap(coarse, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _widen_angle(coarse: Float, turn: float) -> Float:
    """Angles lie within half a turn of the camera's own, so that none of them wraps between two columns."""
    return _widen(coarse - np.float32(turn)) + np.float32(turn)
