"""KolektorSDD: commutators, eight sides each, `kosNN/PartM.jpg` with `kosNN/PartM_label.bmp`; or an `index.csv` of it.

Tabernik et al. 2019, "Segmentation-Based Deep-Learning Approach for Surface-Defect Detection", Journal of Intelligent
Manufacturing; CC BY-NC-SA 4.0, so neither its pictures nor a network trained on them may ship. The sides of one commutator
are alike, so its item is the part. Whole items occur twice under two numbers: such pictures are taken once, and items that
share one are one part, as is one that was photographed twice.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import INDEX_FILE, read_rows
from edge_inspector.training.datasets.labelled_picture import (
    ANY_GREY,
    LabelledPicture,
    LabelledSet,
    MaskFile,
)

DEFECT = "crack"
TWICE = {"i32": "i30"}  # groups of an index that are one commutator, photographed twice: four sides of it are alike to 0.98
SIDES = 8
LEFT_OUT = Path("kos21/Part7.jpg")  # as in the published code of 2021: the set is counted as 399 pictures, not 400
_COLUMNS = ("path", "mask", "number", "group", "defective", "mask_pixels", "duplicate_of")


def read_kolektor(folder: Path) -> LabelledSet:
    """Read the folder that holds kos01, kos02, …, or `index.csv`; a part is an item, or a group of the index.

    Left out, and told as oddities: copies of pictures. A side without its label is unknown, and told. Raises
    TrainingDataError naming the file at fault, and in an index the line.
    """
    return _read_index(folder) if (folder / INDEX_FILE).is_file() else _read_items(folder)


def _read_index(folder: Path) -> LabelledSet:
    rows = read_rows(folder, _COLUMNS)
    numbers = {row.count("number") for row in rows}
    found, oddities = [], []
    for row in rows:
        picture, mask = row.file("path"), row.file("mask")
        is_defective, marked_px = row.is_set("defective"), row.count("mask_pixels")
        if is_defective != (marked_px > 0):
            raise TrainingDataError(
                f"{row.where}: defective is {row.texts['defective']}, but mask_pixels {marked_px}; restore the file"
            )
        if row.texts["duplicate_of"] and row.count("duplicate_of") in numbers:
            oddities.append(f"{picture}: is a copy of number {row.texts['duplicate_of']} and left out")
            continue
        label = MaskFile(mask, ANY_GREY, marks=is_defective)
        part = TWICE.get(row.name("group"), row.name("group"))
        found.append(LabelledPicture(picture, part, row.name("number"), {DEFECT: label}, "kolektor"))
    return LabelledSet("kolektor", (DEFECT,), tuple(found), tuple(oddities))


def _read_items(folder: Path) -> LabelledSet:
    items = {item.name: sorted(item.glob("Part*.jpg")) for item in sorted(folder.glob("kos*")) if item.is_dir()}
    if not any(items.values()):
        raise TrainingDataError(f"{folder}: holds neither {INDEX_FILE} nor kos01/Part0.jpg …; name the unpacked folder")
    oddities = []
    for item, pictures in items.items():
        if len(pictures) != SIDES:
            oddities.append(f"{folder / item}: has {len(pictures)} sides, not {SIDES}")
        stems = {picture.stem for picture in pictures}
        masks = sorted((folder / item).glob("Part*_label.bmp"))
        oddities += [f"{mask}: has no picture" for mask in masks if mask.stem.removesuffix("_label") not in stems]
    uncounted = folder / LEFT_OUT
    if uncounted.is_file():
        oddities.append(f"{uncounted}: is not counted to the set by its authors' code of 2021 and left out")
    counted = {item: [each for each in pictures if each != uncounted] for item, pictures in items.items()}
    copies = _copies([picture for pictures in counted.values() for picture in pictures])
    oddities += [f"{copy}: is a copy of {original} and left out" for copy, original in copies.items()]
    parts = _parts(items, copies)
    found = []
    for item, pictures in counted.items():
        for picture in pictures:
            if picture in copies:
                continue
            mask = picture.with_name(f"{picture.stem}_label.bmp")
            label = MaskFile(mask, ANY_GREY) if mask.is_file() else None
            if label is None:
                oddities.append(f"{picture}: has no {mask.name}, so nothing is known of it")
            found.append(LabelledPicture(picture, parts[item], picture.stem, {DEFECT: label}, "kolektor"))
    return LabelledSet("kolektor", (DEFECT,), tuple(found), tuple(oddities))


def _copies(pictures: Sequence[Path]) -> dict[Path, Path]:
    """Of every picture that equals an earlier one byte for byte, that one. Only files of equal length are read."""
    by_length: dict[int, list[Path]] = defaultdict(list)
    for picture in pictures:
        by_length[picture.stat().st_size].append(picture)
    copies: dict[Path, Path] = {}
    first: dict[bytes, Path] = {}
    for alike in by_length.values():
        for picture in alike if len(alike) > 1 else ():
            digest = hashlib.sha256(picture.read_bytes()).digest()
            if digest in first:
                copies[picture] = first[digest]
            else:
                first[digest] = picture
    return copies


def _parts(items: Mapping[str, Sequence[Path]], copies: Mapping[Path, Path]) -> dict[str, str]:
    """Of every item the name of its part: the first of all items that are joined by a picture in two of them."""
    parts = {item: item for item in items}
    for copy, original in copies.items():
        joined = {parts[copy.parent.name], parts[original.parent.name]}
        parts = {item: min(joined) if part in joined else part for item, part in parts.items()}
    return parts
