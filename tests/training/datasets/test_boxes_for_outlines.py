"""Boxes that are read as outlines are told, where nothing else is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_inspector.training.datasets.boxes_for_outlines import boxes_told
from edge_inspector.training.datasets.labelled_picture import CLEAN, Drawn, LabelledPicture, LabelledSet, Somewhere
from edge_inspector.training.datasets.regions import Polygon, Region, SharePolygon, Spot, rectangle

OUTLINE = Polygon(((0, 0), (9, 0), (9, 9), (1, 9)))
SLANTED = Polygon(((5, 0), (9, 4), (4, 9), (0, 5)))


def drawn(*regions: Region) -> LabelledSet:
    labels = [{"dent": Drawn(((region, 1.0),)), "stain": CLEAN} for region in regions] + [{"dent": Somewhere()}]
    pictures = (LabelledPicture(Path(f"{k}.png"), f"{k}", "", label, "drawn") for k, label in enumerate(labels))
    return LabelledSet("drawn", ("dent", "stain"), tuple(pictures))


def test_a_defect_of_upright_boxes_alone_is_told() -> None:
    (said,) = boxes_told(drawn(rectangle(0, 0, 9, 4), rectangle(3, 3, 5, 5)))
    assert said.startswith("dent is drawn as 2 upright boxes alone: all pixels inside count as the defect, sound ones too")
    (said,) = boxes_told(drawn(rectangle(0, 0, 9, 4)))
    assert said.startswith("dent is drawn as an upright box alone: ")


@pytest.mark.parametrize("other", [OUTLINE, SLANTED, Spot(3, 3), SharePolygon(((0, 0), (1, 0), (1, 1), (0, 1)))])
def test_one_other_region_shows_that_boxes_are_meant(other: Region) -> None:
    assert boxes_told(drawn(rectangle(0, 0, 9, 4), other)) == []
    assert boxes_told(drawn()) == []
