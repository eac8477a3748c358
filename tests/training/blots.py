"""A small plain set that training takes in a second: noise, and a dark bar of 20 x 6 px in the first view of some parts."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 96, 64
PARTS = 24  # two views each


def write_view(folder: Path, stem: str, is_defective: bool, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    """A picture of this width and height, and its mask."""
    rng = np.random.default_rng(list(stem.encode()))
    width, height = size
    picture = rng.integers(90, 130, (height, width, 3)).astype(np.uint8)
    mask = np.zeros((height, width), np.uint8)
    if is_defective:
        x, y = int(rng.integers(10, width - 30)), int(rng.integers(10, height - 20))
        mask[y : y + 6, x : x + 20] = 255
        picture[mask > 0] = 20
    for name, pixels in (("images", picture), ("masks", mask)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(folder / name / f"{stem}.png"), pixels)


def write_parts(
    folder: Path, defective_share: float = 0.5, size: tuple[int, int] = (WIDTH, HEIGHT), parts: int = PARTS
) -> Path:
    """Parts p0, p1, …; the first ones are defective."""
    for part in range(parts):
        for view in range(2):
            write_view(folder, f"p{part}-c{view}", view == 0 and part < defective_share * parts, size)
    return folder
