"""A small set of multispectral pictures, look-alike of no real one: the defect shows in the last of four bands alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge_inspector.imaging.pages import write_pages

WIDTH, HEIGHT = 96, 64
BANDS = """\
bands:
  - {name: blue_450nm, mean: 0.43, std: 0.05, filters: blue}
  - {name: green_550nm, mean: 0.43, std: 0.05, filters: green}
  - {name: red_650nm, mean: 0.43, std: 0.05, filters: red}
  - {name: nir_850nm, mean: 0.43, std: 0.1}
"""


def write_banded_parts(folder: Path, parts: int = 20, bands: int = 4) -> Path:
    """Parts p0, p1, … of one view each; every second one has a bar of 20 x 6 px that only the last band shows."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for part in range(parts):
        rng = np.random.default_rng(part)
        picture = rng.integers(90, 130, (HEIGHT, WIDTH, bands), dtype=np.uint8)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        if part % 2:
            x, y = int(rng.integers(10, WIDTH - 30)), int(rng.integers(10, HEIGHT - 20))
            mask[y : y + 6, x : x + 20] = 255
            picture[mask > 0, -1] = 20
        write_pages(folder / "images" / f"p{part}.tif", picture)
        assert cv2.imwrite(str(folder / "masks" / f"p{part}.png"), mask)
    return folder
