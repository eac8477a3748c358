"""CVAT's XML for pictures: every shape covers its pixels, and what is odd or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.cvat import read_cvat
from edge_inspector.training.datasets.labelled_picture import CLEAN, Drawn, LabelledSet, Somewhere, read_mask
from tests.training.datasets.lookalikes import write_grey

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><name>gears</name><mode>annotation</mode><labels>
<label><name>Crack</name><type>any</type></label><label><name>Stain</name><type>any</type></label>
</labels></task></meta>
"""
BOX = '<box label="Crack" source="manual" occluded="0" xtl="5.00" ytl="6.00" xbr="15.00" ybr="11.00" z_order="0"></box>'
SQUARE = np.zeros((40, 50), bool)
SQUARE[6:11, 5:15] = True


def write(folder: Path, *images: str, beside: str = ".") -> Path:
    """Pictures a.png, b.png, …, each with the elements of one image."""
    text = HEAD
    for name, elements in zip("abc", images, strict=False):
        write_grey(folder / beside / f"{name}.png", np.zeros((40, 50, 3), np.uint8))
        text += f'<image id="0" name="{name}.png" width="50" height="40">{elements}</image>\n'
    (folder / "annotations.xml").write_text(f"{text}</annotations>\n", encoding="utf-8")
    return folder / "annotations.xml"


def covered(found: LabelledSet, defect: str = "crack") -> np.ndarray:
    label = found.pictures[0].labels[defect]
    assert isinstance(label, Drawn)
    return read_mask(label, 40, 50) == 1


@pytest.mark.parametrize(
    "element",
    [
        BOX,
        '<box label="crack" xtl="7.5" ytl="3.5" xbr="12.5" ybr="13.5" rotation="90.00"/>',
        '<polygon label="Crack " points="5.00,6.00;15.00,6.00;15.00,11.00;5.00,11.00"/>',
        '<mask label="Crack" rle="0, 50" left="5" top="6" width="10" height="5"/>',
        '<mask label="Crack" rle="50, 10, 2, 10, 2, 10, 2, 10, 2, 10, 12" left="3" top="2" width="12" height="10"/>',
    ],
)
def test_a_rectangle_covers_the_same_pixels_in_every_form(tmp_path: Path, element: str) -> None:
    assert np.array_equal(covered(read_cvat(write(tmp_path, element))), SQUARE)


def test_the_counts_of_a_mask_go_along_the_rows_of_its_box(tmp_path: Path) -> None:
    mask = covered(read_cvat(write(tmp_path, '<mask label="crack" rle="1, 4, 1" left="40" top="9" width="3" height="2"/>')))
    assert np.argwhere(mask).tolist() == [[9, 41], [9, 42], [10, 40], [10, 41]]


def test_the_mask_of_the_manual_of_cvat_is_the_disc_that_it_shows(tmp_path: Path) -> None:
    rle = "3, 5, 7, 7, 5, 9, 3, 11, 2, 11, 2, 12, 1, 12, 1, 26, 1, 12, 1, 12, 2, 11, 3, 9, 5, 7, 7, 5, 3"
    element = f'<mask label="car" source="manual" occluded="0" rle="{rle}" left="20" top="10" width="13" height="15"/>'
    mask = covered(read_cvat(write(tmp_path, element)), "car")[10:25, 20:33]
    assert mask.sum() == sum(map(int, rle.split(",")[1::2]))
    rows, columns = np.nonzero(mask)
    assert (np.hypot(rows - 7, columns - 6) < 8.5).all()
    assert mask[7, 6]
    assert not mask[[0, 0, -1, -1], [0, -1, 0, -1]].any()


@pytest.mark.parametrize(
    ("element", "inside", "outside"),
    [
        ('<ellipse label="crack" cx="20.5" cy="20.5" rx="15" ry="3"/>', (20, 33), (30, 20)),
        ('<ellipse label="crack" cx="20.5" cy="20.5" rx="15" ry="3" rotation="90"/>', (33, 20), (20, 30)),
        ('<ellipse label="crack" cx="20.5" cy="20.5" rx="15" ry="3" rotation="45"/>', (28, 28), (12, 28)),
        ('<box label="crack" xtl="10.5" ytl="18.5" xbr="30.5" ybr="22.5" rotation="45"/>', (26, 26), (14, 26)),
        ('<polyline label="crack" points="2.5,7.5;30.5,7.5;30.5,20.5"/>', (20, 30), (12, 16)),
    ],
)
def test_other_shapes_lie_where_they_were_drawn_and_turn_clockwise(
    tmp_path: Path, element: str, inside: tuple[int, int], outside: tuple[int, int]
) -> None:
    mask = covered(read_cvat(write(tmp_path, element)))
    assert mask[inside]
    assert not mask[outside]


