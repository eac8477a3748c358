"""Pascal VOC: one XML a picture with boxes, counted from 1. A box says that the defect is in it, not which pixels it has."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import (
    PICTURE_ENDINGS,
    Canvas,
    Drawn,
    Label,
    LabelledPicture,
    LabelledSet,
    Somewhere,
)
from edge_inspector.training.datasets.regions import FARTHEST
from edge_inspector.training.datasets.wording import counted, listed
from edge_inspector.training.datasets.xml_file import read_xml


@dataclass(frozen=True, slots=True)
class Box:
    """A defect's box: its first and last column and row, counted from 0."""

    defect: str
    left_px: int
    top_px: int
    right_px: int
    bottom_px: int


def read_voc(annotations: Path, pictures: Path) -> LabelledSet:
    """Read a folder of XML files and one of pictures: the one that `filename` names, else that of the XML's own name.

    Pictures without an XML file are left out and told as oddities, as are XML files without their picture. Raises
    TrainingDataError naming the file, also where it can not be told of which picture it is.
    """
    files = sorted(annotations.glob("*.xml"))
    if not files:
        raise TrainingDataError(f"{annotations}: holds no XML file")
    read = {file: _read(file) for file in files}
    defects = tuple(sorted({box.defect for each in read.values() for box in each.boxes}))
    there = _Pictures(pictures)
    found, oddities, taken = [], [], dict[Path, Path]()
    for file, each in read.items():
        picture = there.of(file, each.filename)
        if picture is None:
            oddities.append(f"{file}: its picture is not in {pictures}; {len(each.boxes)} boxes are left out")
            continue
        if picture in taken:
            raise TrainingDataError(f"{file}: is of {picture}, as {taken[picture]} is; remove one, or correct its filename")
        taken[picture] = file
        present = {box.defect for box in each.boxes}
        somewhere, clean = Somewhere(each.canvas), Drawn(canvas=each.canvas)
        labels: dict[str, Label | None] = {name: somewhere if name in present else clean for name in defects}
        found.append(LabelledPicture(picture, picture.stem, "", labels, "voc"))
    if not found:
        raise TrainingDataError(f"{annotations}: none of its {len(files)} pictures is in {pictures}; name their folder")
    without = [path.name for path in there.files if path not in taken]
    if without:
        oddities.append(f"{pictures}: {counted(len(without), 'picture')} without an XML file left out: {listed(without)}")
    return LabelledSet("voc", defects, tuple(found), tuple(oddities))


class _Pictures:
    """The pictures of a folder, to be found by what an XML file says."""

    def __init__(self, folder: Path) -> None:
        self.files = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURE_ENDINGS)
        self._by_name = {path.name: path for path in self.files}
        self._by_stem = defaultdict[str, list[Path]](list)
        for path in self.files:
            self._by_stem[path.stem].append(path)

    def of(self, file: Path, filename: str) -> Path | None:
        """The picture of an XML file. Raises TrainingDataError where two could be meant."""
        said, own = self._by_name.get(filename), self._by_stem.get(file.stem, [])
        if said is not None and own and said not in own:
            raise TrainingDataError(f"{file}: names {filename}, but {own[0].name} is there too; correct its filename")
        if said is None and len(own) > 1:
            raise TrainingDataError(f"{file}: may be of {own[0].name} or of {own[1].name}; say which as its filename")
        return said or next(iter(own), None)


@dataclass(frozen=True, slots=True)
class _Annotation:
    """What one XML file says."""

    filename: str
    canvas: Canvas | None
    boxes: list[Box]


def read_boxes(file: Path) -> list[Box]:
    """Return the boxes of one XML file. Raises TrainingDataError for one that is off the picture, empty or no number."""
    return _read(file).boxes


def _read(file: Path) -> _Annotation:
    root = read_xml(file)
    width, height = (_whole(str(file), root, f"size/{key}") for key in ("width", "height"))
    boxes = [_box(f"{file}: object {number}", each) for number, each in enumerate(root.iter("object"), 1)]
    canvas = Canvas(f"{file}", height, width) if min(height, width) > 0 else None  # some programs write no size
    boxes = boxes if canvas is None else [_within(box, width, height) for box in boxes]
    for box in boxes if canvas is not None else ():
        if not (0 <= box.left_px <= box.right_px < width and 0 <= box.top_px <= box.bottom_px < height):
            raise TrainingDataError(
                f"{file}: a box of {box.defect} from {box.left_px + 1}, {box.top_px + 1} to {box.right_px + 1}, "
                f"{box.bottom_px + 1}, allowed is within 1 to {width}, 1 to {height}"
            )
    filename = PureWindowsPath(root.findtext("filename", "").strip()).name  # takes both slashes
    return _Annotation(filename, canvas, boxes)


def _within(box: Box, width: int, height: int) -> Box:
    """A box that reaches a pixel beyond the picture, as those of programs that count from 0 do, put back into it."""
    return Box(
        box.defect,
        *(max(edge, 0) if edge >= -1 else edge for edge in (box.left_px, box.top_px)),
        *(min(edge, most - 1) if edge <= most else edge for edge, most in ((box.right_px, width), (box.bottom_px, height))),
    )


def _box(where: str, element: ElementTree.Element) -> Box:
    name = element.findtext("name", "").strip().lower()
    if not name:
        raise TrainingDataError(f"{where}: lacks name; label it again")
    left, top, right, bottom = (_whole(where, element, f"bndbox/{key}") - 1 for key in ("xmin", "ymin", "xmax", "ymax"))
    return Box(name, left, top, right, bottom)


def _whole(where: str, element: ElementTree.Element, path: str) -> int:
    """A number of pixels, rounded: some programs write fractions."""
    text = element.findtext(path, "").strip()
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= FARTHEST:
        what = f"{path} is {text!r}, needed is a number of pixels" if text else f"lacks {path}"
        raise TrainingDataError(f"{where}: {what}; label it again")
    return round(number)
