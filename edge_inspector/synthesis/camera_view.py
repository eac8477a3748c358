"""What one camera sees of straws on the belt: half a cylinder, lit, on the belt's picture, and the exact crack mask.

The picture is orthographic (a part of 8 mm at several hundred mm is nearly so): row y of the straw shows the angle
asin(y / R). Angles are counted around the belt's direction; camera k looks along `angle_deg`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.synthesis.straw import DIAMETER_MM, MASK_LEVEL, MM_PER_PX, SURFACE_ROWS, Straw

HEIGHT = 256
WIDTH = 1248
JPEG_QUALITY = 88
RADIUS_PX = DIAMETER_MM / 2 / MM_PER_PX
BELT_RGB = (58.0, 61.0, 66.0)
NOISE_SIGMA = 3.0  # grey levels

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CameraGeometry:
    """One camera: where around the belt it looks from, where its light glints, and how bright its picture is."""

    angle_deg: float
    glint_deg: float
    gain: float


@dataclass(frozen=True, slots=True)
class View:
    """A straw as one camera sees it: `rgb` uint8 (h, length_px, 3), `coverage` float32 (h, length_px) 0..1 of the straw,
    `mask` uint8 (h, length_px), 255 where a crack darkens the picture."""

    rgb: Picture
    coverage: NDArray[np.float32]
    mask: Picture


def draw_cameras(rng: np.random.Generator, angles_deg: tuple[float, ...]) -> tuple[CameraGeometry, ...]:
    """Cameras as one station has them: fixed for a session."""
    return tuple(CameraGeometry(angle, float(rng.uniform(-35, 35)), float(rng.uniform(0.94, 1.06))) for angle in angles_deg)


def render_view(straw: Straw, camera: CameraGeometry, row_offset_px: float = 0.0, tilt_deg: float = 0.0) -> View:
    """Project the half of the straw that faces `camera` onto its rows; columns stay the straw's own."""
    length_px = straw.albedo.shape[1]
    x = np.arange(length_px, dtype=np.float32)
    y = np.arange(HEIGHT, dtype=np.float32)
    axis = (HEIGHT - 1) / 2 + row_offset_px + math.tan(math.radians(tilt_deg)) * (x - length_px / 2)  # (length_px,)
    v = (y[:, None] - axis[None, :]) / np.float32(RADIUS_PX)  # (h, length_px), -1..1 on the straw
    coverage = np.clip((1.0 - np.abs(v)) * np.float32(RADIUS_PX) + 0.5, 0.0, 1.0).astype(np.float32)
    facing = np.arcsin(np.clip(v, -0.999, 0.999)).astype(np.float32)  # radians from the camera's axis

    row = facing * np.float32(SURFACE_ROWS / (2 * math.pi)) + np.float32(camera.angle_deg / 360.0 * SURFACE_ROWS)
    row = np.mod(row, SURFACE_ROWS).astype(np.float32)
    column = np.broadcast_to(x[None, :], row.shape).astype(np.float32)
    surface = cv2.merge([straw.albedo, straw.crack])
    surface = np.concatenate([surface, surface[:1]])  # row 512 is row 0 again
    seen = cv2.remap(surface, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.GaussianBlur(seen, (0, 0), 0.7)  # the lens

    glint = np.exp(-0.5 * ((facing - np.float32(math.radians(camera.glint_deg))) / np.float32(0.16)) ** 2)
    light = np.float32(0.42) + np.float32(0.58) * np.cos(facing)
    level = seen[..., 0] * light * np.float32(camera.gain)
    gloss = np.float32(26.0) * glint * seen[..., 0]
    rgb = level[..., None] * np.asarray(straw.colour_rgb, np.float32) + gloss[..., None]
    mask = (seen[..., 1] >= MASK_LEVEL * _depth_seen(straw)) & (np.abs(v) < 1.0)
    return View(np.clip(rgb, 0, 255).astype(np.uint8), coverage, np.where(mask, 255, 0).astype(np.uint8))


def _depth_seen(straw: Straw) -> float:
    """Guards the mask of a straw without cracks: no value reaches an infinite level."""
    return 1.0 if straw.cracks else math.inf


def belt_pictures(rng: np.random.Generator, count: int) -> list[Picture]:
    """`count` pictures of the empty belt, uint8 (h, w, 3), of one texture with different noise."""
    texture = cv2.resize(rng.standard_normal((16, 78)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    still = np.asarray(BELT_RGB, np.float32) + 2.0 * texture[..., None]
    return [np.clip(still + noise, 0, 255).astype(np.uint8) for noise in noise_fields(rng, count)]


def noise_fields(rng: np.random.Generator, count: int) -> list[NDArray[np.int16]]:
    """Sensor noise, int16 (h, w, 3), drawn once and cycled: a fresh field a frame would cost more than the straw."""
    return [
        np.rint(NOISE_SIGMA * rng.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32)).astype(np.int16)
        for _ in range(count)
    ]


def paste(picture: Picture, mask: Picture | None, view: View, left_px: int) -> None:
    """Put a view's straw into a picture of the belt (both uint8 (h, w, ...)), its tail at column `left_px`, in place."""
    length_px = view.mask.shape[1]
    first, last = max(0, left_px), min(WIDTH, left_px + length_px)
    if first >= last:
        return
    own = slice(first - left_px, last - left_px)
    rows = np.flatnonzero(view.coverage[:, own].any(axis=1))
    band = slice(int(rows[0]), int(rows[-1]) + 1)
    under = picture[band, first:last]
    alpha = view.coverage[band, own]
    under[...] = cv2.blendLinear(view.rgb[band, own], under, alpha, 1.0 - alpha)
    if mask is not None:
        covered = mask[band, first:last]
        covered[...] = np.where(alpha >= 0.5, view.mask[band, own], covered)


def add_noise(picture: Picture, noise: NDArray[np.int16]) -> Picture:
    """The picture with sensor noise, saturating at 0 and 255."""
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


def encode_jpeg(rgb: Picture) -> bytes:
    """Encode as the camera's MJPG does: 4:2:2, quality 88."""
    done, encoded = cv2.imencode(
        ".jpg",
        cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR),
        [
            cv2.IMWRITE_JPEG_QUALITY,
            JPEG_QUALITY,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
        ],
    )
    assert done  # an in-memory encode of a well-shaped picture
    return encoded.tobytes()
