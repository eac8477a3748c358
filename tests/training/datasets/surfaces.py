"""Surfaces with a structure of their own, as pictures, and copies of them as they come about."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def surface(seed: int, height_px: int = 150, width_px: int = 210, grey: int = 120) -> Picture:
    """A rough surface, RGB uint8: other pits and grain for every seed, and one light from the left in all of them."""
    rng = np.random.default_rng(seed)
    rough = rng.normal(0, 1, (height_px, width_px)).astype(np.float32)
    grain = cv2.GaussianBlur(rough, (0, 0), 1.5) * 30 + cv2.GaussianBlur(rough, (0, 0), 6) * 90
    light = np.linspace(40, -40, width_px, dtype=np.float32)[None]
    one = np.clip(grey + grain + light, 0, 255).astype(np.uint8)
    return np.repeat(one[..., None], 3, axis=2)


def coded(picture: Picture, quality: int) -> Picture:
    """As it comes back from a JPEG."""
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
