"""Defects that are drawn as upright boxes alone, all of whose pixels count as the defect: mostly nobody meant that."""

from __future__ import annotations

from collections.abc import Iterator

from edge_inspector.training.datasets.labelled_picture import Drawn, LabelledSet
from edge_inspector.training.datasets.regions import Polygon, Region


def boxes_told(labelled: LabelledSet) -> list[str]:
    """A sentence for each defect whose every region is one."""
    told = []
    for defect in labelled.defects:
        regions = list(_regions(labelled, defect))
        if regions and all(map(_is_box, regions)):
            boxes = "an upright box" if len(regions) == 1 else f"{len(regions)} upright boxes"
            told.append(
                f"{defect} is drawn as {boxes} alone: all pixels inside count as the defect, "
                "sound ones too; draw outlines, or give the boxes as VOC or YOLO, where they say only that it is there"
            )
    return told


def _regions(labelled: LabelledSet, defect: str) -> Iterator[Region]:
    for picture in labelled.pictures:
        label = picture.labels.get(defect)
        if isinstance(label, Drawn):
            yield from (region for region, _ in label.regions)


def _is_box(region: Region) -> bool:
    if not isinstance(region, Polygon) or len(region.points) != 4:
        return False
    sides = zip(region.points, (*region.points[1:], region.points[0]), strict=True)
    return all(x0 == x1 or y0 == y1 for (x0, y0), (x1, y1) in sides)
