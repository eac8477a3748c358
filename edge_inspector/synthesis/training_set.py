"""Pictures and masks for `training`, taken from generated straws as a running camera would take them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge_inspector.synthesis.camera_view import (
    HEIGHT,
    WIDTH,
    add_noise,
    belt_pictures,
    draw_cameras,
    encode_jpeg,
    noise_fields,
    paste,
    render_view,
)
from edge_inspector.synthesis.straw import CAMERA_ANGLES_DEG, draw_straw

SHIFT_PX = 62  # half a frame period at 200 mm/s


def training_set(
    path: Path,
    seed: int,
    count: int,
    defect_share: float = 0.6,
    odd_share: float = 0.1,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Write `count` straws, three pictures each: `images/SEED-PART-CAMERA.jpg` and `masks/` of the same stem as PNG.

    Each straw is one straw of a new station: its own light, gain, belt and place. `odd_share` of them are short pieces
    or an empty belt, all without cracks, so that ends and belt are seen. The folder appears only when it is whole.
    """
    partial = path.with_name(path.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for folder in ("images", "masks"):
            (partial / folder).mkdir(parents=True)
        for part in range(count):
            _write_part(partial, seed, part, defect_share, odd_share)
            progress(part + 1)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_part(path: Path, seed: int, part: int, defect_share: float, odd_share: float) -> None:
    rng = np.random.default_rng((seed, part))
    odd = rng.random() < odd_share
    n_cracks = int(rng.integers(1, 4)) if not odd and rng.random() < defect_share else 0
    straw = draw_straw(rng, n_cracks, float(rng.uniform(20.0, 40.0)) if odd else None)
    is_empty = odd and rng.random() < 0.3
    for k, camera in enumerate(draw_cameras(rng, CAMERA_ANGLES_DEG)):
        picture = belt_pictures(rng, 1)[0]
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        if not is_empty:
            view = render_view(straw, camera, float(rng.uniform(-5, 5)), float(rng.uniform(-0.4, 0.4)))
            left_px = (WIDTH - straw.albedo.shape[1]) // 2 + int(rng.integers(-SHIFT_PX, SHIFT_PX + 1))
            paste(picture, mask, view, left_px)
            picture = add_noise(picture, noise_fields(rng, 1)[0])
        stem = f"{seed}-{part:05d}-c{k + 1}"
        (path / "images" / f"{stem}.jpg").write_bytes(encode_jpeg(picture))
        if not cv2.imwrite(str(path / "masks" / f"{stem}.png"), mask):
            raise OSError(f"{path / 'masks' / stem}.png could not be written")
