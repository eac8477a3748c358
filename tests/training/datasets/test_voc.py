"""VOC boxes: the real files where they are at hand, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, Somewhere
from edge_inspector.training.datasets.voc import Box, read_boxes, read_voc
from tests.training.real_data import real_data

XML = """<annotation><filename>a</filename><size><width>200</width><height>100</height><depth>1</depth></size>
<object><name>Scratches</name><bndbox><xmin>1</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>100</ymax></bndbox></object>
</annotation>"""


def write(folder: Path, top: object = 21, right: object = 200) -> Path:
    path = folder / "a.xml"
    path.write_text(XML.format(top=top, right=right))
    (folder / "a.jpg").touch()
    return path


def test_boxes_are_counted_from_one_and_hold_their_last_pixel(tmp_path: Path) -> None:
    assert read_boxes(write(tmp_path)) == [Box("scratches", 0, 20, 199, 99)]


def test_a_box_says_that_the_defect_is_there_and_not_where(tmp_path: Path) -> None:
    write(tmp_path)
    (picture,) = read_voc(tmp_path, tmp_path).pictures
    assert picture.labels == {"scratches": Somewhere()}


@pytest.mark.parametrize(
    ("top", "right", "said"),
    [
        (0, 200, "a box of scratches from 1, 0 to 200, 100, allowed is within 1 to 200, 1 to 100"),
        (21, 201, "to 201, 100, allowed is within"),
        ("x", 200, "can not be read as VOC"),
    ],
)
def test_a_box_off_the_picture_is_refused(tmp_path: Path, top: object, right: object, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_boxes(write(tmp_path, top, right))


def test_a_file_that_is_no_xml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text("<annotation>")
    with pytest.raises(TrainingDataError, match=r"a\.xml: can not be read as XML"):
        read_boxes(path)


def test_the_real_set_has_the_boxes_that_were_counted() -> None:
    folder = real_data("neu_det_voc")
    boxes = Counter(box.defect for file in (folder / "annotations").glob("*.xml") for box in read_boxes(file))
    assert boxes == {
        "patches": 15,
        "crazing": 11,
        "inclusion": 10,
        "scratches": 10,
        "pitted_surface": 9,
        "rolled-in_scale": 8,
    }
    found = read_voc(folder / "annotations", folder / "images")
    assert (len(found.pictures), found.oddities) == (30, ())
    assert all(set(picture.labels.values()) <= {CLEAN, Somewhere()} for picture in found.pictures)
