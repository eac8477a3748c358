"""VIA files of both versions: real ones where they are at hand, and every shape in small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
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
    path = write(tmp_path, [region({"kind": "crack", "shift": "night"}, **RECT["shape_attributes"])])
    with pytest.raises(ConfigurationError, match=r"via\.json: regions have the attributes kind, shift; say which of them"):
        read_via(path)
    assert read_via(path, attribute="Kind").defects == ("crack",)


def test_a_region_with_two_ticked_boxes_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, [RECT, region({"kind": {"crack": True, "hole": True}}, **RECT["shape_attributes"])])
    with pytest.raises(TrainingDataError, match=r"via\.json: a\.png: region 1: its kind is crack and hole; draw a region"):
        read_via(path)


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
        ([region(name=None)], "a.png: region 0: its name is null, needed is a text"),
        ([region(name="circle", cx=1, cy=1)], "a.png: region 0: lacks r; open it in VIA and save it again"),
        (
            [region(name="circle", cx=1, cy=1, r=1e12)],
            "a.png: region 0: its r is 1000000000000.0, allowed are numbers from 0",
        ),
        (
            [region(name="rect", x=1, y=1, width=-2, height=3)],
            "a.png: region 0: is -2 x 3, allowed is above 0",
        ),
        ([region(name="rect", x=1, y=1, width=0, height=3)], "a.png: region 0: is 0 x 3, allowed is above 0"),
        (
            [region(name="rect", x="a", y=1, width=2, height=3)],
            'a.png: region 0: its x is "a", allowed are numbers from -1000',
        ),
        (
            [region(name="polygon", all_points_x=[1, 2, 3], all_points_y=[1, 2])],
            "a.png: region 0: is a polygon of 3 x and 2 y, needed are as many of both, 3 at least",
        ),
        (
            [region(name="polygon", all_points_x=[1, 2], all_points_y=[1, 2])],
            "region 0: is a polygon of 2 x and 2 y, needed",
        ),
        (
            [region(name="polyline", all_points_x="12", all_points_y=[1])],
            'region 0: its all_points_x is "12", needed is a list',
        ),
        ([region({"p": 3}, **RECT["shape_attributes"])], "a.png: region 0: its p is 3, allowed is 0 to 1"),
        ([RECT, {"region_attributes": {}}], "a.png: region 1: lacks shape_attributes; open it in VIA"),
        ([{**RECT, "region_attributes": "crack"}], 'region 0: region_attributes: is "crack", needed is an object with keys'),
        ([{**RECT, "region_attributes": ["crack"]}], r'region 0: region_attributes: is \["crack"\], needed is an object'),
        ([[]], r"a.png: region 0: is \[\], needed is an object"),
        (None, "a.png: its regions are null, needed is a list or an object"),
    ],
)
def test_what_can_not_be_meant_is_said_with_file_picture_and_region(tmp_path: Path, regions: object, said: str) -> None:
    with pytest.raises(TrainingDataError, match=rf"via\.json: .*{said}"):
        read_via(write(tmp_path, regions))


@pytest.mark.parametrize("name", [["a.png"], 3, "", None])
def test_a_picture_whose_name_is_no_text_is_refused(tmp_path: Path, name: object) -> None:
    path = tmp_path / "via.json"
    path.write_text(json.dumps({"first": {"filename": name, "regions": []}}))
    with pytest.raises(TrainingDataError, match=r"via\.json: first: its filename is .*, needed is a text; open it in VIA"):
        read_via(path)


def test_a_region_off_its_picture_is_refused_with_file_and_picture(tmp_path: Path) -> None:
    label = read_via(write(tmp_path, [region(name="rect", x=60, y=6, width=9, height=4)])).pictures[0].labels["defect"]
    assert isinstance(label, Drawn)
    with pytest.raises(
        TrainingDataError, match=r"via\.json: a\.png: a labelled polygon covers no pixel of the picture of 50"
    ):
        read_mask(label, 40, 50)


def test_pictures_of_one_name_in_two_folders_are_two_parts(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        path = write(tmp_path, [RECT], f"{name}/0.png")
    content = {name: {"filename": f"{name}/0.png", "regions": [RECT]} for name in ("a", "b")}
    path.write_text(json.dumps(content))
    assert [picture.part for picture in read_via(path).pictures] == ["a/0", "b/0"]


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
        ("corrosion_via1/via_region_data.json", 19, 4, 90),
        ("car_scratch_via1/train/via_region_data.json", 28, 21, 65),
        ("car_scratch_via1/val/via_region_data.json", 3, 3, 7),
        ("cells_via2/via_export_json.json", 2, 9, 60),
    ],
)
def test_real_files_are_read_with_their_missing_pictures(name: str, pictures: int, missing: int, regions: int) -> None:
    found = read_via(real_data("via") / name)
    assert len(found.pictures) == pictures
    assert len(found.oddities) == missing
    left_out = sum(int(told.split()[-5]) for told in found.oddities)  # "…; 3 regions are left out"
    (defect,) = found.defects
    drawn = [picture.labels[defect] for picture in found.pictures]
    assert left_out + sum(len(label.regions) for label in drawn if isinstance(label, Drawn)) == regions
    for picture in found.pictures:
        size = cv2.imread(str(picture.picture)).shape[:2]
        for label in picture.labels.values():
            assert isinstance(label, Drawn)
            assert read_mask(label, *size).any() == bool(label.regions)


def test_a_real_file_of_version_1_without_its_picture_is_read_beside_one_of_its_size(tmp_path: Path) -> None:
    path = real_data("coco_via_pair") / "via1_demo.json"
    assert cv2.imwrite(str(tmp_path / "P0003.png"), np.zeros((1023, 1147), np.uint8))
    (picture,) = read_via(path, tmp_path, defect="thing").pictures
    label = picture.labels["thing"]
    assert isinstance(label, Drawn)
    assert len(label.regions) == 55
    assert read_mask(label, 1023, 1147).any()


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


def test_a_region_that_does_not_say_what_it_is_may_be_any_defect_where_others_say_it(tmp_path: Path) -> None:
    """Somebody marked something there, and forgot to choose what: its picture is not clean of the others."""
    pictures = {
        "a.png": [region({"kind": "crack"}, **RECT["shape_attributes"])],
        "b.png": [region({"kind": "unknown"}, **RECT["shape_attributes"])],
        "c.png": [region({"kind": "dent"}, **RECT["shape_attributes"]), RECT],
    }
    for name in pictures:
        assert cv2.imwrite(str(tmp_path / name), np.zeros((40, 50, 3), np.uint8))
    path = tmp_path / "via.json"
    path.write_text(json.dumps({name: {"filename": name, "regions": regions} for name, regions in pictures.items()}))
    found = read_via(path)
    assert found.defects == ("crack", "dent")
    a, b, c = (each.labels for each in found.pictures)
    assert (a["dent"], b) == (CLEAN, {"crack": None, "dent": None})
    assert isinstance(c["dent"], Drawn)
    assert c["crack"] is None
    assert found.oddities == tuple(
        f"{path}: {name} has a region that does not say what it is; it may be any defect: name it"
        for name in ("b.png", "c.png")
    )
    named = read_via(path, defect="Scratch")
    assert named.defects == ("crack", "dent", "scratch")
    assert isinstance(named.pictures[1].labels["scratch"], Drawn)
    assert named.oddities == ()
