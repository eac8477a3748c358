"""A set is named by a folder and a few words, read by the one reader that is meant, or refused with what is allowed."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training import datasets
from edge_inspector.training.datasets.registry import READERS, SetRequest, open_set, recognise
from tests.training.datasets.lookalikes import (
    write_crackforest,
    write_dagm,
    write_grey,
    write_kolektor,
    write_kolektor2,
    write_magnetic_tile,
    write_neu_seg,
    write_severstal,
)
from tests.training.real_data import real_data

BLANK = np.zeros((20, 30), np.uint8)


def write_plain(folder: Path) -> None:
    for name in ("images/p1-a.png", "images/p2-a.png", "masks/crack/p1-a.png"):
        write_grey(folder / name, BLANK)


def write_pictures(folder: Path, *names: str) -> None:
    for name in names:
        write_grey(folder / name, BLANK)


def write_coco(folder: Path) -> None:
    write_pictures(folder, "a.png", "b.png")
    images = [{"id": k, "file_name": f"{name}.png", "height": 20, "width": 30} for k, name in enumerate("ab")]
    crack = {"id": 1, "image_id": 0, "category_id": 7, "segmentation": [[2, 2, 9, 2, 9, 9]]}
    content = {"images": images, "annotations": [crack], "categories": [{"id": 7, "name": "crack"}]}
    (folder / "annotations.json").write_text(json.dumps(content))


def write_via(folder: Path) -> None:
    write_pictures(folder, "a.png", "b.png")
    shape = {"name": "rect", "x": 3, "y": 4, "width": 5, "height": 6}
    regions = [{"shape_attributes": shape, "region_attributes": {"kind": "crack"}}]
    entries = {name: {"filename": f"{name}.png", "regions": found} for name, found in (("a", regions), ("b", []))}
    (folder / "via.json").write_text(json.dumps(entries))


def write_labelme(folder: Path) -> None:
    write_pictures(folder, "a.png", "b.png")
    shapes = [{"label": "crack", "points": [[2, 2], [9, 9]], "shape_type": "rectangle"}]
    (folder / "a.json").write_text(json.dumps({"shapes": shapes}))


def write_cvat(folder: Path) -> None:
    write_pictures(folder, "images/a.png", "images/b.png")
    box = '<box label="crack" xtl="1" ytl="1" xbr="5" ybr="5"/>'
    images = [f'<image name="{name}.png" width="30" height="20">{drawn}</image>' for name, drawn in (("a", box), ("b", ""))]
    (folder / "annotations.xml").write_text(f"<annotations>{''.join(images)}</annotations>")


def write_voc(folder: Path) -> None:
    write_pictures(folder, "JPEGImages/a.png")
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox>"
    text = (
        f"<annotation><size><width>30</width><height>20</height></size><object><name>crack</name>{box}</object></annotation>"
    )
    (folder / "Annotations").mkdir()
    (folder / "Annotations" / "a.xml").write_text(text)


def write_voc_masks(folder: Path) -> None:
    write_pictures(folder, "JPEGImages/a.png", "JPEGImages/b.png", "SegmentationClass/a.png")
    mask = np.zeros((20, 30, 3), np.uint8)
    mask[2:9, 3:12] = (40, 50, 250)  # blue first
    cv2.imwrite(str(folder / "SegmentationClass" / "a.png"), mask)
    (folder / "labelmap.txt").write_text("# label:color_rgb:parts:actions\nbackground:0,0,0::\ncrack:250,50,40::\n")


def write_yolo(folder: Path) -> None:
    write_pictures(folder, "images/a.png", "images/b.png")
    (folder / "labels").mkdir()
    (folder / "labels" / "a.txt").write_text("0 0.1 0.1 0.3 0.1 0.3 0.45\n")
    (folder / "data.yaml").write_text("names: [crack]\n")


WRITERS: dict[str, Callable[[Path], object]] = {
    "plain": write_plain,
    "coco": write_coco,
    "via": write_via,
    "labelme": write_labelme,
    "cvat": write_cvat,
    "voc": write_voc,
    "voc_masks": write_voc_masks,
    "yolo": write_yolo,
    "severstal": write_severstal,
    "dagm": lambda folder: write_dagm(folder.parent / "all") and (folder.parent / "all" / "Class1" / "Train").rename(folder),
    "kolektor": write_kolektor,
    "kolektor2": write_kolektor2,
    "magnetic_tile": write_magnetic_tile,
    "crackforest": write_crackforest,
    "neu_seg": write_neu_seg,
}


def request(folder: Path, **more: object) -> SetRequest:
    return SetRequest(folder, **more)  # type: ignore[arg-type]


def write_layout(folder: Path, name: str) -> Path:
    """A look-alike of this layout in a folder that is made for it."""
    if name != "dagm":
        folder.mkdir()
    WRITERS[name](folder)
    return folder


def test_every_reader_of_the_package_has_a_name() -> None:
    modules = [name for _, name, _ in pkgutil.iter_modules(datasets.__path__)]
    found = {name for name in modules if hasattr(importlib.import_module(f"{datasets.__name__}.{name}"), f"read_{name}")}
    assert found == set(READERS) == set(WRITERS)


@pytest.mark.parametrize("name", READERS)
def test_a_layout_is_recognised_by_its_files_and_read_as_if_it_was_named(tmp_path: Path, name: str) -> None:
    folder = write_layout(tmp_path / "set", name)
    subset = "train" if name == "kolektor2" else ""
    assert recognise(folder) == name
    found = open_set(request(folder, subset=subset))
    assert found == open_set(request(folder, reader=name, subset=subset))
    assert found.source == name
    assert found.pictures


@pytest.mark.parametrize("name", ["coco", "via", "labelme", "cvat", "voc_masks", "yolo"])
def test_a_picture_without_labels_is_clean_only_if_the_set_is_said_to_be_complete(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path)
    for is_complete in (False, True):
        found = open_set(request(tmp_path, complete=is_complete))
        last = found.pictures[-1]
        assert last.picture.name == "b.png"
        assert [label is None for label in last.labels.values()] == [not is_complete]


def test_in_a_complete_plain_set_a_missing_mask_is_an_error(tmp_path: Path) -> None:
    write_plain(tmp_path)
    assert len(open_set(request(tmp_path)).pictures) == 2
    with pytest.raises(ConfigurationError, match=r"p2-a\.png: has no mask"):
        open_set(request(tmp_path, complete=True))


@pytest.mark.parametrize("name", ["coco", "via"])
def test_pictures_may_lie_in_images_beside_the_only_label_file(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path)
    (tmp_path / "images").mkdir()
    for picture in tmp_path.glob("*.png"):
        picture.rename(tmp_path / "images" / picture.name)
    assert len(open_set(request(tmp_path)).pictures) == 2


@pytest.mark.parametrize(("name", "file"), [("coco", "annotations.json"), ("via", "via.json"), ("cvat", "annotations.xml")])
def test_a_label_file_may_lie_elsewhere_and_tells_its_layout(tmp_path: Path, name: str, file: str) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    WRITERS[name](folder)
    labels = (folder / file).rename(tmp_path / f"moved{Path(file).suffix}")
    (folder / "other.json").write_text("{}")
    assert open_set(request(folder, labels=labels)).source == name


def test_labels_of_voc_yolo_and_severstal_may_lie_elsewhere(tmp_path: Path) -> None:
    elsewhere = {"voc": "Annotations", "voc_masks": "SegmentationClass", "yolo": "labels", "severstal": "train.csv"}
    for name, labels in elsewhere.items():
        folder = tmp_path / name
        folder.mkdir()
        WRITERS[name](folder)
        moved = (folder / labels).rename(tmp_path / f"{name}-{labels}")
        assert open_set(request(folder, labels=moved)).source == name


def test_defect_and_attribute_reach_the_readers_that_take_them(tmp_path: Path) -> None:
    write_via(tmp_path)
    assert open_set(request(tmp_path, attribute="kind")).defects == ("crack",)
    with pytest.raises(TrainingDataError, match=r"via\.json: every region says what it is, so that `defect` is of no use"):
        open_set(request(tmp_path, defect="dent"))
    with pytest.raises(ConfigurationError, match=r"via\.json: no region has the attribute 'other', they have kind; correct"):
        open_set(request(tmp_path, attribute="other"))
    (tmp_path / "via.json").write_text((tmp_path / "via.json").read_text().replace('"crack"', '""'))
    assert open_set(request(tmp_path, defect="dent")).defects == ("dent",)
    write_pictures(tmp_path / "plain", "images/a.png", "masks/a.png")
    assert open_set(request(tmp_path / "plain", defect="dent")).defects == ("dent",)
    assert open_set(request(tmp_path / "plain")).defects == ("defect",)


def test_where_two_layouts_fit_the_person_is_asked(tmp_path: Path) -> None:
    write_plain(tmp_path)
    write_grey(tmp_path / "images" / "c.jpg", BLANK)
    write_grey(tmp_path / "annotations" / "c.png", BLANK)
    with pytest.raises(ConfigurationError, match=r": plain and neu_seg would both fit; say which is meant: --reader, or"):
        open_set(request(tmp_path))


def test_where_nothing_fits_the_readers_are_named(tmp_path: Path) -> None:
    write_pictures(tmp_path, "a.png")
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(ConfigurationError, match=r"looks like no layout that is known; say its `reader`.*: plain, coco,"):
        open_set(request(tmp_path))
    with pytest.raises(ConfigurationError, match=r" with .*other\.json: looks like no layout"):
        open_set(request(tmp_path, labels=tmp_path / "other.json"))


def test_a_label_file_that_can_not_be_read_is_told_with_the_reason_and_not_as_a_layout_nobody_knows(tmp_path: Path) -> None:
    write_coco(tmp_path)
    path = tmp_path / "annotations.json"
    path.write_text(path.read_text()[:-9])
    for labels in (None, path):
        with pytest.raises(TrainingDataError, match=r"annotations\.json: can not be read as JSON \(.*char.*; restore the"):
            open_set(request(tmp_path, labels=labels))


def test_a_damaged_file_beside_a_set_that_does_without_it_is_no_matter(tmp_path: Path) -> None:
    write_plain(tmp_path)
    (tmp_path / "notes.json").write_text("{")
    assert open_set(request(tmp_path)).source == "plain"


@pytest.mark.parametrize("content", ["3", '{"images": 3}', '{"images": [3]}', '{"_via_img_metadata": 3}'])
@pytest.mark.parametrize(("name", "said"), [("coco", "is no COCO file"), ("via", "is no VIA file")])
def test_a_file_of_another_kind_is_its_readers_to_refuse(tmp_path: Path, content: str, name: str, said: str) -> None:
    (tmp_path / "labels.json").write_text(content)
    with pytest.raises(TrainingDataError, match=rf"labels\.json: {said}"):
        open_set(request(tmp_path, reader=name))


def test_a_name_that_no_file_can_have_is_said(tmp_path: Path) -> None:
    write_via(tmp_path)
    path = tmp_path / "via.json"
    path.write_text(path.read_text().replace("a.png", "a" * 5000))
    with pytest.raises(
        TrainingDataError, match=rf"^{tmp_path}: can not be read as via \(File name too long: .*…\); correct"
    ):
        open_set(request(tmp_path))


@pytest.mark.parametrize("name", ["gone.json", "gone.xml", "gone.csv", "gone"])
def test_labels_that_are_not_there_are_said(tmp_path: Path, name: str) -> None:
    write_pictures(tmp_path, "a.png")
    with pytest.raises(
        ConfigurationError, match=rf"{name}: there is no such file or folder; name the one that holds the lab"
    ):
        open_set(request(tmp_path, labels=tmp_path / name))


def test_a_set_without_a_picture_is_refused_with_what_was_odd_and_what_to_do(tmp_path: Path) -> None:
    write_labelme(tmp_path)
    for picture in tmp_path.glob("*.png"):
        picture.unlink()
    with pytest.raises(TrainingDataError) as error:
        open_set(request(tmp_path))
    assert str(error.value) == (
        f"{tmp_path}: holds no picture of a set that is read as labelme ({tmp_path / 'a.json'}: its picture is missing; 1 "
        "shapes are left out); it should hold the pictures, beside each its .json. Restore the pictures, or name the folder "
        "that has them"
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"reader": "coca"}, "'coca' is no reader; allowed are auto, plain, coco"),
        ({"reader": "neu_seg", "subset": "train"}, "reader neu_seg has no use for subset; the options that it takes: none"),
        (
            {"reader": "plain", "labels": Path("x.json"), "attribute": "kind"},
            "reader plain has no use for labels, attribute; the options that it takes: defect, complete",
        ),
        ({"reader": "voc", "complete": True}, "reader voc has no use for complete; the options that it takes: labels"),
        ({"reader": "kolektor2"}, "reader kolektor2 needs a subset; allowed are train, test, both"),
        ({"reader": "kolektor2", "subset": "val"}, "reader kolektor2 has no subset 'val'; allowed are train, test, both"),
        ({"reader": "coco"}, "holds 2 files *.json; name the one that is meant as `labels`"),
        ({"reader": "severstal"}, "holds no train.csv; name the one that is meant as `labels`"),
    ],
)
def test_what_is_wrong_missing_or_of_no_use_is_said_with_what_is_allowed(
    tmp_path: Path, more: dict[str, object], said: str
) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ConfigurationError) as error:
        open_set(request(tmp_path, **more))
    assert said in str(error.value)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("gone", "file"):
        with pytest.raises(ConfigurationError, match=rf"{name}: there is no such folder; name the one that holds the set"):
            open_set(request(tmp_path / name))


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("magnetic_tile", "magnetic_tile"),
        ("neu_seg", "neu_seg"),
        ("bsdata_labelme", "labelme"),
        ("lpbf_coco", "coco"),
        ("via/corrosion_via1", "via"),
        ("via/cells_via2", "via"),
        ("neu_det_voc", "voc"),
    ],
)
def test_real_sets_are_recognised(folder: str, name: str) -> None:
    assert open_set(request(real_data(folder))).source == name


@pytest.mark.parametrize("name", ["kolektor", "crackforest"])
def test_a_real_set_with_an_index_is_recognised_beside_our_own_layout(name: str) -> None:
    folder = real_data({"kolektor": "kolektor_sdd"}.get(name, name))
    with pytest.raises(ConfigurationError, match=rf"plain and {name} would both fit"):
        open_set(request(folder))
    assert open_set(request(folder, reader=name)).source == name


def test_a_file_whose_name_is_no_utf_8_is_refused_and_named_as_well_as_can_be(tmp_path: Path) -> None:
    """As in archives of an old Windows; OpenCV crashed at such names."""
    write_plain(tmp_path)
    picture = min((tmp_path / "images").iterdir())
    picture.rename(picture.with_name(os.fsdecode(b"ri\xdf.png")))
    with pytest.raises(TrainingDataError, match=r"images: the name of the file 'ri.*' is no UTF-8; rename it"):
        open_set(request(tmp_path))
