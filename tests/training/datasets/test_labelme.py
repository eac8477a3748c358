"""labelme files: the real ones where they are at hand, and every shape in small."""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, Drawn, Somewhere, read_mask
from edge_inspector.training.datasets.labelme import read_labelme
from tests.training.real_data import real_data


def write(folder: Path, *shapes: dict[str, Any]) -> Path:
    for name in ("a.png", "b.png"):
        assert cv2.imwrite(str(folder / name), np.zeros((40, 50, 3), np.uint8))
    (folder / "a.json").write_text(json.dumps({"version": "5.0.1", "shapes": list(shapes), "imageData": None}))
    return folder


STENCIL = np.array([[255, 0, 255], [0, 255, 255]], np.uint8)
PNG = base64.b64encode(cv2.imencode(".png", STENCIL)[1].tobytes()).decode()


def shape(kind: str | None, *points: tuple[float, float], label: str = "Pit") -> dict[str, Any]:
    return {"label": label, "points": points, "shape_type": kind}


@pytest.mark.parametrize(
    ("drawn", "covered"),
    [
        (shape("polygon", (2, 2), (30, 2), (30, 12)), (5, 25)),
        (shape(None, (2, 2), (30, 2), (30, 12)), (5, 25)),
        (shape("rectangle", (30, 12), (4, 3)), (5, 25)),
        (shape("circle", (20, 20), (20, 28)), (14, 22)),
        (shape("line", (2, 7), (30, 7)), (7, 16)),
        (shape("linestrip", (2, 7), (20, 7), (20, 30)), (25, 20)),
        (shape("point", (11, 13)), (13, 11)),
    ],
)
def test_every_shape_covers_its_pixels(tmp_path: Path, drawn: dict[str, Any], covered: tuple[int, int]) -> None:
    found = read_labelme(write(tmp_path, drawn))
    assert found.defects == ("pit",)
    label = found.pictures[0].labels["pit"]
    assert isinstance(label, Drawn)
    mask = read_mask(label, 40, 50)
    assert mask[covered] == 1
    assert mask.mean() < 0.2


def test_a_picture_without_a_file_is_clean_only_where_all_were_looked_at(tmp_path: Path) -> None:
    write(tmp_path, shape("point", (1, 1)))
    assert read_labelme(tmp_path).pictures[1].labels == {"pit": CLEAN}
    assert read_labelme(tmp_path, is_complete=False).pictures[1].labels == {"pit": None}


def test_a_picture_of_another_size_than_was_labelled_is_refused_with_both(tmp_path: Path) -> None:
    folder = write(tmp_path, shape("point", (1, 1)))
    content = json.loads((folder / "a.json").read_text())
    (folder / "a.json").write_text(json.dumps({**content, "imageHeight": 80, "imageWidth": 100}))
    label = read_labelme(folder).pictures[0].labels["pit"]
    assert isinstance(label, Drawn)
    with pytest.raises(TrainingDataError, match=r"a\.json: was labelled at 100 x 80 px, but its picture is 50 x 40 px"):
        read_mask(label, 40, 50)


def test_a_shape_off_the_picture_is_refused_and_not_taken_for_clean(tmp_path: Path) -> None:
    label = read_labelme(write(tmp_path, shape("rectangle", (60, 60), (70, 70)))).pictures[0].labels["pit"]
    assert isinstance(label, Drawn)
    with pytest.raises(TrainingDataError, match=r"a\.json: a labelled polygon covers no pixel of the picture of 50 x 40"):
        read_mask(label, 40, 50)


def test_two_pictures_that_a_file_may_be_of_are_refused(tmp_path: Path) -> None:
    write(tmp_path, shape("point", (1, 1)))
    (tmp_path / "a.jpg").touch()
    with pytest.raises(
        TrainingDataError, match=r"a\.png: has the same stem as a\.jpg, so a\.json may be of either; rename or"
    ):
        read_labelme(tmp_path)


@pytest.mark.parametrize("ending", ["jpg", "JPEG", "png", "bmp", "tif", "tiff"])
def test_a_picture_may_end_in_any_way_that_pictures_do(tmp_path: Path, ending: str) -> None:
    write(tmp_path, shape("point", (1, 1)))
    (tmp_path / "a.png").rename(tmp_path / f"a.{ending}")
    assert [each.picture.name for each in read_labelme(tmp_path).pictures] == [f"a.{ending}", "b.png"]


