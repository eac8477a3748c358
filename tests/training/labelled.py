"""Labelled pictures in memory's place: small sets in a folder, for tests of what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.training.datasets.labelled_picture import Label, LabelledPicture, LabelledSet, MaskFile

HEIGHT_PX, WIDTH_PX = 64, 96


def write_picture(path: Path, grey: int = 90, height_px: int = HEIGHT_PX, width_px: int = WIDTH_PX) -> Path:
    """A picture of one grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((height_px, width_px, 3), grey, np.uint8))
    return path


def write_mask(path: Path, mask: NDArray[np.uint8]) -> MaskFile:
    """A mask as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), mask)
    return MaskFile(path)


def square(row: int, column: int, side: int = 8, value: int = 255) -> NDArray[np.uint8]:
    """A mask with one square."""
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    mask[row : row + side, column : column + side] = value
    return mask


def labelled_set(folder: Path, labels: Mapping[str, Mapping[str, Label | None]]) -> LabelledSet:
    """Pictures by name, `part-view`, each with its labels by defect."""
    pictures = []
    for number, (name, known) in enumerate(labels.items()):
        part, _, view = name.rpartition("-")
        picture = write_picture(folder / "images" / f"{name}.png", 60 + number)
        pictures.append(LabelledPicture(picture, part, view, known, "drawn"))
    defects = tuple(dict.fromkeys(defect for known in labels.values() for defect in known))
    return LabelledSet("drawn", defects, tuple(pictures))