def test_points_are_a_pixel_each_the_far_edge_belongs_to_the_last(tmp_path: Path) -> None:
    mask = covered(read_cvat(write(tmp_path, '<points label="crack" points="11.00,13.99;0.20,0.00;50.00,40.00"/>')))
    assert np.argwhere(mask).tolist() == [[0, 0], [13, 11], [39, 49]]


def test_shapes_of_one_label_are_put_together_and_those_of_others_kept_apart(tmp_path: Path) -> None:
    points = '<points label="crack" points="0.5,0.5"/><points label="stain" points="1.5,0.5"/>'
    found = read_cvat(write(tmp_path, BOX + points))
    assert found.defects == ("crack", "stain")
    assert covered(found).sum() == 50 + 1
    assert covered(found, "stain").sum() == 1


def test_what_is_partly_hidden_counts_and_what_has_left_the_picture_does_not(tmp_path: Path) -> None:
    hidden = BOX.replace('occluded="0"', 'occluded="1"')
    gone = BOX.replace('occluded="0"', 'outside="1"').replace("Crack", "Stain")
    found = read_cvat(write(tmp_path, hidden + gone))
    assert found.defects == ("crack",)
    assert np.array_equal(covered(found), SQUARE)


def test_a_tag_says_that_the_defect_is_there_and_a_shape_says_where(tmp_path: Path) -> None:
    tags = '<tag label="Stain" source="manual"></tag><tag label="Crack" source="manual"></tag>'
    found = read_cvat(write(tmp_path, tags + BOX, BOX))
    assert found.pictures[0].labels["stain"] == Somewhere()
    assert np.array_equal(covered(found), SQUARE)
    assert found.pictures[1].labels["stain"] == CLEAN


def test_a_picture_that_shows_nothing_is_clean_only_where_all_were_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path, BOX, "")
    assert read_cvat(path).pictures[1].labels == {"crack": CLEAN}
    drawn, unknown = read_cvat(path, is_complete=False).pictures
    assert drawn.labels["crack"] is not None
    assert unknown.labels == {"crack": None}


def test_a_picture_of_another_size_is_refused_when_it_is_read_clean_or_not(tmp_path: Path) -> None:
    path = write(tmp_path, BOX, "")
    for picture in read_cvat(path).pictures:
        label = picture.labels["crack"]
        assert isinstance(label, Drawn)
        with pytest.raises(
            TrainingDataError, match=rf"{path}: [ab]\.png: was labelled at 50 x 40 px, but its picture is 40"
        ):
            read_mask(label, 50, 40)


@pytest.mark.parametrize("beside", [".", "images"])
def test_pictures_lie_in_images_or_beside_the_file(tmp_path: Path, beside: str) -> None:
    (picture,) = read_cvat(write(tmp_path, BOX, beside=beside)).pictures
    assert picture.picture == tmp_path / beside / "a.png"
    assert picture.part == "a"


def test_pictures_lie_where_the_caller_says_and_a_folder_in_a_name_is_of_the_part(tmp_path: Path) -> None:
    path = write(tmp_path, BOX)
    path.write_text(path.read_text().replace("a.png", "monday/a.png"))
    write_grey(tmp_path / "shots" / "monday" / "a.png", np.zeros((40, 50), np.uint8))
    (picture,) = read_cvat(path, tmp_path / "shots").pictures
    assert picture.part == "monday/a"


def test_a_picture_that_is_missing_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, BOX, BOX)
    (tmp_path / "a.png").unlink()
    found = read_cvat(path)
    assert [picture.part for picture in found.pictures] == ["b"]
    assert found.oddities == (f"{path}: a.png is not in {tmp_path}; what it shows is left out",)
    (tmp_path / "b.png").unlink()
    with pytest.raises(TrainingDataError, match=r"annotations\.xml: none of its 2 pictures is in"):
        read_cvat(path)


