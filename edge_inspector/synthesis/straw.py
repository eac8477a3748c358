"""One generated straw: its surface unwrapped over (angle around the axis, place along it), and its cracks.

Deliberately simple. Grain lines run the whole length, are blurred and at most 12 % dark; cracks are 25-60 % dark, sharp,
0.15-0.4 mm wide and 3-25 mm long, roughly along the grain, tapered and wobbling. A crack is therefore told from grain by
depth, sharpness and its ends: easy for a small network trained from random weights, which is what any clone can rebuild.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

MM_PER_PX = 0.054
DIAMETER_MM = 8.0
# The window and the frame tolerance leave 67.4 - 2 * 3.33 mm for a part whose leading edge is at +30 mm when due.
LENGTH_MM = (59.2, 60.2)
CAMERA_ANGLES_DEG = (0.0, 120.0, 240.0)
CENTRAL_DEG = 45.0  # a crack starts within this of some camera's axis, so that its presence is decidable

SURFACE_ROWS = 512  # around the axis: 0.049 mm a row on 25.1 mm of circumference
GRAIN_DARKEST = 0.12
CRACK_DARKNESS = (0.25, 0.60)
CRACK_WIDTH_MM = (0.15, 0.40)
CRACK_LENGTH_MM = (3.0, 25.0)
MASK_LEVEL = 0.5  # a pixel is crack where at least half of the crack's own depth is reached

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Crack:
    """What was drawn: centre (degrees around the axis, mm from the tail end), size and depth (share of light lost)."""

    angle_deg: float
    place_mm: float
    length_mm: float
    width_mm: float
    darkness: float

    def describe(self) -> str:
        """One line for truth.csv."""
        return (
            f"crack {self.length_mm:.1f} x {self.width_mm:.2f} mm, {100 * self.darkness:.0f} % dark, "
            f"at {self.angle_deg % 360:.0f} deg, {self.place_mm:.1f} mm"
        )


@dataclass(frozen=True, slots=True)
class Straw:
    """A straw's surface, float32 (SURFACE_ROWS, length_px): `albedo` about 1, `crack` 0..1 of each crack's own depth.

    Row r is the angle 360 * r / SURFACE_ROWS; column 0 is the tail, the last column the leading edge.
    """

    length_mm: float
    albedo: Float
    crack: Float
    cracks: tuple[Crack, ...]
    colour_rgb: tuple[float, float, float]


def draw_straw(rng: np.random.Generator, n_cracks: int = 0, length_mm: float | None = None) -> Straw:
    """Draw a straw with `n_cracks` cracks. The same generator state gives the same straw, byte for byte."""
    length_mm = float(rng.uniform(*LENGTH_MM)) if length_mm is None else length_mm
    columns = round(length_mm / MM_PER_PX)
    albedo = _grain(rng, columns)
    crack = np.zeros((SURFACE_ROWS, columns), np.float32)
    cracks = []
    for _ in range(n_cracks):
        drawn, profile = _crack(rng, columns)
        albedo *= 1.0 - np.float32(drawn.darkness) * profile
        np.maximum(crack, profile, out=crack)
        cracks.append(drawn)
    tone = rng.uniform(0.92, 1.06)
    colour = (206.0 * tone, 182.0 * tone * rng.uniform(0.97, 1.03), 122.0 * tone * rng.uniform(0.92, 1.08))
    return Straw(length_mm, albedo, crack, tuple(cracks), colour)


def _around(noise: Float, sigma_rows: float) -> Float:
    """Blur around the axis only, with the first row following the last."""
    pad = math.ceil(4 * sigma_rows)
    wrapped = np.concatenate([noise[-pad:], noise, noise[:pad]])
    blurred = cv2.GaussianBlur(wrapped, (1, 2 * pad + 1), sigmaX=0, sigmaY=sigma_rows)
    return np.asarray(blurred[pad:-pad], np.float32)


def _grain(rng: np.random.Generator, columns: int) -> Float:
    """Albedo 0.83..1.05: grain lines of two widths that fade along the straw, and a slow drift of tone."""
    lines = np.zeros((SURFACE_ROWS, columns), np.float32)
    for sigma_rows, knots, share in ((1.8, 9, 0.55), (4.5, 5, 0.45)):
        noise = _around(rng.standard_normal((SURFACE_ROWS, knots)).astype(np.float32), sigma_rows)
        noise += _around(rng.standard_normal((SURFACE_ROWS, 1)).astype(np.float32), sigma_rows)
        noise /= float(noise.std()) + 1e-6
        lines += share * cv2.resize(noise, (columns, SURFACE_ROWS), interpolation=cv2.INTER_CUBIC)
    grain = GRAIN_DARKEST * rng.uniform(0.5, 1.0) * np.clip(lines * 0.5, 0.0, 1.0)
    drift = _around(rng.standard_normal((SURFACE_ROWS, 7)).astype(np.float32), 40.0)
    drift /= float(np.abs(drift).max()) + 1e-6
    tone = 1.0 + 0.04 * cv2.resize(drift, (columns, SURFACE_ROWS), interpolation=cv2.INTER_CUBIC)
    return np.asarray((1.0 - grain) * tone, np.float32)


def _crack(rng: np.random.Generator, columns: int) -> tuple[Crack, Float]:
    """One crack's depth profile 0..1 over the surface, and what it is."""
    mm_per_row = math.pi * DIAMETER_MM / SURFACE_ROWS
    length_mm = float(np.exp(rng.uniform(*np.log(CRACK_LENGTH_MM))))
    width_mm = float(rng.uniform(*CRACK_WIDTH_MM))
    darkness = float(rng.uniform(*CRACK_DARKNESS))
    length_px = round(length_mm / MM_PER_PX)
    start = int(rng.integers(round(1.0 / MM_PER_PX), max(round(1.0 / MM_PER_PX) + 1, columns - length_px - 18)))
    length_px = min(length_px, columns - start - 2)
    along = np.linspace(0.0, 1.0, length_px, dtype=np.float32)

    knots = max(4, round(length_mm))
    wobble = cv2.resize(rng.standard_normal((1, knots)).astype(np.float32), (length_px, 1), interpolation=cv2.INTER_CUBIC)[0]
    slope = math.tan(math.radians(float(rng.uniform(-8.0, 8.0))))
    across_mm = slope * length_mm * (along - 0.5) + 0.1 * min(1.0, length_mm / 8.0) * wobble
    camera = float(rng.choice(CAMERA_ANGLES_DEG))
    angle_deg = camera + float(rng.uniform(-CENTRAL_DEG, CENTRAL_DEG))
    row = angle_deg / 360.0 * SURFACE_ROWS + across_mm / mm_per_row  # (length_px,)

    taper = np.clip(np.minimum(along, 1.0 - along) * length_mm / min(1.5, 0.3 * length_mm), 0.0, 1.0)
    half_width = 0.5 * width_mm / mm_per_row * np.sqrt(0.15 + 0.85 * taper)  # rows
    depth = 0.55 + 0.45 * taper
    distance = np.arange(SURFACE_ROWS, dtype=np.float32)[:, None] - row[None, :]
    distance = np.abs((distance + SURFACE_ROWS / 2) % SURFACE_ROWS - SURFACE_ROWS / 2)
    profile = np.zeros((SURFACE_ROWS, columns), np.float32)
    profile[:, start : start + length_px] = depth * np.clip(half_width - distance + 0.5, 0.0, 1.0)
    place_mm = (start + length_px / 2) * MM_PER_PX
    return Crack(angle_deg, place_mm, length_px * MM_PER_PX, width_mm, darkness), profile
