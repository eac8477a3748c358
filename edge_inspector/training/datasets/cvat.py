"""CVAT's own XML, `CVAT for images 1.1`: one file for many pictures, every shape that its editor draws on a flat picture.

Its points count from the picture's corner, (0.5, 0.5) being the middle of the first pixel; its masks are counts along the
rows of a box. A shape's label is its defect; a tag says that the picture shows the defect, not where. Read from CVAT's
exporter (`dump_as_cvat_annotation`) and its manual; attributes, groups and layers (`z_order`) mean nothing here.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import (
    Canvas,
    Drawn,
    Label,
    LabelledPicture,
    LabelledSet,
    Somewhere,
)
from edge_inspector.training.datasets.regions import (
    FARTHEST,
    Ellipse,
    Polygon,
    Polyline,
    Region,
    Spot,
    Stencil,
)
from edge_inspector.training.datasets.xml_file import read_xml

CORNER = 0.5  # from a picture's corner to the middle of its first pixel
MOST_DIGITS = 12  # of a count of pixels
KNOWN = "box, polygon, polyline, points, ellipse, mask, tag"


@dataclass(frozen=True, slots=True)
class _Image:
    """What one <image> says: its shapes by defect, and the defects that it is tagged with."""

    name: str
    subset: str  # of a project, whose export has a folder for each
    canvas: Canvas
    regions: Mapping[str, list[Region]] = field(default_factory=lambda: defaultdict(list))
    tags: set[str] = field(default_factory=set)

    @property
    def defects(self) -> set[str]:
        return {*self.regions, *self.tags}


def read_cvat(path: Path, pictures: Path | None = None, *, is_complete: bool = True) -> LabelledSet:
    """Read `annotations.xml`; pictures lie in `pictures`, or in images/ beside it, or beside it.

    Every label that any picture shows is a defect, in small letters. A picture that shows none is clean if `is_complete`,
    else nothing is known of it. What is partly hidden (`occluded`) is drawn as it stands; what has left the picture
    (`outside`) is not; what a network drew (`source` is auto) is no label. Missing pictures are oddities. Raises
    TrainingDataError naming file, picture and element; a picture of another size than the file says is refused when it is
    read.
    """
    root = read_xml(path)
    if root.find("track") is not None:
        raise TrainingDataError(f"{path}: holds tracks of a video; export it as `CVAT for images 1.1`")
    if root.tag != "annotations" or root.find("image") is None:
        raise TrainingDataError(f"{path}: is no file of CVAT: needed are <image> elements in <annotations>")
    images: dict[tuple[str, str], _Image] = {}
    for element in root.iter("image"):
        image = _image(path, element)
        if (image.name, image.subset) in images:
            raise TrainingDataError(f"{path}: {image.name} has several <image> elements; export one task at a time")
        images[image.name, image.subset] = image
    defects = tuple(sorted({defect for image in images.values() for defect in image.defects}))
    if not defects:
        raise TrainingDataError(f"{path}: holds neither shapes nor tags; name the file that was exported with them")
    folder = pictures or (path.parent / "images" if (path.parent / "images").is_dir() else path.parent)
    found, oddities = [], []
    for (name, _), image in images.items():
        place = next((place for place in (Path(name), Path(image.subset) / name) if (folder / place).is_file()), None)
        if place is None:
            oddities.append(f"{path}: {name} is not in {folder}; what it shows is left out")
            continue
        labels: dict[str, Label | None] = dict.fromkeys(defects)
        if image.defects or is_complete:
            labels = {defect: _label(image, defect) for defect in defects}
        found.append(LabelledPicture(folder / place, place.with_suffix("").as_posix(), "", labels, "cvat"))
    if not found:
        raise TrainingDataError(f"{path}: none of its {len(images)} pictures is in {folder}; name their folder")
    return LabelledSet("cvat", defects, tuple(found), tuple(oddities))


def _label(image: _Image, defect: str) -> Label:
    if defect in image.tags and defect not in image.regions:
        return Somewhere(image.canvas)
    return Drawn(tuple((region, 1.0) for region in image.regions.get(defect, ())), image.canvas)


def _image(path: Path, element: Element) -> _Image:
    name = _text(f"{path}: an <image>", element, "name")
    where = f"{path}: {name}"
    canvas = Canvas(where, _whole(where, element, "height", least=1), _whole(where, element, "width", least=1))
    image = _Image(name, (element.get("subset") or "").strip(), canvas)
    for number, child in enumerate(element, 1):
        here = f"{where}: element {number}, a {child.tag},"
        if child.get("outside") == "1":
            continue
        if child.get("source") == "auto":
            raise TrainingDataError(f"{here} was drawn by a network (source is auto): a guess, no label; correct it in CVAT")
        defect = _text(here, child, "label").lower()
        if child.tag == "tag":
            image.tags.add(defect)
            continue
        image.regions[defect].extend(_regions(here, child, canvas))
    return image


def _regions(where: str, element: Element, canvas: Canvas) -> list[Region]:
    match element.tag:
        case "box":
            return [_box(where, element)]
        case "polygon":
            return [Polygon(_points(where, element, least=3), is_outlined=False)]
        case "polyline":
            return [Polyline(_points(where, element, least=2))]
        case "points":
            points = _points(where, element, least=1)
            return [Spot(_pixel(x, canvas.width_px), _pixel(y, canvas.height_px)) for x, y in points]
        case "ellipse":
            x, y = (_number(where, element, key) - CORNER for key in ("cx", "cy"))
            half_x, half_y = (_number(where, element, key) for key in ("rx", "ry"))
            if half_x <= 0 or half_y <= 0:
                raise TrainingDataError(f"{where} has the half axes {half_x:g} and {half_y:g}, allowed is above 0")
            return [Ellipse(x, y, half_x, half_y, _turn_rad(where, element))]
        case "mask":
            return [_stencil(where, element, canvas)]
        case _:
            raise TrainingDataError(f"{where} is of no known kind, which are {KNOWN}; draw it as one of them")


def _box(where: str, element: Element) -> Polygon:
    left, top, right, bottom = (_number(where, element, key) - CORNER for key in ("xtl", "ytl", "xbr", "ybr"))
    if left >= right or top >= bottom:
        raise TrainingDataError(f"{where} is {right - left:g} x {bottom - top:g} px, allowed is above 0")
    x, y = (left + right) / 2, (top + bottom) / 2
    turn_rad = _turn_rad(where, element)
    cos, sin = math.cos(turn_rad), math.sin(turn_rad)
    corners = ((left - x, top - y), (right - x, top - y), (right - x, bottom - y), (left - x, bottom - y))
    return Polygon(tuple((x + cos * dx - sin * dy, y + sin * dx + cos * dy) for dx, dy in corners), is_outlined=False)


def _pixel(number: float, size_px: int) -> int:
    """The pixel that a coordinate lies in; at the far edge, where CVAT lets points lie, the last one."""
    return size_px - 1 if number + CORNER == size_px else math.floor(number + CORNER)


def _stencil(where: str, element: Element, canvas: Canvas) -> Stencil:
    left, top = (_whole(where, element, key, least=0) for key in ("left", "top"))
    width, height = (_whole(where, element, key, least=1) for key in ("width", "height"))
    words = _text(where, element, "rle").replace(",", " ").split()
    if not all(word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS for word in words):
        raise TrainingDataError(f"{where} has an rle that holds more than whole numbers of pixels; export it again")
    counts = tuple(map(int, words))
    if sum(counts) != width * height or not sum(counts[1::2]):
        raise TrainingDataError(
            f"{where} has counts of {sum(counts)} px, {sum(counts[1::2])} of them inside, in a box of {width} x {height} "
            "px; export it again"
        )
    if left + width > canvas.width_px or top + height > canvas.height_px:
        raise TrainingDataError(
            f"{where} reaches to {left + width}, {top + height}, allowed is the picture, {canvas.width_px} x "
            f"{canvas.height_px} px"
        )
    return Stencil(left, top, width, height, counts)


def _points(where: str, element: Element, least: int) -> tuple[tuple[float, float], ...]:
    found = []
    for point in _text(where, element, "points").split(";"):
        numbers = point.split(",")
        if len(numbers) != 2:
            raise TrainingDataError(f"{where} has the point {point!r}, allowed is x,y")
        x, y = (_parse(where, "a point with", number) - CORNER for number in numbers)
        found.append((x, y))
    if len(found) < least:
        raise TrainingDataError(f"{where} has {len(found)} points, needed are at least {least}")
    return tuple(found)


def _turn_rad(where: str, element: Element) -> float:
    return math.radians(_number(where, element, "rotation")) if "rotation" in element.attrib else 0.0


def _number(where: str, element: Element, key: str) -> float:
    return _parse(where, key, _text(where, element, key))


def _parse(where: str, what: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= FARTHEST:
        raise TrainingDataError(f"{where} has {what} {text!r}, allowed are numbers from {-FARTHEST:.0f} to {FARTHEST:.0f}")
    return number


def _whole(where: str, element: Element, key: str, least: int) -> int:
    number = _number(where, element, key)
    if not number.is_integer() or number < least:
        raise TrainingDataError(f"{where} has {key} {number:g}, allowed are whole numbers from {least} on")
    return int(number)


def _text(where: str, element: Element, key: str) -> str:
    text = (element.get(key) or "").strip()
    if not text:
        raise TrainingDataError(f"{where} lacks {key}; open it in CVAT and export it again")
    return text
