"""What a look at a folder sees of a set, before any reader reads."""

from __future__ import annotations

import json
from pathlib import Path

from edge_inspector.training.datasets.recognition import (
    files,
    is_coco,
    is_cvat,
    is_labelme,
    is_plain,
    is_severstal,
    is_via,
    is_voc,
    is_yolo,
    take_glimpse,
)

COCO = {"images": [], "annotations": [], "categories": []}
VIA = {"a.png12": {"filename": "a.png", "regions": {}}}
LABELME = {"shapes": []}


def put(folder: Path, name: str, content: object = "") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_json_is_told_by_what_stands_in_it(tmp_path: Path) -> None:
    for content, only in ((COCO, is_coco), (VIA, is_via), ({"_via_img_metadata": {}}, is_via), (LABELME, is_labelme)):
        put(tmp_path, "labels.json", content)
        seen = take_glimpse(tmp_path, None)
        assert [fits for fits in (is_coco, is_via, is_labelme) if fits(seen)] == [only]


def test_json_of_no_layout_fits_none(tmp_path: Path) -> None:
    for content in ([], {}, {"images": []}, {"a": []}, {"a": {"filename": "a.png"}}, {"shapes": {}}, 3):
        put(tmp_path, "labels.json", content)
        seen = take_glimpse(tmp_path, None)
        assert not any(fits(seen) for fits in (is_coco, is_via, is_labelme))


def test_labelme_has_a_file_for_each_picture_so_none_can_be_named(tmp_path: Path) -> None:
    path = put(tmp_path, "a.json", LABELME)
    assert not is_labelme(take_glimpse(tmp_path, path))


def test_a_named_file_is_looked_at_and_not_the_first_of_the_folder(tmp_path: Path) -> None:
    put(tmp_path, "a.json", VIA)
    named = take_glimpse(tmp_path, put(tmp_path, "b.json", COCO))
    assert (is_coco(named), is_via(named)) == (True, False)


def test_why_a_file_can_not_be_read_is_kept_and_not_raised(tmp_path: Path) -> None:
    assert take_glimpse(tmp_path, None).damage == ""
    path = put(tmp_path, "a.json", "{")
    seen = take_glimpse(tmp_path, None)
    assert seen.content is None
    assert seen.damage.startswith(f"{path}: can not be read as JSON (")


def test_columns_are_those_of_the_index_also_where_a_program_put_a_byte_order_mark_before_them(tmp_path: Path) -> None:
    fits = files("image/*.jpg", columns=("path", "mask"))
    assert not fits(take_glimpse(tmp_path, None))
    for mark in ("", "\ufeff"):
        index = put(tmp_path, "index.csv", f"{mark}path,mask,more\n")
        assert take_glimpse(tmp_path, None).columns == {"path", "mask", "more"}
        assert fits(take_glimpse(tmp_path, None))
        assert not fits(take_glimpse(tmp_path, index))  # such a set has no label file to name
    (tmp_path / "index.csv").write_bytes(b"\xff\xfe")
    assert take_glimpse(tmp_path, None).columns == frozenset()


def test_a_layout_told_by_its_files_needs_one_of_each_pattern(tmp_path: Path) -> None:
    fits = files("images/*.jpg", "annotations/*.png")
    put(tmp_path, "images/a.jpg")
    assert not fits(take_glimpse(tmp_path, None))
    put(tmp_path, "annotations/a.png")
    assert fits(take_glimpse(tmp_path, None))


def test_our_own_layout_has_pictures_and_something_that_only_it_has(tmp_path: Path) -> None:
    put(tmp_path, "images/a.jpg")
    assert not is_plain(take_glimpse(tmp_path, None))
    put(tmp_path, "origins.csv")
    assert is_plain(take_glimpse(tmp_path, None))


def test_xml_and_csv_are_told_by_their_names(tmp_path: Path) -> None:
    put(tmp_path, "annotations.xml")
    assert is_cvat(take_glimpse(tmp_path, None))
    assert is_cvat(take_glimpse(tmp_path, put(tmp_path, "elsewhere/task.XML")))
    put(tmp_path, "train.csv")
    assert not is_severstal(take_glimpse(tmp_path, None))
    put(tmp_path, "train_images/a.jpg")
    assert is_severstal(take_glimpse(tmp_path, None))
    assert not is_voc(take_glimpse(tmp_path, None))
    put(tmp_path, "Annotations/a.xml")
    assert is_voc(take_glimpse(tmp_path, None))
    assert is_voc(take_glimpse(tmp_path, tmp_path / "Annotations"))
    assert not is_voc(take_glimpse(tmp_path, tmp_path / "train_images"))


def test_yolo_is_told_by_texts_in_folders_called_labels(tmp_path: Path) -> None:
    for name, fits in (
        ("labels/a.txt", True),
        ("labels/train/a.txt", True),
        ("train/labels/a.txt", True),
        ("a.txt", False),
        ("obj.names", True),
    ):
        folder = tmp_path / name.replace("/", "-")
        put(folder, name)
        assert is_yolo(take_glimpse(folder, None)) == fits
    assert is_yolo(take_glimpse(tmp_path, tmp_path / "labels-a.txt"))
    assert not is_yolo(take_glimpse(tmp_path, put(tmp_path, "a.csv")))
