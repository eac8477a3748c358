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


def test_a_file_without_the_pictures_size_says_that_the_defect_is_there(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace(">200</width>", ">0</width>").replace(">100</height>", ">0</height>"))
    (picture,) = read_voc(tmp_path, tmp_path).pictures
    assert picture.labels == {"scratches": Somewhere()}


@pytest.mark.parametrize(
    ("top", "right", "said"),
    [
        (-1, 200, "a box of scratches from 1, -1 to 200, 100, allowed is within 1 to 200, 1 to 100"),
        (21, 202, "a box of .* to 202, 100, allowed is within"),
        ("x", 200, r"object 1: bndbox/ymin is 'x', needed is a number of pixels; label it again"),
        (21, "inf", r"object 1: bndbox/xmax is 'inf', needed is a number of pixels"),
        (21, "nan", r"object 1: bndbox/xmax is 'nan', needed is a number of pixels"),
        (21, "", r"object 1: lacks bndbox/xmax; label it again"),
    ],
)
def test_a_box_off_the_picture_is_refused(tmp_path: Path, top: object, right: object, said: str) -> None:
    with pytest.raises(TrainingDataError, match=rf"a\.xml: {said}"):
        read_boxes(write(tmp_path, top, right))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (XML.replace("size>", "extent>"), "lacks size/width; label it again"),
        (XML.replace("Scratches", " "), "object 1: lacks name; label it again"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.xml").write_text(text.format(top=21, right=200))
    with pytest.raises(TrainingDataError, match=rf"a\.xml: {said}"):
        read_boxes(tmp_path / "a.xml")


def put(folder: Path, filename: str, *pictures: str) -> None:
    """One XML file of that filename, `a.xml`, and pictures."""
    (folder / "a.xml").write_text(XML.format(top=21, right=200).replace("<filename>a<", f"<filename>{filename}<"))
    for name in pictures:
        (folder / name).touch()


@pytest.mark.parametrize("filename", ["scan 7.png", "D:\\sets\\scan 7.png", "sets/scan 7.png"])
def test_the_filename_says_of_which_picture_an_xml_file_is(tmp_path: Path, filename: str) -> None:
    put(tmp_path, filename, "scan 7.png", "b.png")
    found = read_voc(tmp_path, tmp_path)
    assert [each.picture.name for each in found.pictures] == ["scan 7.png"]


@pytest.mark.parametrize("filename", ["a", "", "gone.jpg"])
@pytest.mark.parametrize("picture", ["a.jpg", "a.JPG", "a.tif", "a.tiff", "a.bmp"])
def test_without_a_filename_that_is_there_the_xml_files_own_name_says_it(
    tmp_path: Path, filename: str, picture: str
) -> None:
    put(tmp_path, filename, picture)
    assert [each.picture.name for each in read_voc(tmp_path, tmp_path).pictures] == [picture]


def test_where_an_xml_file_may_be_of_two_pictures_it_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "b.jpg", "a.jpg", "b.jpg")
    with pytest.raises(TrainingDataError, match=r"a\.xml: names b\.jpg, but a\.jpg is there too; correct its filename"):
        read_voc(tmp_path, tmp_path)
    put(tmp_path, "a", "a.png")
    with pytest.raises(TrainingDataError, match=r"a\.xml: may be of a\.jpg or of a\.png; say which as its filename"):
        read_voc(tmp_path, tmp_path)
    put(tmp_path, "a.png")
    assert [each.picture.name for each in read_voc(tmp_path, tmp_path).pictures] == ["a.png"]


def test_two_xml_files_of_one_picture_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "c.jpg", "c.jpg")
    (tmp_path / "b.xml").write_text((tmp_path / "a.xml").read_text())
    with pytest.raises(
        TrainingDataError, match=r"b\.xml: is of .*c\.jpg, as .*a\.xml is; remove one, or correct its filename"
    ):
        read_voc(tmp_path, tmp_path)


def test_pictures_without_an_xml_file_and_xml_files_without_a_picture_are_told(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "a.jpg", *(f"{number}.jpg" for number in range(6)))
    (tmp_path / "z.xml").write_text(XML.format(top=21, right=200).replace("<filename>a<", "<filename>z<"))
    assert read_voc(tmp_path, tmp_path).oddities == (
        f"{tmp_path / 'z.xml'}: its picture is not in {tmp_path}; 1 boxes are left out",
        f"{tmp_path}: 6 pictures without an XML file left out: 0.jpg, 1.jpg, 2.jpg, 3.jpg and 2 more",
    )


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


def test_a_box_that_a_program_counted_from_zero_is_put_back_into_the_picture(tmp_path: Path) -> None:
    assert read_boxes(write(tmp_path, top=0, right=201)) == [Box("scratches", 0, 0, 199, 99)]
