"""A small set in the form of the magnetic tiles' index: three folds, each of tiles with a crack, fray, and good ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

HEIGHT_PX, WIDTH_PX = 64, 96
FOLDS = ("1", "2", "3")
CLASSES = ("MT_Crack", "MT_Crack", "MT_Fray", "MT_Fray", "MT_Free", "MT_Free")  # the tiles of a fold
EXPOSURES = 2  # pictures of each
TILES_WITH_IT = 2 * len(FOLDS)
TILES = len(CLASSES) * len(FOLDS)


def write_tiles(folder: Path) -> Path:
    """Noise, with a dark bar for a crack and a bright square for fray, a little smaller than the view."""
    rows = ["path,mask,class,group,fold,mask_pixels"]
    for fold in FOLDS:
        for number, kind in enumerate(CLASSES):
            for exposure in range(EXPOSURES):
                stem = f"exp{exposure}_num_{fold}{number}"
                marked_px = _write_tile(folder / kind / "Imgs" / stem, kind)
                place = f"{kind}/Imgs/{stem}"
                rows.append(f"{place}.jpg,{place}.png,{kind},g{fold}{number},{fold},{marked_px}")
    (folder / "index.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    return folder


def _write_tile(place: Path, kind: str) -> int:
    """Write picture and mask, and return how many pixels the mask marks."""
    rng = np.random.default_rng(list(place.name.encode()))
    height, width = HEIGHT_PX - int(rng.integers(0, 6)), WIDTH_PX - int(rng.integers(0, 6))
    picture = rng.integers(90, 130, (height, width)).astype(np.uint8)
    mask = np.zeros((height, width), np.uint8)
    if kind != "MT_Free":
        x, y = int(rng.integers(5, width - 30)), int(rng.integers(5, height - 30))
        size = (6, 20) if kind == "MT_Crack" else (20, 20)
        mask[y : y + size[0], x : x + size[1]] = 255
        picture[mask > 0] = 20 if kind == "MT_Crack" else 220
    place.parent.mkdir(parents=True, exist_ok=True)
    for ending, pixels in (("jpg", picture), ("png", mask)):
        assert cv2.imwrite(str(place.with_suffix(f".{ending}")), pixels)
    return int(np.count_nonzero(mask))