def test_a_shape_that_reaches_beyond_the_picture_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path, BOX + BOX.replace('xbr="15.00"', 'xbr="80.00"'))
    found = read_cvat(path)
    assert covered(found).sum() == 45 * 5


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ('<cuboid label="crack" xtl1="1"/>', "a cuboid, is of no known kind, which are box, polygon"),
        ('<box xtl="1"/>', "a box, lacks label; open it in CVAT"),
        ('<box label="crack" xtl="1"/>', "a box, lacks ytl"),
        (BOX.replace("15.00", "5.00"), "a box, is 0 x 5 px, allowed is above 0"),
        (BOX.replace("15.00", "x"), "a box, has xbr 'x', allowed are numbers from -1000000 to 1000000"),
        (BOX.replace("15.00", "nan"), "a box, has xbr 'nan', allowed are numbers"),
        ('<polygon label="crack" points="1,1;2,2"/>', "a polygon, has 2 points, needed are at least 3"),
        ('<polyline label="crack" points="1,1"/>', "a polyline, has 1 points, needed are at least 2"),
        ('<polygon label="crack" points="1,1;2,2;3"/>', "a polygon, has the point '3', allowed is x,y"),
        ('<polygon label="crack" points="1,1;2,2;3,1e9"/>', "a polygon, has a point with '1e9', allowed are numbers"),
        (
            '<ellipse label="crack" cx="1" cy="1" rx="0" ry="2"/>',
            "an? ellipse, has the half axes 0 and 2, allowed is above 0",
        ),
        (
            '<mask label="crack" rle="1,2" left="0" top="0" width="2" height="2"/>',
            "counts of 3 px, 2 of them inside, in a box",
        ),
        (
            '<mask label="crack" rle="4" left="0" top="0" width="2" height="2"/>',
            "counts of 4 px, 0 of them inside, in a box",
        ),
        (
            '<mask label="crack" rle="a" left="0" top="0" width="2" height="2"/>',
            "has an rle that holds more than whole numb",
        ),
        (
            '<mask label="crack" rle="0,4" left="49" top="0" width="2" height="2"/>',
            "reaches to 51, 2, allowed is the picture",
        ),
        (
            '<mask label="crack" rle="0,4" left="0" top="0" width="0" height="2"/>',
            "has width 0, allowed are whole numbers fr",
        ),
    ],
)
def test_a_shape_that_can_not_be_meant_is_said_with_file_picture_and_element(
    tmp_path: Path, element: str, said: str
) -> None:
    with pytest.raises(TrainingDataError, match=rf"annotations\.xml: a\.png: element 1, .*{said}"):
        read_cvat(write(tmp_path, element))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<annotations><track/></annotations>", "holds tracks of a video; export it as `CVAT for images 1.1`"),
        ("<annotations/>", "is no file of CVAT"),
        ("<annotation><image/></annotation>", "is no file of CVAT"),
        ("<annotations><image/></annotations>", "an <image> lacks name"),
        ('<annotations><image name="a.png" height="4"/></annotations>', r"a\.png lacks width"),
        ('<annotations><image name="a.png" width="0" height="4"/></annotations>', r"a\.png has width 0, allowed are whole"),
        ('<annotations><image name="a" width="5" height="4"/></annotations>', "holds neither shapes nor tags"),
        ("<!DOCTYPE a><annotations/>", "declares a document type"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "annotations.xml"
    path.write_text(text)
    with pytest.raises(TrainingDataError, match=rf"annotations\.xml: {said}"):
        read_cvat(path)


def test_a_picture_with_two_entries_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, BOX, BOX)
    path.write_text(path.read_text().replace("b.png", "a.png"))
    with pytest.raises(TrainingDataError, match=r"annotations\.xml: a\.png has several <image> elements"):
        read_cvat(path)


def test_what_a_network_drew_is_no_label(tmp_path: Path) -> None:
    for source, is_guess in (("manual", False), ("semi-auto", False), ("file", False), ("auto", True)):
        path = write(tmp_path, BOX.replace("manual", source))
        if is_guess:
            with pytest.raises(
                TrainingDataError, match=r"a\.png: element 1, a box, was drawn by a network \(source is auto\)"
            ):
                read_cvat(path)
        else:
            assert covered(read_cvat(path)).any()


def test_the_pictures_of_a_projects_subsets_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path, BOX, BOX)
    text = path.read_text(encoding="utf-8").replace('name="b.png"', 'name="a.png" subset="Validation"')
    path.write_text(text.replace('name="a.png" width', 'name="a.png" subset="Train" width'), encoding="utf-8")
    for subset, name in (("Train", "a.png"), ("Validation", "b.png")):
        (tmp_path / "images" / subset).mkdir(parents=True)
        (tmp_path / name).rename(tmp_path / "images" / subset / "a.png")
    found = read_cvat(path)
    assert [each.part for each in found.pictures] == ["Train/a", "Validation/a"]
    assert found.oddities == ()
