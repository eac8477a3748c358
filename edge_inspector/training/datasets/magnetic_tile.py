"""Magnetic tiles: `MT_Class/Imgs/expE_num_N.jpg` with a mask of the same name as `.png`; or an `index.csv` that groups them.

Huang, Qiu, Yuan 2020, "Surface defect saliency of magnetic tile", The Visual Computer; no licence is stated, so neither its
pictures nor a network trained on them may ship. A tile is photographed about six times with rising exposure E and near
numbers N, and its pictures may lie in several classes: it is labelled at one exposure and counts as good, or as of another
class, at the next. So a picture is clean of a defect only if no picture of its tile is in that defect's class; otherwise
nothing is known. Masks have soft borders and are defective from 128 on (science.md §5.2).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import INDEX_FILE, read_rows
from edge_inspector.training.datasets.labelled_picture import (
    CLEAN,
    FROM_HALF_GREY,
    Label,
    LabelledPicture,
    LabelledSet,
    MaskFile,
    Somewhere,
)

DEFECTS = ("blowhole", "break", "crack", "fray", "uneven")
LEAST_MARKED_PX = 9  # the smallest defect of the set has 26; below are masks of 0, 1 and 3
_CLASSES = {f"MT_{defect.capitalize()}": defect for defect in DEFECTS} | {"MT_Free": ""}
_NAME = re.compile(r"exp(\d+)_num_(\d+)")
_COLUMNS = ("path", "mask", "class", "group", "mask_pixels")


@dataclass(frozen=True, slots=True)
class _Picture:
    """`defect` is empty for one of the class of good tiles; `marked_px` are the pixels of its mask, `fold` is an index's."""

    path: Path
    mask: Path
    tile: str
    defect: str
    marked_px: int
    fold: str = ""


def read_magnetic_tile(folder: Path) -> LabelledSet:
    """Read the folder that holds MT_Blowhole, MT_Break, …, or `index.csv`; a part is a tile, as far as can be told.

    With an index its groups are the tiles, and its folds, if it has any, the set's. Without one tiles are by the names: all
    classes in the order of N, a new tile where E does not rise. That parts a tile that was photographed twice, which an
    index that compared pictures does not. Pictures of a defect whose mask is black, or nearly, show it somewhere, and are
    told as oddities. Raises TrainingDataError naming the file at fault, and in an index the line.
    """
    pictures = _read_index(folder) if (folder / INDEX_FILE).is_file() else _read_classes(folder)
    shown: dict[str, set[str]] = defaultdict(set)
    for picture in pictures:
        shown[picture.tile] |= {picture.defect} - {""}
    found, oddities = [], []
    for picture in pictures:
        labels = {defect: _label(picture, defect, shown[picture.tile]) for defect in DEFECTS}
        view = picture.path.stem
        found.append(LabelledPicture(picture.path, picture.tile, view, labels, "magnetic_tile", fold=picture.fold))
        if Somewhere() in labels.values():
            oddities.append(
                f"{picture.mask}: marks {picture.marked_px} px, but its class is {picture.defect}; the picture is taken to "
                "show it somewhere"
            )
    return LabelledSet("magnetic_tile", DEFECTS, tuple(found), tuple(oddities))


def _label(picture: _Picture, defect: str, shown: set[str]) -> Label | None:
    if picture.defect == defect:
        is_drawn = picture.marked_px >= LEAST_MARKED_PX
        return MaskFile(picture.mask, FROM_HALF_GREY, marks=True) if is_drawn else Somewhere()
    return None if defect in shown else CLEAN


def _read_index(folder: Path) -> list[_Picture]:
    found = []
    for row in read_rows(folder, _COLUMNS):
        kind = row.name("class")
        if kind not in _CLASSES:
            raise TrainingDataError(f"{row.where}: the class is {kind!r}, allowed are {', '.join(_CLASSES)}")
        files = row.file("path"), row.file("mask")
        fold = row.name("fold") if "fold" in row.texts else ""
        found.append(_Picture(*files, row.name("group"), _CLASSES[kind], row.count("mask_pixels"), fold))
    return found


def _read_classes(folder: Path) -> list[_Picture]:
    named = []
    for kind in _CLASSES:
        pictures = sorted((folder / kind / "Imgs").glob("*.jpg"))
        if not pictures:
            raise TrainingDataError(
                f"{folder / kind / 'Imgs'}: holds no picture; restore it, for without this class nobody knows which tiles "
                "of the others show its defect"
            )
        for mask in sorted((folder / kind / "Imgs").glob("*.png")):
            if not mask.with_suffix(".jpg").is_file():
                raise TrainingDataError(f"{mask}: has no picture; restore it")
        for path in pictures:
            name = _NAME.fullmatch(path.stem)
            if name is None:
                raise TrainingDataError(f"{path}: is not named expE_num_N, so its tile can not be told; restore its name")
            named.append((int(name[2]), int(name[1]), path))
    named.sort()
    tiles = _tiles([(number, exposure) for number, exposure, _ in named])
    return [_opened(path, tile) for (_, _, path), tile in zip(named, tiles, strict=True)]


def _tiles(named: Sequence[tuple[int, int]]) -> list[str]:
    """Of every (number, exposure), in the order of numbers, its tile: named by its first number."""
    tiles: list[str] = []
    last = 0
    for number, exposure in named:
        tiles.append(tiles[-1] if tiles and exposure > last else f"tile_{number}")
        last = exposure
    return tiles


def _opened(path: Path, tile: str) -> _Picture:
    """Look at the mask of a picture with a defect: only it tells whether somebody said where."""
    mask, defect = path.with_suffix(".png"), _CLASSES[path.parent.parent.name]
    if not mask.is_file():
        raise TrainingDataError(f"{mask}: is missing; restore it")
    if not defect:
        return _Picture(path, mask, tile, defect, 0)
    grey = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise TrainingDataError(f"{mask}: can not be decoded; restore it")
    return _Picture(path, mask, tile, defect, int(np.count_nonzero(grey >= min(FROM_HALF_GREY))))
