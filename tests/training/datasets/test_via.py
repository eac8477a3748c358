"""VIA files of both versions: real ones where they are at hand, and every shape in small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, Drawn, read_mask
from edge_inspector.training.datasets.regions import reaches_beyond
from edge_inspector.training.datasets.via import read_via
from tests.training.real_data import real_data


def write(folder: Path, regions: object, name: str = "a.png", **more: object) -> Path:
    assert cv2.imwrite(str(folder / name), np.zeros((40, 50, 3), np.uint8))
    path = folder / "via.json"
    path.write_text(json.dumps({f"{name}123": {"filename": name, "size": 123, "regions": regions, **more}}))
    return path


def region(attributes: dict[str, Any] | None = None, **shape: Any) -> dict[str, Any]:
    return {"shape_attributes": shape, "region_attributes": attributes or {}}


RECT = region(name="rect", x=5, y=6, width=9, height=4)


@pytest.mark.parametrize("regions", [{"0": RECT}, [RECT]])
def test_regions_are_a_mapping_in_version_one_and_a_list_in_version_two(tmp_path: Path, regions: object) -> None:
    found = read_via(write(tmp_path, regions))
    (picture,) = found.pictures
    label = picture.labels["defect"]
    assert isinstance(label, Drawn)
    assert read_mask(label, 40, 50)[6:11, 5:15].all()


def test_a_project_keeps_its_pictures_one_level_down(tmp_path: Path) -> None:
    path = write(tmp_path, [RECT])
    path.write_text(json.dumps({"_via_settings": {}, "_via_img_metadata": json.loads(path.read_text())}))
    assert len(read_via(path).pictures) == 1


@pytest.mark.parametrize(
    ("shape", "covered"),
    [
        (region(name="circle", cx=20, cy=20, r=8), (20, 26)),
        (region(name="ellipse", cx=20, cy=20, rx=15, ry=3), (20, 33)),
        (region(name="ellipse", cx=20, cy=20, rx=15, ry=3, theta=1.5708), (33, 20)),
        (region(name="polygon", all_points_x=[2, 30, 30, 2], all_points_y=[2, 2, 12, 2]), (5, 25)),
        (region(name="polyline", all_points_x=[2, 30], all_points_y=[7, 7]), (7, 16)),
        (region(name="point", cx=11, cy=13), (13, 11)),
    ],
)
def test_every_shape_covers_its_pixels(tmp_path: Path, shape: dict[str, Any], covered: tuple[int, int]) -> None:
    label = read_via(write(tmp_path, [shape])).pictures[0].labels["defect"]
    assert isinstance(label, Drawn)
    mask = read_mask(label, 40, 50)
    assert mask[covered] == 1
    assert mask.mean() < 0.2


def test_the_only_attribute_names_the_defect_in_small_letters(tmp_path: Path) -> None:
    regions = [region({"Kind": "Crack"}, **RECT["shape_attributes"]), region({"kind": "stain"}, name="point", cx=1, cy=1)]
    found = read_via(write(tmp_path, regions))
    assert found.defects == ("crack", "stain")
    assert found.pictures[0].labels["stain"] != found.pictures[0].labels["crack"]


def test_of_several_attributes_one_must_be_named(tmp_path: Path) -> None:
    regions = [region({"kind": "crack", "shift": "night"}, **RECT["shape_attributes"])]
    assert read_via(write(tmp_path, regions)).defects == ("defect",)
    assert read_via(write(tmp_path, regions), attribute="kind").defects == ("crack",)


def test_how_sure_a_person_was_is_kept(tmp_path: Path) -> None:
    label = read_via(write(tmp_path, [region({"p": "0.5"}, **RECT["shape_attributes"])])).pictures[0].labels["defect"]
    assert isinstance(label, Drawn)
    assert read_mask(label, 40, 50).max() == 0.5


def test_a_picture_without_regions_is_clean_only_where_all_were_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path, [])
    assert read_via(path).pictures[0].labels == {"defect": CLEAN}
    assert read_via(path, is_complete=False).pictures[0].labels == {"defect": None}


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ([region(name="star", cx=1, cy=1)], "a.png: region 0: is a 'star', known are rect, circle"),
        ([region(name="circle", cx=1, cy=1)], "a.png: region 0: lacks 'r'"),
        ([region(name="polygon", all_points_x=[1, 2], all_points_y=[1])], "a.png: region 0: lacks zip"),
        ([region({"p": 3}, **RECT["shape_attributes"])], "a region's p is 3, allowed is 0 to 1"),
    ],
)
def test_what_can_not_be_meant_is_said_with_file_picture_and_region(tmp_path: Path, regions: object, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_via(write(tmp_path, regions))


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"a": {"filename": "a.png"}}'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "via.json"
    path.write_text(content)
    with pytest.raises(TrainingDataError, match=r"via\.json: (is no VIA file|can not be read)"):
        read_via(path)


def test_a_set_none_of_whose_pictures_is_there_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, [RECT])
    (tmp_path / "a.png").unlink()
    with pytest.raises(TrainingDataError, match="none of its 1 pictures is in"):
        read_via(path)


@pytest.mark.parametrize(
    ("name", "pictures", "missing", "regions"),
    [
        ("corrosion_via1/via_region_data.json", 19, 4, None),
        ("car_scratch_via1/train/via_region_data.json", 28, 21, None),
        ("car_scratch_via1/val/via_region_data.json", 3, 3, None),
        ("cells_via2/via_export_json.json", 2, 9, None),
    ],
)
def test_real_files_are_read_with_their_missing_pictures(name: str, pictures: int, missing: int, regions: None) -> None:
    found = read_via(real_data("via") / name)
    assert len(found.pictures) == pictures
    assert len(found.oddities) == missing
    for picture in found.pictures:
        size = cv2.imread(str(picture.picture)).shape[:2]
        for label in picture.labels.values():
            assert isinstance(label, Drawn)
            assert read_mask(label, *size).any() == bool(label.regions)


def test_scratches_are_one_defect_however_train_and_val_spell_them() -> None:
    folder = real_data("via") / "car_scratch_via1"
    train, val = (read_via(folder / name / "via_region_data.json") for name in ("train", "val"))
    assert train.defects == val.defects == ("scratch",)
    beyond = 0
    for picture in (*train.pictures, *val.pictures):
        size = cv2.imread(str(picture.picture)).shape[:2]
        label = picture.labels["scratch"]
        assert isinstance(label, Drawn)
        beyond += sum(reaches_beyond(region, *size) for region, _ in label.regions)
    assert beyond == 2
