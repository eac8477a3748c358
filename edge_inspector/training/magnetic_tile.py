"""Magnetic tiles as training sets and as parts for a station: what a picture is known to show, and folds that share no tile.

Huang, Qiu, Yuan 2020, "Surface defect saliency of magnetic tile", The Visual Computer; no licence is stated, so neither its
pictures nor a network trained on them may ship. Read here in the form of `index.csv`: path, mask, class, group, fold, width,
height, mask_pixels. A group is one physical tile, as far as can be told, photographed several times; a fold holds whole
groups.

A picture carries one class, that of its folder. A tile is labelled at one exposure and lies among the good ones, or in
another class, at the next. So a picture is known to be free of a defect only if no picture of its group is labelled for it;
the others say nothing about that defect: they neither train its engine nor choose its cut. Masks have soft borders: a pixel
is defective from 128 on (science.md §5.2). A label of fewer pixels than LEAST_LABEL_PX is none: such pictures are left out.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import INDEX_FILE, Row, read_rows
from edge_inspector.training.datasets.labelled_picture import CLEAN, FROM_HALF_GREY, LabelledPicture, LabelledSet, MaskFile
from edge_inspector.training.defect_set import DefectSet, ViewFit, defect_set
from edge_inspector.training.split import dealing_key

DEFECTS = ("blowhole", "break", "crack", "fray", "uneven")
VIEW_WIDTH_PX, VIEW_HEIGHT_PX = 640, 416  # multiples of 32 px that hold the largest tile, 632 x 403, at its own resolution
VIEW = ViewFit("pad", VIEW_WIDTH_PX, VIEW_HEIGHT_PX)
LEAST_LABEL_PX = 9  # the smallest defect of the set has 26; below are masks of 0, 1 and 3 px
_COLUMNS = ("path", "mask", "class", "group", "fold", "width", "height", "mask_pixels")
_CLASSES = {f"MT_{defect.capitalize()}": defect for defect in DEFECTS} | {"MT_Free": ""}


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture. `defect` is empty for one that counts as good; `label_px` are the pixels of its mask."""

    picture: Path
    mask: Path
    defect: str
    group: str
    fold: int
    label_px: int

    @property
    def name(self) -> str:
        """As the set has it, `exp4_num_45057`; no two pictures share one."""
        return self.picture.stem

    @property
    def is_labelled(self) -> bool:
        """False where the class says that there is a defect and the mask does not say where."""
        return not self.defect or self.label_px >= LEAST_LABEL_PX


@dataclass(frozen=True, slots=True)
class FoldSplit:
    """Tiles of three sets that share no group."""

    training: tuple[Tile, ...]
    validation: tuple[Tile, ...]
    held_back: tuple[Tile, ...]

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """All of them."""
        return (*self.training, *self.validation, *self.held_back)


def read_tiles(folder: Path) -> list[Tile]:
    """Every picture of the set, those without a usable label too. Raises TrainingDataError naming file and line at fault."""
    tiles = [_tile(row) for row in read_rows(folder, _COLUMNS)]
    _refuse_straddling(folder / INDEX_FILE, tiles)
    return tiles


def _tile(row: Row) -> Tile:
    kind, width_px, height_px = row.texts["class"], row.count("width"), row.count("height")
    if kind not in _CLASSES:
        raise TrainingDataError(f"{row.where}: the class is {kind!r}, allowed are {', '.join(_CLASSES)}; restore the file")
    if width_px > VIEW_WIDTH_PX or height_px > VIEW_HEIGHT_PX:
        raise TrainingDataError(
            f"{row.where}: the picture is {width_px} x {height_px} px, more than the view, {VIEW_WIDTH_PX} x "
            f"{VIEW_HEIGHT_PX}; restore the file"
        )
    return Tile(
        row.file("path"),
        row.file("mask"),
        _CLASSES[kind],
        row.texts["group"],
        row.count("fold"),
        row.count("mask_pixels"),
    )


