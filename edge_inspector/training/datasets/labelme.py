"""labelme: one JSON file beside each picture; pictures without one are clean, if all were looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any  # JSON that others wrote

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.json_file import read_json
from edge_inspector.training.datasets.labelled_picture import Canvas, Drawn, Label, LabelledPicture, LabelledSet
from edge_inspector.training.datasets.regions import Ellipse, Polygon, Polyline, Region, Spot, rectangle

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp")


def read_labelme(folder: Path, *, is_complete: bool = True) -> LabelledSet:
    """Read the pictures of a folder with their labelme files (version 3 and later); a shape's label is its defect.

    Pictures without a file are clean if `is_complete`, else nothing is known of them. A file whose picture is missing is
    an oddity. Raises TrainingDataError.
    """
    pictures = sorted(path for path in folder.glob("*") if path.suffix.lower() in ENDINGS)
    files = sorted(folder.glob("*.json"))
    if not files:
        raise TrainingDataError(f"{folder}: holds no labelme file (PICTURE.json beside its picture)")
    contents = {path.stem: _content(path) for path in files}
    shapes = {path.stem: _shapes(path, contents[path.stem]) for path in files}
    canvases = {path.stem: _canvas(path, contents[path.stem]) for path in files}
    defects = tuple(sorted({word for each in shapes.values() for word, _ in each}))
    found = []
    for picture in pictures:
        labels: dict[str, Label | None] = dict.fromkeys(defects)
        if picture.stem in shapes or is_complete:
            each, canvas = shapes.get(picture.stem, []), canvases.get(picture.stem)
            labels = {
                word: Drawn(tuple((region, 1.0) for other, region in each if other == word), canvas) for word in defects
            }
        found.append(LabelledPicture(picture, picture.stem, "", labels, "labelme"))
    stems = {picture.stem for picture in pictures}
    lonely = [path for path in files if path.stem not in stems]
    oddities = tuple(f"{path}: its picture is missing; {len(shapes[path.stem])} shapes are left out" for path in lonely)
    return LabelledSet("labelme", defects, tuple(found), oddities)


def _content(path: Path) -> dict[str, Any]:
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise TrainingDataError(f"{path}: is no labelme file: `shapes` is missing")
    return content


def _canvas(path: Path, content: Mapping[str, Any]) -> Canvas | None:
    """The size that was labelled at; old files do not say it."""
    height, width = content.get("imageHeight"), content.get("imageWidth")
    return Canvas(str(path), height, width) if isinstance(height, int) and isinstance(width, int) else None


def _shapes(path: Path, content: Mapping[str, Any]) -> list[tuple[str, Region]]:
    found = []
    for number, shape in enumerate(content["shapes"]):
        where = f"{path}: shape {number}"
        try:
            found.append((str(shape["label"]).strip().lower(), _region(where, shape)))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise TrainingDataError(f"{where}: lacks {error}; open it in labelme and save it again") from error
    return found


def _region(where: str, shape: Mapping[str, Any]) -> Region:
    points = tuple((float(x), float(y)) for x, y in shape["points"])
    match shape.get("shape_type") or "polygon":
        case "polygon":
            return Polygon(points)
        case "rectangle":
            (x0, y0), (x1, y1) = points
            return rectangle(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        case "circle":
            (x, y), (edge_x, edge_y) = points
            radius = ((edge_x - x) ** 2 + (edge_y - y) ** 2) ** 0.5
            return Ellipse(x, y, radius, radius)
        case "line" | "linestrip":
            return Polyline(points)
        case "point":
            return Spot(*points[0])
        case other:
            raise TrainingDataError(f"{where}: is a {other!r}, known are polygon, rectangle, circle, line, linestrip, point")
