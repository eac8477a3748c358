"""labelme: one JSON file beside each picture; pictures without one, or without a shape, are clean if all were looked at."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Any  # JSON that others wrote

import cv2
import numpy as np

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.json_entry import Entry, entry_of, shown
from edge_inspector.training.datasets.json_file import read_json
from edge_inspector.training.datasets.labelled_picture import (
    CLEAN,
    PICTURE_ENDINGS,
    Canvas,
    Drawn,
    Label,
    LabelledPicture,
    LabelledSet,
    Somewhere,
)
from edge_inspector.training.datasets.regions import Ellipse, Polygon, Polyline, Region, Spot, Stencil, rectangle
from edge_inspector.training.datasets.run_lengths import encode_counts

REMEDY = "open it in labelme and save it again"
_POINTS = {  # of each kind of shape, the fewest and the most
    "polygon": (3, math.inf),
    "rectangle": (2, 2),
    "circle": (2, 2),
    "line": (2, 2),
    "linestrip": (2, math.inf),
    "point": (1, 1),
    "mask": (2, 2),
}


@dataclass(frozen=True, slots=True)
class _File:
    """What one file says of its picture."""

    path: Path
    named: str  # the picture that it says it is of; empty where it does not
    shapes: list[tuple[str, Region]]
    flags: set[str]  # what somebody said of the whole picture
    canvas: Canvas | None

    @property
    def defects(self) -> set[str]:
        return self.flags | {name for name, _ in self.shapes}

    def label(self, defect: str) -> Label:
        if defect in self.flags and not any(name == defect for name, _ in self.shapes):
            return Somewhere(self.canvas)
        return Drawn(tuple((region, 1.0) for name, region in self.shapes if name == defect), self.canvas, f"{self.path}")


def read_labelme(folder: Path, *, is_complete: bool = True) -> LabelledSet:
    """Read the pictures of a folder with their labelme files (version 3 and later); a shape's label is its defect.

    A flag of a picture that is called as a defect says that the picture shows it, not where. Pictures without a file, or
    whose file has neither, are clean if `is_complete`, else nothing is known of them. A file whose picture is missing is an
    oddity. Raises TrainingDataError, also for two pictures of one stem, a file that names another picture, and a network's
    guess (`score`).
    """
    pictures = _by_stem(folder)
    files = {path.stem: _read_file(path) for path in sorted(folder.glob("*.json"))}
    if not files:
        raise TrainingDataError(f"{folder}: holds no labelme file (PICTURE.json beside its picture)")
    drawn = {name for file in files.values() for name, _ in file.shapes}
    if not drawn:
        raise TrainingDataError(f"{folder}: none of its {len(files)} labelme files has a shape; draw the defects first")
    files = {stem: replace(file, flags=file.flags & drawn) for stem, file in files.items()}
    defects = tuple(sorted(drawn))
    found = []
    for stem, picture in pictures.items():
        labels: dict[str, Label | None] = dict.fromkeys(defects, CLEAN if is_complete else None)
        if stem in files:
            _refuse_other_picture(files[stem], picture)
        if stem in files and files[stem].defects:
            labels = {defect: files[stem].label(defect) for defect in defects}
        found.append(LabelledPicture(picture, stem, "", labels, "labelme"))
    oddities = tuple(
        f"{file.path}: its picture is missing; {len(file.shapes)} shapes are left out"
        for stem, file in files.items()
        if stem not in pictures
    )
    return LabelledSet("labelme", defects, tuple(found), oddities)


def _refuse_other_picture(file: _File, picture: Path) -> None:
    """labelme opens the picture that a file names; here it is the one of the file's own name."""
    if Path(file.named).stem != picture.stem and file.named and picture.with_name(file.named).is_file():
        raise TrainingDataError(
            f"{file.path}: names {file.named}, but {picture.name} is there too; rename the file, or correct its imagePath"
        )