def _refuse_straddling(index: Path, tiles: Sequence[Tile]) -> None:
    folds: dict[str, set[int]] = defaultdict(set)
    for tile in tiles:
        folds[tile.group].add(tile.fold)
    for group, found in folds.items():
        if len(found) > 1:
            raise TrainingDataError(
                f"{index}: group {group} is in the folds {', '.join(map(str, sorted(found)))}; pictures of one tile in two "
                "sets measure memory, so restore the file"
            )


def split_folds(tiles: Sequence[Tile], held_back: int) -> FoldSplit:
    """Hold one fold back; of the others the last one chooses the cuts and the rest train. Raises TrainingDataError."""
    folds = sorted({tile.fold for tile in tiles})
    if held_back not in folds or len(folds) < 3:
        raise TrainingDataError(
            f"fold {held_back} can not be held back: the set has the folds {', '.join(map(str, folds))}, and one more must "
            "choose the cuts and one train"
        )
    *_, validation = (fold for fold in folds if fold != held_back)
    return FoldSplit(
        training=tuple(tile for tile in tiles if tile.fold not in (held_back, validation)),
        validation=tuple(tile for tile in tiles if tile.fold == validation),
        held_back=tuple(tile for tile in tiles if tile.fold == held_back),
    )


def known_for(defect: str, tiles: Iterable[Tile]) -> list[Tile]:
    """Tiles that are labelled for the defect or known to be free of it. Give whole groups: one label speaks for all of one.

    Tiles of other classes count as free under the same condition: what is labelled there is another defect.
    """
    tiles = list(tiles)
    showing = {tile.group for tile in tiles if tile.defect == defect}
    return [tile for tile in tiles if tile.is_labelled and (tile.defect == defect or tile.group not in showing)]


def cut_tiles(defect: str, tiles: Iterable[Tile]) -> list[Tile]:
    """Tiles that an engine's cut is chosen on: its own defect, and of those known to be free of it the good ones.

    A tile with another defect is rejected anyhow, rightly, so that it is neither escape nor false reject of this engine.
    """
    return [tile for tile in known_for(defect, tiles) if tile.defect in (defect, "")]


def good_groups(tiles: Iterable[Tile]) -> set[str]:
    """Groups none of whose pictures is labelled for any defect: in the others a good tile may show one."""
    tiles = list(tiles)
    return {tile.group for tile in tiles} - {tile.group for tile in tiles if tile.defect}


def tile_mask(path: Path) -> NDArray[np.uint8]:
    """A mask at its own size, uint8 (h, w), 255 where it is at least 128 and else 0. Raises TrainingDataError."""
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise TrainingDataError(f"{path}: can not be decoded; restore it")
    return np.where(mask >= 128, 255, 0).astype(np.uint8)


def views_for(defect: str, tiles: Iterable[Tile]) -> DefectSet:
    """These tiles as the station sees them, with the masks of one defect, in dealing order.

    Raises TrainingDataError naming a file that is damaged, or if they do not hold both tiles with the defect and without.
    """
    tiles = sorted(tiles, key=lambda tile: dealing_key(tile.name))
    if len({tile.defect == defect for tile in tiles}) < 2:
        raise TrainingDataError(
            f"{len(tiles)} tiles are known for {defect}, but tiles with it and tiles without are needed; hold back "
            "another fold"
        )
    pictures = tuple(
        LabelledPicture(
            tile.picture,
            tile.name,
            "",
            {defect: MaskFile(tile.mask, FROM_HALF_GREY) if tile.defect == defect else CLEAN},
            "magnetic_tile",
        )
        for tile in tiles
    )
    return defect_set(LabelledSet("magnetic_tile", (defect,), pictures), defect, VIEW)


def write_parts(tiles: Iterable[Tile], folder: Path) -> dict[str, bool]:
    """Write a plain folder of one camera, FOLDER/NAME.jpg, the original files; return whether each part is defective."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for tile in tiles:
        shutil.copyfile(tile.picture, folder / f"{tile.name}.jpg")
    return {tile.name: bool(tile.defect) for tile in tiles}
