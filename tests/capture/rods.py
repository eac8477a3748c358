"""Rendered rods with known edges: lit cylinders with tilt, bow and taper before a textured belt, seen by a real camera.

Written for these tests alone, and sharing nothing with what makes training pictures: straight formulas, rows oversampled,
cuts anti-aliased along x.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 256, 1248
MM_PER_PX = 0.054
OVERSAMPLING = 4
Grey = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Rod:
    """In pixels of the view. `light_deg` is how far the lamp stands beside the camera, `ambient` the share of light that
    comes from everywhere: at 1 the rod is evenly bright up to its edge."""

    x: float = 620.0
    y: float = 126.0
    length: float = 1100.0
    radius: float = 74.0
    tilt_deg: float = 0.0
    bow: float = 0.0
    taper: float = 0.0  # share of the radius by which the right end is larger, and the left end smaller
    level: float = 200.0
    ambient: float = 0.45
    light_deg: float = 0.0
    glare: float = 0.0  # grey levels added where the lamp glints
    skew_deg: float = 0.0  # of both cuts against the square one

    def axis(self, x: Plane | float) -> Plane:
        s = (np.asarray(x, np.float32) - self.x) / (self.length / 2)
        return np.asarray(self.y + math.tan(math.radians(self.tilt_deg)) * (x - self.x) + self.bow * (1 - s**2 - 1 / 3))

    def slope(self, x: Plane | float) -> Plane:
        s = (np.asarray(x, np.float32) - self.x) / (self.length / 2)
        return np.asarray(math.tan(math.radians(self.tilt_deg)) - 2 * self.bow * s / (self.length / 2))

    def half_height(self, x: Plane | float) -> Plane:
        s = (np.asarray(x, np.float32) - self.x) / (self.length / 2)
        return np.asarray(self.radius * (1 + self.taper * s) * np.sqrt(1 + self.slope(x) ** 2))

    def upper(self, x: Plane | float) -> Plane:
        return np.asarray(self.axis(x) - self.half_height(x))

    def lower(self, x: Plane | float) -> Plane:
        return np.asarray(self.axis(x) + self.half_height(x))

    @property
    def start(self) -> float:
        return self.x - self.length / 2 * math.cos(math.radians(self.tilt_deg))

    @property
    def end(self) -> float:
        return self.x + self.length / 2 * math.cos(math.radians(self.tilt_deg))


Paint = Callable[[Plane, Plane, Plane], Plane]  # (grey, x, y) before the lens, to grey


def render(
    *rods: Rod,
    belt: float = 60.0,
    texture: float = 0.0,
    blur_px: float = 1.0,
    noise: float = 3.0,
    jpeg_quality: int | None = 88,
    seed: int = 0,
    paint: Paint | None = None,
    size: tuple[int, int] = (HEIGHT, WIDTH),
) -> Grey:
    """Return uint8 (height, width). `paint` draws defects, dust or dirt on what is oversampled, before the lens blurs it."""
    height, width = size
    rng = np.random.default_rng(seed)
    step = np.arange(OVERSAMPLING)
    y = (np.arange(height)[:, None] + (step + 0.5) / OVERSAMPLING - 0.5).astype(np.float32).reshape(-1, 1)
    x = np.arange(width, dtype=np.float32)[None, :]
    grey = np.full((y.size, x.size), belt, np.float32)
    if texture:
        coarse = rng.standard_normal((height // 12 + 2, width // 12 + 2), np.float32)
        grey += np.float32(texture) * cv2.resize(coarse, (x.size, y.size), interpolation=cv2.INTER_CUBIC)
    for rod in rods:
        _paint_rod(grey, rod, x, y)
    if paint is not None:
        grey = paint(grey, np.broadcast_to(x, grey.shape), np.broadcast_to(y, grey.shape))
    seen = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    if blur_px:
        seen = cv2.GaussianBlur(seen, (0, 0), blur_px)
    seen += np.float32(noise) * rng.standard_normal(seen.shape, np.float32)
    result = np.clip(np.rint(seen), 0, 255).astype(np.uint8)
    if jpeg_quality is None:
        return result
    encoded = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)


def _paint_rod(grey: Plane, rod: Rod, x: Plane, y: Plane) -> None:
    v = (y - rod.axis(x)) / rod.half_height(x)
    tilt = math.radians(rod.tilt_deg)
    along = (x - rod.x) * math.cos(tilt) + (y - rod.y) * math.sin(tilt)
    along = along + (y - rod.axis(x)) * math.tan(math.radians(rod.skew_deg))
    covered = np.clip(rod.length / 2 - np.abs(along) + 0.5, 0, 1) * (np.abs(v) < 1)
    facing = np.arcsin(np.clip(v, -1, 1)) - math.radians(rod.light_deg)
    lit = rod.level * (rod.ambient + (1 - rod.ambient) * np.maximum(np.cos(facing), 0))
    lit += rod.glare * np.exp(-0.5 * (facing / 0.16) ** 2)
    grey += covered * (lit - grey)
