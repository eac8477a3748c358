"""Pascal VOC: one XML a picture with boxes, counted from 1. A box says that the defect is in it, not which pixels it has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, Label, LabelledPicture, LabelledSet, Somewhere
from edge_inspector.training.datasets.xml_file import read_xml

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp")


@dataclass(frozen=True, slots=True)
class Box:
    """A defect's box: its first and last column and row, counted from 0."""

    defect: str
    left_px: int
    top_px: int
    right_px: int
    bottom_px: int


def read_voc(annotations: Path, pictures: Path) -> LabelledSet:
    """Read a folder of XML files and one of pictures; each is found by the XML's own name where `filename` says no ending.

    Raises TrainingDataError naming the file.
    """
    files = sorted(annotations.glob("*.xml"))
    if not files:
        raise TrainingDataError(f"{annotations}: holds no XML file")
    boxes = {file: read_boxes(file) for file in files}
    defects = tuple(sorted({box.defect for each in boxes.values() for box in each}))
    found, oddities = [], []
    for file, each in boxes.items():
        picture = next((path for ending in ENDINGS if (path := pictures / f"{file.stem}{ending}").is_file()), None)
        if picture is None:
            oddities.append(f"{file}: its picture is not in {pictures}; {len(each)} boxes are left out")
            continue
        present = {box.defect for box in each}
        labels: dict[str, Label | None] = {name: Somewhere() if name in present else CLEAN for name in defects}
        found.append(LabelledPicture(picture, file.stem, "", labels, "voc"))
    if not found:
        raise TrainingDataError(f"{annotations}: none of its {len(files)} pictures is in {pictures}; name their folder")
    return LabelledSet("voc", defects, tuple(found), tuple(oddities))


def read_boxes(file: Path) -> list[Box]:
    """Return the boxes of one XML file. Raises TrainingDataError for one that is off the picture, empty or no number."""
    root = read_xml(file)
    try:
        width, height = int(root.findtext("size/width", "")), int(root.findtext("size/height", ""))
        boxes = [_box(each) for each in root.iter("object")]
    except ValueError as error:
        raise TrainingDataError(f"{file}: can not be read as VOC ({error})") from error
    for box in boxes:
        if not (0 <= box.left_px <= box.right_px < width and 0 <= box.top_px <= box.bottom_px < height):
            raise TrainingDataError(
                f"{file}: a box of {box.defect} from {box.left_px + 1}, {box.top_px + 1} to {box.right_px + 1}, "
                f"{box.bottom_px + 1}, allowed is within 1 to {width}, 1 to {height}"
            )
    return boxes


def _box(element: ElementTree.Element) -> Box:
    name = element.findtext("name", "").strip().lower()
    edges = [float(element.findtext(f"bndbox/{key}", "")) for key in ("xmin", "ymin", "xmax", "ymax")]
    left, top, right, bottom = (round(edge) - 1 for edge in edges)
    return Box(name, left, top, right, bottom)
