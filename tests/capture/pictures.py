"""Drawn pictures of a bright bar on a dark belt, small and quick, and recordings made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.recordings import CameraTrack, RecordedFrame, Recording
from edge_inspector.station.recipe import Recipe

HEIGHT, WIDTH = 64, 320
MM_PER_PX = 0.2
MS = 1_000_000
Bar = tuple[int, int, int, int]  # x, y, width, height in pixels
PART: Bar = (60, 12, 200, 40)  # 40 x 8 mm


def picture(*bars: Bar, seed: int = 0, belt: int = 60, part: int = 190) -> NDArray[np.uint8]:
    """Grey (HEIGHT, WIDTH) with noise; the same seed gives the same bytes."""
    grey = np.full((HEIGHT, WIDTH), belt, np.float32)
    for x, y, width, height in bars:
        grey[y : y + height, x : x + width] = part
    grey += 3.0 * np.random.default_rng(seed).standard_normal(grey.shape).astype(np.float32)
    return np.clip(grey, 0, 255).astype(np.uint8)


def jpeg(*bars: Bar, seed: int = 0, belt: int = 60) -> bytes:
    return cv2.imencode(".jpg", cv2.cvtColor(picture(*bars, seed=seed, belt=belt), cv2.COLOR_GRAY2BGR))[1].tobytes()


def recipe() -> Recipe:
    return Recipe.model_validate_json(
        """{"format": 1, "product": "bar", "view": {"height_px": 64, "width_px": 320}, "mm_per_px": 0.2,
        "presence": {"kind": "silhouette", "length_mm": {"min": 35.0, "max": 45.0}, "width_mm": {"min": 6.0, "max": 10.0}},
        "engines": {"crack": "engines/crack"}, "rules": [{"name": "crack", "engine": "crack", "min_score": 0.5}]}"""
    )


def recording(
    stamps_ms: Sequence[float], *, names: Sequence[str] = (), loop_ms: float | None = None, folder: Path = Path("/nowhere")
) -> Recording:
    """One camera `c1`, period 33 ms, latency 30 ms; frame i shows `i.jpg` unless named."""
    frames = tuple(
        RecordedFrame(i, round(stamp * MS), folder / (names[i] if names else f"{i}.jpg"))
        for i, stamp in enumerate(stamps_ms)
    )
    track = CameraTrack(frames, 33 * MS, 30 * MS, WIDTH, HEIGHT)
    return Recording(folder, {"c1": track}, (), None, round((loop_ms or 1e6) * MS), loop_ms is not None)
