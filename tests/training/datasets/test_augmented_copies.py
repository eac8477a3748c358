"""Copies that a service made of one picture are views of one part, whatever the layout."""

from __future__ import annotations

import json
from pathlib import Path

from edge_inspector.training.datasets.augmented_copies import join_copies
from edge_inspector.training.datasets.labelled_picture import CLEAN, LabelledPicture, LabelledSet
from edge_inspector.training.datasets.registry import SetRequest, open_set


def drawn(*parts: tuple[str, str]) -> LabelledSet:
    pictures = (LabelledPicture(Path(f"{part}.jpg"), part, view, {"crack": CLEAN}, "coco") for part, view in parts)
    return LabelledSet("coco", ("crack",), tuple(pictures), ("something else",))


def test_what_follows_rf_says_which_copy_of_a_part_a_picture_is() -> None:
    copied = drawn(("a/tile1_jpg.rf.0a1B", ""), ("a/tile1_jpg.rf.2c3d", ""), ("tile2.rf.9e", "c1"), ("tile3", ""))
    found = join_copies(copied, "set")
    assert [(each.part, each.view) for each in found.pictures] == [
        ("a/tile1_jpg", "0a1B"),
        ("a/tile1_jpg", "2c3d"),
        ("tile2", "c1-9e"),
        ("tile3", ""),
    ]
    said = "set: 3 pictures are copies that Roboflow made of 2, which are the parts"
    assert found.oddities == ("something else", said)


def test_one_copy_of_each_is_nothing_to_tell_and_a_set_without_copies_is_left_alone() -> None:
    assert join_copies(drawn(("x.rf.12", ""), ("y.rf.34", "")), "set").oddities == ("something else",)
    plain = drawn(("p.rf", ""), ("p.rf.1.2", ""), ("rf.12", ""))
    assert join_copies(plain, "set") is plain


def test_a_coco_file_of_copies_has_as_many_parts_as_pictures_were_taken(tmp_path: Path) -> None:
    names = [f"tile{k}_jpg.rf.{copy}.jpg" for k in range(2) for copy in ("aa", "bb")]
    images = [{"id": n, "file_name": name, "width": 30, "height": 20} for n, name in enumerate(names)]
    outline = [[2.0, 2.0, 9.0, 2.0, 9.0, 9.0]]
    drawn_there = {"id": 1, "image_id": 0, "category_id": 1, "iscrowd": 0, "segmentation": outline}
    content = {"images": images, "annotations": [drawn_there], "categories": [{"id": 1, "name": "crack"}]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    for name in names:
        (tmp_path / name).touch()
    found = open_set(SetRequest(tmp_path, complete=True))
    assert {each.part for each in found.pictures} == {"tile0_jpg", "tile1_jpg"}
