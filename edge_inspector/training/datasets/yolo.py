"""YOLO: a text file a picture, of lines `class x y width height` (boxes) or `class x y x y …` (polygons), in shares of it.

A box says that the defect is in it, not which pixels it has. A class is a number; `yolo_classes` knows its name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import (
    CLEAN,
    Drawn,
    Label,
    LabelledPicture,
    LabelledSet,
    Somewhere,
)
from edge_inspector.training.datasets.regions import SharePolygon
from edge_inspector.training.datasets.text_file import read_lines
from edge_inspector.training.datasets.wording import counted, listed
from edge_inspector.training.datasets.yolo_classes import NAME_FILES, class_names
from edge_inspector.training.datasets.yolo_files import pair_files

REMEDY = "export the labels again"
SLACK = 0.01  # so far beyond a picture's border rounding may put a point


@dataclass(frozen=True, slots=True)
class _Shape:
    """What one line says, and where it stands; no outline: it is a box."""

    where: str
    number: int
    outline: SharePolygon | None


def read_yolo(folder: Path, labels: Path | None = None, defect: str = "", *, is_complete: bool = False) -> LabelledSet:
    """Read a folder with images/ and labels/, in it or in folders of it (train/, valid/), or one with `labels` elsewhere.

    `defect` names the only class where no file does. A picture without a text file is clean if `is_complete`, else nothing
    is known of it; with one it is clean for every class that the file does not have. Raises TrainingDataError naming file
    and line, two pictures of one text file, a class without a name, and a set of poses.
    """
    pairs, oddities = pair_files(folder, labels)
    shapes = {pair.labels: _read(pair.labels) for pair in pairs if pair.labels is not None}
    if _are_turned_boxes(shapes.values()):
        oddities.append(
            f"{folder}: every outline has four corners, so that they count as turned boxes: of their pixels nothing is known"
        )
        shapes = {path: [replace(shape, outline=None) for shape in found] for path, found in shapes.items()}
    names = _names(folder, labels, shapes, defect)
    defects = tuple(dict.fromkeys(names[number] for number in sorted(names)))
    found, without = [], []
    for pair in pairs:
        known: dict[str, Label | None] = dict.fromkeys(defects, CLEAN if is_complete else None)
        if pair.labels is not None:
            known = {name: _label(name, names, shapes[pair.labels], pair.labels) for name in defects}
        elif not is_complete:
            without.append(pair.picture.name)
        found.append(LabelledPicture(pair.picture, pair.part, "", known, "yolo", fold=pair.fold))
    if without:
        what = f"{counted(len(without), 'picture')} without a text file, of which nothing is known: {listed(without)}"
        oddities.append(f"{folder}: {what}; say `complete` if they are clean")
    return LabelledSet("yolo", defects, tuple(found), tuple(oddities))


def _names(folder: Path, labels: Path | None, shapes: Mapping[Path, Sequence[_Shape]], defect: str) -> dict[int, str]:
    """What the classes' numbers mean. Raises TrainingDataError for one that nothing names."""
    said = class_names(folder, labels, {path.parent for path in shapes})
    first = {shape.number: shape.where for found in reversed([*shapes.values()]) for shape in reversed(found)}
    if said is None:
        if len(first) > 1 or not defect:
            where, what = (first[max(first)], f"has class {max(first)}, and") if first else (folder, "shows no class, and")
            raise TrainingDataError(
                f"{where}: {what} nothing says what that is; write {folder / NAME_FILES[0]} with a name a line, of class 0 "
                "first, or say `defect` where there is one class only"
            )
        return {min(first, default=0): defect.strip().lower()}
    if defect:
        raise TrainingDataError(f"{said.file}: names the classes, so that `defect` is of no use; leave it out")
    for number, where in sorted(first.items()):
        if number not in said.names:
            raise TrainingDataError(
                f"{where}: has class {number}, and {said.file} names {', '.join(map(str, sorted(said.names)))}; add its "
                "name there, or correct the line"
            )
    return dict(said.names)


def _are_turned_boxes(shapes: Iterable[Sequence[_Shape]]) -> bool:
    """Whether the set looks like one of oriented boxes, whose lines are those of polygons: nothing else tells them apart."""
    corners = [len(shape.outline.points) for found in shapes for shape in found if shape.outline is not None]
    return bool(corners) and set(corners) == {4}


def _label(name: str, names: dict[int, str], shapes: list[_Shape], path: Path) -> Label:
    """Of one defect in one picture. Where any of its shapes is a box, not all of its pixels are known."""
    own = [shape.outline for shape in shapes if names[shape.number] == name]
    if None in own:
        return Somewhere()
    return Drawn(tuple((outline, 1.0) for outline in own if outline is not None), place=f"{path}") if own else CLEAN


def _read(path: Path) -> list[_Shape]:
    return [_shape(f"{path}:{number}", line) for number, line in enumerate(read_lines(path), 1) if line.strip()]


def _shape(where: str, line: str) -> _Shape:
    words = line.split()
    if not (words[0].isascii() and words[0].isdigit()):
        raise TrainingDataError(f"{where}: its class is {words[0]!r}, needed is a whole number; {REMEDY}")
    shares = [_share(where, word) for word in words[1:]]
    if len(shares) == 4:
        if min(shares[2:]) <= 0.0:
            raise TrainingDataError(f"{where}: a box of width {shares[2]:g} and height {shares[3]:g}; {REMEDY}")
        return _Shape(where, int(words[0]), None)
    if len(shares) == 5:
        raise TrainingDataError(
            f"{where}: has a number more than a box: how sure a network was. Guesses are no labels; {REMEDY}"
        )
    if len(shares) < 6 or len(shares) % 2:
        raise TrainingDataError(
            f"{where}: has {len(shares)} numbers after its class, needed are 4 of a box, or x, y of at least 3 points; "
            f"{REMEDY}"
        )
    return _Shape(where, int(words[0]), SharePolygon(tuple(zip(shares[::2], shares[1::2], strict=True))))


def _share(where: str, word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = math.nan
    if not -SLACK <= share <= 1.0 + SLACK:
        raise TrainingDataError(f"{where}: has {word}, allowed are shares of the picture, 0 to 1; {REMEDY}")
    return share