def _by_stem(folder: Path) -> dict[str, Path]:
    pictures: dict[str, Path] = {}
    for path in sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURE_ENDINGS):
        if path.stem in pictures:
            raise TrainingDataError(
                f"{path}: has the same stem as {pictures[path.stem].name}, so {path.stem}.json may be of either; rename or "
                "remove one"
            )
        pictures[path.stem] = path
    return pictures


def _read_file(path: Path) -> _File:
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise TrainingDataError(f"{path}: is no labelme file: `shapes` is missing")
    shapes = [entry_of(f"{path}: shape {number}", value, REMEDY) for number, value in enumerate(content["shapes"])]
    for shape in shapes:
        if shape.fields.get("score") is not None:
            raise shape.refused(f"has a score, {shown(shape.fields['score'])}: it is a network's guess, no label")
    named, flags = content.get("imagePath"), content.get("flags")
    return _File(
        path,
        PureWindowsPath(named).name if isinstance(named, str) else "",  # takes both slashes
        [(shape.name("label"), _region(shape)) for shape in shapes],
        {f"{name}".strip().lower() for name, is_set in flags.items() if is_set is True}
        if isinstance(flags, dict)
        else set(),
        _canvas(path, content),
    )


def _canvas(path: Path, content: Mapping[str, Any]) -> Canvas | None:
    """The size that was labelled at; old files do not say it."""
    height, width = content.get("imageHeight"), content.get("imageWidth")
    return Canvas(str(path), height, width) if isinstance(height, int) and isinstance(width, int) else None


def _region(shape: Entry) -> Region:
    kind = shape.text("shape_type") if shape.fields.get("shape_type") else "polygon"  # old files do not say it
    if kind not in _POINTS:
        raise shape.refused(f"is a {kind!r}, known are {', '.join(_POINTS)}")
    points, (least, most) = _points(shape), _POINTS[kind]
    if not least <= len(points) <= most:
        needed = f"{least}" if least == most else f"at least {least}"
        raise shape.refused(f"is a {kind} of {len(points)} points, needed are {needed}")
    (x0, y0), (x1, y1) = points[0], points[-1]
    match kind:
        case "polygon":
            return Polygon(points)
        case "rectangle":
            return rectangle(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        case "circle":
            radius = math.hypot(x1 - x0, y1 - y0)
            return Ellipse(x0, y0, radius, radius)
        case "point":
            return Spot(x0, y0)
        case "mask":
            return _stencil(shape, round(x0), round(y0), round(x1), round(y1))
        case _:
            return Polyline(points)


def _stencil(shape: Entry, left: int, top: int, right: int, bottom: int) -> Stencil:
    """A mask, a PNG as base64, between its first and its last pixel."""
    try:
        encoded = np.frombuffer(base64.b64decode(shape.text("mask"), validate=True), np.uint8)
        mask = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)
    except (ValueError, cv2.error) as error:
        raise shape.refused(f"its mask can not be decoded ({error})") from error
    size = (bottom - top + 1, right - left + 1)
    if mask is None or mask.shape != size or not mask.any():
        kind = (
            "no picture" if mask is None else f"{mask.shape[1]} x {mask.shape[0]} px, {np.count_nonzero(mask)} of them set"
        )
        raise shape.refused(f"its mask is {kind}, its points ask for {size[1]} x {size[0]} px")
    return Stencil(left, top, size[1], size[0], tuple(encode_counts((mask > 0).T)))  # along its rows


def _points(shape: Entry) -> tuple[tuple[float, float], ...]:
    values = shape.value("points")
    if not isinstance(values, list):
        raise shape.refused(f"its points are {shown(values)}, needed is a list of x, y")
    found = []
    for value in values:
        numbers = shape.numbers_of(value, "point")
        if len(numbers) != 2:
            raise shape.refused(f"its point is {shown(value)}, needed are x, y")
        found.append((numbers[0], numbers[1]))
    return tuple(found)
