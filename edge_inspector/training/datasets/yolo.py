"""YOLO: a text file a picture, of lines `class x y width height` (boxes) or `class x y x y …` (polygons), in shares of it.

A box says that the defect is in it, not which pixels it has. A class is a number; `yolo_classes` knows its name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import (
    CLEAN,
    PICTURE_ENDINGS,
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

IMAGES, LABELS = "images", "labels"
REMEDY = "export the labels again"
SLACK = 0.01  # so far beyond a picture's border rounding may put a point


@dataclass(frozen=True, slots=True)
class _Shape:
    """What one line says; no outline: it is a box."""

    number: int
    outline: SharePolygon | None


def read_yolo(folder: Path, labels: Path | None = None, defect: str = "", *, is_complete: bool = False) -> LabelledSet:
    """Read a folder with images/ and labels/, in it or in folders of it (train/, valid/), or one with `labels` elsewhere.

    `defect` names the only class where no file does. A picture without a text file is clean if `is_complete`, else nothing
    is known of it; with one it is clean for every class that the file does not have. Raises TrainingDataError naming file
    and line, two pictures of one stem, or a class without a name.
    """
    pictures = _by_stem(folder)
    files = _label_files(folder, labels)
    shapes = {stem: _read(path) for stem, path in files.items()}
    numbers = {shape.number: files[stem] for stem, found in shapes.items() for shape in found}
    names = class_names(folder, labels) or ({min(numbers, default=0): defect.strip().lower()} if defect else {})
    for number, path in sorted(numbers.items()):
        if number not in names:
            raise TrainingDataError(
                f"{path}: has class {number}, and nothing says what that is; write {folder / NAME_FILES[0]} with a name a "
                "line, of class 0 first, or say `defect` where there is one class only"
            )
    defects = tuple(dict.fromkeys(names[number] for number in sorted(names)))
    found, without = [], []
    for stem, picture in pictures.items():
        known: dict[str, Label | None] = dict.fromkeys(defects, CLEAN if is_complete else None)
        if stem in files:
            known = {name: _label(name, names, shapes[stem], files[stem]) for name in defects}
        elif not is_complete:
            without.append(picture.name)
        found.append(LabelledPicture(picture, stem, "", known, "yolo"))
    oddities = [
        f"{path}: its picture is missing; {counted(len(shapes[stem]), 'line')} left out"
        for stem, path in files.items()
        if stem not in pictures
    ]
    if without:
        what = f"{counted(len(without), 'picture')} without a text file, of which nothing is known: {listed(without)}"
        oddities.append(f"{folder}: {what}; say `complete` if they are clean")
    return LabelledSet("yolo", defects, tuple(found), tuple(oddities))


def _label(name: str, names: dict[int, str], shapes: list[_Shape], path: Path) -> Label:
    """Of one defect in one picture. Where any of its shapes is a box, not all of its pixels are known."""
    own = [shape.outline for shape in shapes if names[shape.number] == name]
    if None in own:
        return Somewhere()
    return Drawn(tuple((outline, 1.0) for outline in own if outline is not None), place=f"{path}") if own else CLEAN


def _by_stem(folder: Path) -> dict[str, Path]:
    """The pictures of every folder images/, or of the folder itself where it has none."""
    places = [path for path in (folder, *sorted(folder.rglob(IMAGES))) if path.name == IMAGES and path.is_dir()]
    found: dict[str, Path] = {}
    for path in sorted({path for place in places or [folder] for path in place.rglob("*")}):
        if path.suffix.lower() not in PICTURE_ENDINGS:
            continue
        if path.stem in found:
            raise TrainingDataError(
                f"{path}: has the same stem as {found[path.stem]}; rename one with its labels, or remove it"
            )
        found[path.stem] = path
    return found


def _label_files(folder: Path, labels: Path | None) -> dict[str, Path]:
    """The text files of the folder that was named, else of every folder labels/, else beside the pictures."""
    places = [labels] if labels is not None else [path for path in sorted(folder.rglob(LABELS)) if path.is_dir()]
    found: dict[str, Path] = {}
    for path in sorted({path for place in places or [folder] for path in place.rglob("*.txt")}):
        if path.name in NAME_FILES:
            continue
        if path.stem in found:
            raise TrainingDataError(f"{path}: is of the same picture as {found[path.stem]}; remove one")
        found[path.stem] = path
    if not found:
        where = ", ".join(f"{place}" for place in places or [folder])
        raise TrainingDataError(f"{where}: holds no .txt file of labels")
    return found


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
        return _Shape(int(words[0]), None)
    if len(shares) == 5:
        raise TrainingDataError(
            f"{where}: has a number more than a box: how sure a network was. Guesses are no labels; {REMEDY}"
        )
    if len(shares) < 6 or len(shares) % 2:
        raise TrainingDataError(
            f"{where}: has {len(shares)} numbers after its class, needed are 4 of a box, or x, y of at least 3 points; "
            f"{REMEDY}"
        )
    return _Shape(int(words[0]), SharePolygon(tuple(zip(shares[::2], shares[1::2], strict=True))))


def _share(where: str, word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = math.nan
    if not -SLACK <= share <= 1.0 + SLACK:
        raise TrainingDataError(f"{where}: has {word}, allowed are shares of the picture, 0 to 1; {REMEDY}")
    return share