def test_a_file_whose_picture_is_missing_is_told(tmp_path: Path) -> None:
    write(tmp_path, shape("point", (1, 1)))
    (tmp_path / "a.png").unlink()
    found = read_labelme(tmp_path)
    assert [picture.part for picture in found.pictures] == ["b"]
    assert found.oddities == (f"{tmp_path / 'a.json'}: its picture is missing; 1 shapes are left out",)


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (shape("cube", (1, 1)), "shape 0: is a 'cube', known are polygon"),
        (shape("mask", (1, 1)), "shape 0: is a mask of 1 points, needed are 2"),
        ({**shape("mask", (1, 1), (4, 3)), "mask": "?"}, "shape 0: its mask can not be decoded"),
        ({**shape("mask", (1, 1), (4, 3)), "mask": "AAAA"}, "shape 0: its mask is no picture, its points ask for 4 x 3 px"),
        (
            {**shape("mask", (1, 1), (4, 3)), "mask": PNG},
            "shape 0: its mask is 3 x 2 px, 4 of them set, its points ask for 4",
        ),
        ({**shape("point", (1, 1)), "score": 0.34}, "shape 0: has a score, 0.34: it is a network's guess, no label"),
        ({"label": "pit"}, "shape 0: lacks points; open it in labelme and save it again"),
        (shape("circle", (1, 1)), "shape 0: is a circle of 1 points, needed are 2; open it"),
        (shape("polygon", (1, 1), (2, 2)), "shape 0: is a polygon of 2 points, needed are at least 3"),
        (shape("point"), "shape 0: is a point of 0 points, needed are 1"),
        ({"label": "pit", "points": [["a", 1]], "shape_type": "point"}, 'shape 0: its point has "a", allowed are numbers'),
        ({"label": "pit", "points": [[1]], "shape_type": "point"}, r"shape 0: its point is \[1\], needed are x, y"),
        ({"label": "pit", "points": [1], "shape_type": "point"}, "shape 0: its point is 1, needed is a list of numbers"),
        ({"label": "pit", "points": "1 2", "shape_type": "point"}, 'shape 0: its points are "1 2", needed is a list'),
        ({**shape("point", (1, 1)), "label": None}, "shape 0: its label is null, needed is a name"),
        ({**shape("point", (1, 1)), "label": " "}, 'shape 0: its label is " ", needed is a name'),
        ({**shape("point", (1, 1)), "shape_type": ["point"]}, r'shape 0: its shape_type is \["point"\], needed is a text'),
        ([], r"shape 0: is \[\], needed is an object"),
    ],
)
def test_what_can_not_be_meant_is_said_with_file_and_shape(tmp_path: Path, drawn: Any, said: str) -> None:
    with pytest.raises(TrainingDataError, match=rf"a\.json: {said}"):
        read_labelme(write(tmp_path, drawn))


def test_a_folder_without_files_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="holds no labelme file"):
        read_labelme(tmp_path)
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(TrainingDataError, match=r"a\.json: is no labelme file"):
        read_labelme(tmp_path)


def test_the_real_set_has_the_areas_of_its_index() -> None:
    folder = real_data("bsdata_labelme")
    with (folder / "index.csv").open(encoding="utf-8") as file:
        areas = {row["path"]: int(row["mask_pixels"] or 0) for row in csv.DictReader(file)}
    found = read_labelme(folder)
    assert (found.defects, len(found.pictures), found.oddities) == (("pitting",), 22, ())
    for picture in found.pictures:
        label = picture.labels["pitting"]
        assert isinstance(label, Drawn)
        area = read_mask(label, *cv2.imread(str(picture.picture)).shape[:2]).sum()
        assert area == pytest.approx(areas.get(picture.picture.name, 0), rel=0.05)


def test_a_mask_lies_between_its_first_and_its_last_pixel(tmp_path: Path) -> None:
    found = read_labelme(write(tmp_path, {**shape("mask", (7, 4), (9, 5)), "mask": PNG, "score": None}))
    label = found.pictures[0].labels["pit"]
    assert isinstance(label, Drawn)
    expected = np.zeros((40, 50), bool)
    expected[4:6, 7:10] = STENCIL > 0
    assert np.array_equal(read_mask(label, 40, 50) > 0, expected)


def test_a_file_without_a_shape_is_as_none_at_all_and_a_flag_says_what_its_picture_shows(tmp_path: Path) -> None:
    write(tmp_path, shape("point", (1, 1)))
    for flags, labels in (({}, None), ({"pit": False, "seen": True}, None), ({"Pit": True}, Somewhere())):
        (tmp_path / "b.json").write_text(json.dumps({"shapes": [], "flags": flags}))
        assert read_labelme(tmp_path, is_complete=False).pictures[1].labels == {"pit": labels}
    (tmp_path / "b.json").write_text(json.dumps({"shapes": [], "flags": {}}))
    assert read_labelme(tmp_path).pictures[1].labels == {"pit": CLEAN}


def test_a_file_that_names_another_picture_is_refused(tmp_path: Path) -> None:
    write(tmp_path, shape("point", (1, 1)))
    content = json.loads((tmp_path / "a.json").read_text())
    for named, is_other in (("b.png", True), ("..\\pictures\\b.png", True), ("a.jpg", False), ("gone.png", False)):
        (tmp_path / "a.json").write_text(json.dumps(content | {"imagePath": named}))
        if is_other:
            with pytest.raises(TrainingDataError, match=r"a\.json: names b\.png, but a\.png is there too; rename the file"):
                read_labelme(tmp_path)
        else:
            assert isinstance(read_labelme(tmp_path).pictures[0].labels["pit"], Drawn)


def test_files_that_draw_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="none of its 1 labelme files has a shape; draw the defects first"):
        read_labelme(write(tmp_path))
