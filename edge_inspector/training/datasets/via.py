"""VGG Image Annotator: the JSON of versions 1 and 2, exported or a whole project (science.md §10.2).

Told by structure, not by name: in version 1 a picture's regions are a mapping, in version 2 a list; a project keeps the
pictures under `_via_img_metadata`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any  # JSON that others wrote

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.json_entry import Entry, entry_of, shown
from edge_inspector.training.datasets.json_file import read_json
from edge_inspector.training.datasets.labelled_picture import Drawn, Label, LabelledPicture, LabelledSet
from edge_inspector.training.datasets.regions import Ellipse, Polygon, Polyline, Region, Spot, rectangle
from edge_inspector.training.datasets.via_attributes import defect_attribute, defect_of, level_of

DEFECT = "defect"  # what a defect is called that nobody named
REMEDY = "open it in VIA and save it again"


@dataclass(frozen=True, slots=True)
class _Marked:
    """A region as it stands in the file."""

    where: str
    attributes: Mapping[str, Any]
    region: Region


def read_via(
    path: Path,
    pictures: Path | None = None,
    defect: str = "",
    attribute: str = "",
    *,
    is_complete: bool = True,
) -> LabelledSet:
    """Read one JSON file; pictures lie in the folder `pictures`, or beside it.

    A region's defect is what its attribute `attribute` says, in small letters; without a name for it, the only attribute
    that says something; `defect` where regions say nothing. Where some say what they are, and one does not, it may be any
    defect: of those that its picture does not show otherwise nothing is known. A picture without regions is clean if
    `is_complete`, else nothing is known of it. Pictures that are missing are left out and told as oddities. Raises
    TrainingDataError, also for a `defect` that no region needs; ConfigurationError if no region has the attribute, or one of
    several has to be named.
    """
    marked = {entry.fields["filename"]: _marked(entry) for entry in _entries(path)}
    attribute = defect_attribute(path, [each.attributes for found in marked.values() for each in found], attribute)
    said: dict[str, list[tuple[str, Region, float]]] = {
        name: [
            (defect_of(each.where, each.attributes, attribute), each.region, level_of(each.where, each.attributes))
            for each in found
        ]
        for name, found in marked.items()
    }
    words = {word for each in said.values() for word, _, _ in each}
    if defect and words and "" not in words:
        raise TrainingDataError(f"{path}: every region says what it is, so that `defect` is of no use; leave it out")
    unnamed = defect.strip().lower() or ("" if words - {""} else DEFECT)  # what a region is that says nothing
    defects = tuple(sorted({word or unnamed for word in words or {""}} - {""}))
    folder, found, oddities = pictures or path.parent, [], []
    for name, each in said.items():
        if not (folder / name).is_file():
            oddities.append(f"{path}: {name} is not in {folder}; {len(each)} regions are left out")
            continue
        labels: dict[str, Label | None] = dict.fromkeys(defects)
        if each or is_complete:
            labels = {
                word: Drawn(
                    tuple((region, p) for other, region, p in each if (other or unnamed) == word), place=f"{path}: {name}"
                )
                for word in defects
            }
        if not unnamed and any(not word for word, _, _ in each):
            labels = {word: label if isinstance(label, Drawn) and label.regions else None for word, label in labels.items()}
            oddities.append(f"{path}: {name} has a region that does not say what it is; it may be any defect: name it")
        found.append(LabelledPicture(folder / name, Path(name).with_suffix("").as_posix(), "", labels, "via"))
    if not found:
        raise TrainingDataError(f"{path}: none of its {len(said)} pictures is in {folder}; name their folder")
    return LabelledSet("via", defects, tuple(found), tuple(oddities))


def _entries(path: Path) -> list[Entry]:
    """What the file says of every picture, each with the picture's name."""
    content = read_json(path)
    if isinstance(content, dict) and isinstance(content.get("_via_img_metadata"), dict):
        content = content["_via_img_metadata"]
    values = list(content.items()) if isinstance(content, dict) else []
    if not values or not all(isinstance(value, dict) and {"regions", "filename"} <= value.keys() for _, value in values):
        raise TrainingDataError(f"{path}: is no VIA file: needed are entries with `filename` and `regions`")
    names = [entry_of(f"{path}: {key}", value, REMEDY).text("filename") for key, value in values]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise TrainingDataError(f"{path}: {twice[0]} has several entries; merge them in VIA")
    return [entry_of(f"{path}: {name}", value, REMEDY) for name, (_, value) in zip(names, values, strict=True)]


def _marked(entry: Entry) -> list[_Marked]:
    regions = entry.value("regions")
    if not isinstance(regions, dict | list):
        raise entry.refused(f"its regions are {shown(regions)}, needed is a list or an object")
    found = []
    for number, value in enumerate(regions.values() if isinstance(regions, dict) else regions):
        region = entry_of(f"{entry.where}: region {number}", value, REMEDY)
        attributes = region.entry("region_attributes").fields if region.fields.get("region_attributes") else {}
        shape = replace(region.entry("shape_attributes"), where=region.where)
        found.append(_Marked(region.where, attributes, _shape(shape)))
    return found


def _shape(shape: Entry) -> Region:
    match shape.text("name"):
        case "rect":
            left, top = shape.number("x"), shape.number("y")
            width, height = shape.number("width"), shape.number("height")
            if not (width > 0 and height > 0):
                raise shape.refused(f"is {width:g} x {height:g}, allowed is above 0")
            return rectangle(left, top, left + width, top + height)
        case "circle":
            radius = shape.number("r", 0)
            return Ellipse(shape.number("cx"), shape.number("cy"), radius, radius)
        case "ellipse":
            turn_rad = shape.number("theta") if "theta" in shape.fields else 0.0
            half_x, half_y = shape.number("rx", 0), shape.number("ry", 0)
            return Ellipse(shape.number("cx"), shape.number("cy"), half_x, half_y, turn_rad)
        case "polygon":
            return Polygon(_points(shape, 3))
        case "polyline":
            return Polyline(_points(shape, 2))
        case "point":
            return Spot(shape.number("cx"), shape.number("cy"))
        case other:
            raise shape.refused(f"is a {other!r}, known are rect, circle, ellipse, polygon, polyline, point")


def _points(shape: Entry, least: int) -> tuple[tuple[float, float], ...]:
    x, y = shape.numbers("all_points_x"), shape.numbers("all_points_y")
    if len(x) != len(y) or len(x) < least:
        raise shape.refused(
            f"is a {shape.fields['name']} of {len(x)} x and {len(y)} y, needed are as many of both, {least} at least"
        )
    return tuple(zip(x, y, strict=True))
