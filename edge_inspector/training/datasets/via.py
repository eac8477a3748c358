"""VGG Image Annotator: the JSON of versions 1 and 2, exported or a whole project (science.md §10.2).

Told by structure, not by name: in version 1 a picture's regions are a mapping, in version 2 a list; a project keeps the
pictures under `_via_img_metadata`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any  # JSON that others wrote

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.json_file import read_json
from edge_inspector.training.datasets.labelled_picture import Drawn, Label, LabelledPicture, LabelledSet
from edge_inspector.training.datasets.regions import Ellipse, Polygon, Polyline, Region, Spot, rectangle

PROBABILITY = "p"  # of a region's attributes, 0..1: how sure the person was
NO_NAMES = frozenset({"", "unknown", "not_defined"})  # what VIA writes for a choice that nobody made


def read_via(
    path: Path, pictures: Path | None = None, defect: str = "defect", attribute: str = "", *, is_complete: bool = True
) -> LabelledSet:
    """Read one JSON file; pictures lie in the folder `pictures`, or beside it.

    A region's defect is what its attribute `attribute` says, in small letters; without a name for it, the only attribute
    of text that regions have; `defect` where they say nothing. A picture without regions is clean if `is_complete`, else
    nothing is known of it. Pictures that are missing are left out and told as oddities. Raises TrainingDataError.
    """
    entries = _entries(path)
    folder = pictures or path.parent
    regions = {name: list(_regions(path, name, entry)) for name, entry in entries}
    attribute = attribute or _only_attribute(found for each in regions.values() for found in each)
    named: dict[str, list[tuple[str, Region, float]]] = {
        name: [(_defect(found, attribute) or defect, region, _level(path, name, found)) for found, region in each]
        for name, each in regions.items()
    }
    defects = tuple(sorted({word for each in named.values() for word, _, _ in each} or {defect}))
    found, oddities = [], []
    for name, each in named.items():
        if not (folder / name).is_file():
            oddities.append(f"{path}: {name} is not in {folder}; {len(each)} regions are left out")
            continue
        labels: dict[str, Label | None] = dict.fromkeys(defects)
        if each or is_complete:
            labels = {word: Drawn(tuple((region, p) for other, region, p in each if other == word)) for word in defects}
        found.append(LabelledPicture(folder / name, Path(name).stem, "", labels, "via"))
    if not found:
        raise TrainingDataError(f"{path}: none of its {len(named)} pictures is in {folder}; name their folder")
    return LabelledSet("via", defects, tuple(found), tuple(oddities))


def _entries(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (file name, entry) of every picture."""
    content = read_json(path)
    if isinstance(content, dict) and isinstance(content.get("_via_img_metadata"), dict):
        content = content["_via_img_metadata"]
    entries = list(content.values()) if isinstance(content, dict) else []
    if not entries or not all(isinstance(entry, dict) and "regions" in entry and "filename" in entry for entry in entries):
        raise TrainingDataError(f"{path}: is no VIA file: needed are entries with `filename` and `regions`")
    twice = [name for name, count in Counter(entry["filename"] for entry in entries).items() if count > 1]
    if twice:
        raise TrainingDataError(f"{path}: {twice[0]} has several entries; merge them in VIA")
    return [(entry["filename"], entry) for entry in entries]


def _regions(path: Path, name: str, entry: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Region]]:
    """Yield the attributes and the shape of each region of a picture."""
    regions = entry["regions"]
    for number, region in enumerate(regions.values() if isinstance(regions, dict) else regions):
        where = f"{path}: {name}: region {number}"
        try:
            yield region.get("region_attributes") or {}, _shape(where, region["shape_attributes"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise TrainingDataError(f"{where}: lacks {error}; open it in VIA and save it again") from error


def _shape(where: str, shape: Mapping[str, Any]) -> Region:
    match shape["name"]:
        case "rect":
            left, top = float(shape["x"]), float(shape["y"])
            return rectangle(left, top, left + float(shape["width"]), top + float(shape["height"]))
        case "circle":
            return Ellipse(float(shape["cx"]), float(shape["cy"]), float(shape["r"]), float(shape["r"]))
        case "ellipse":
            cx, cy, rx, ry = (float(shape[key]) for key in ("cx", "cy", "rx", "ry"))
            return Ellipse(cx, cy, rx, ry, float(shape.get("theta", 0.0)))
        case "polygon":
            return Polygon(_points(shape))
        case "polyline":
            return Polyline(_points(shape))
        case "point":
            return Spot(float(shape["cx"]), float(shape["cy"]))
        case other:
            raise TrainingDataError(f"{where}: is a {other!r}, known are rect, circle, ellipse, polygon, polyline, point")


def _points(shape: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    x, y = shape["all_points_x"], shape["all_points_y"]
    return tuple((float(a), float(b)) for a, b in zip(x, y, strict=True))


def _only_attribute(regions: Iterator[tuple[Mapping[str, Any], Region]]) -> str:
    names = {name.lower() for attributes, _ in regions for name, value in attributes.items() if _is_name(name, value)}
    return names.pop() if len(names) == 1 else ""


def _is_name(attribute: str, value: object) -> bool:
    return attribute.lower() != PROBABILITY and isinstance(value, str)


def _defect(attributes: Mapping[str, Any], attribute: str) -> str:
    """What a region says that it is; empty where it says nothing."""
    for name, value in attributes.items():
        if name.lower() == attribute.lower() and isinstance(value, str) and value.lower() not in NO_NAMES:
            return value.strip().lower()
    return ""


def _level(path: Path, name: str, attributes: Mapping[str, Any]) -> float:
    written = attributes.get(PROBABILITY, 1.0)
    try:
        level = float(written)
    except (TypeError, ValueError):
        level = -1.0
    if not 0.0 <= level <= 1.0:
        raise TrainingDataError(f"{path}: {name}: a region's {PROBABILITY} is {written!r}, allowed is 0 to 1")
    return level
