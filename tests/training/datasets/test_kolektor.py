"""KolektorSDD in both layouts: a look-alike, the real pictures where they are at hand, and what is odd or refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import read_rows
from edge_inspector.training.datasets.kolektor import read_kolektor
from edge_inspector.training.datasets.labelled_picture import MaskFile, read_mask
from tests.training.datasets.lookalikes import assert_same, write_grey, write_kolektor
from tests.training.real_data import real_data

HEADER = "path,mask,number,item,group,defective,mask_pixels,duplicate_of"
ROWS = (
    "images/001.jpg,masks/001.png,1,1,i01,0,0,",
    "images/005.jpg,masks/005.png,5,1,i01,1,6,",
    "images/148.jpg,masks/148.png,148,19,i01,1,6,005",
)


def write_index(folder: Path, *rows: str) -> Path:
    for number in ("001", "005", "148"):
        mask = np.zeros((20, 10), np.uint8)
        if number != "001":
            mask[4:6, 7:] = 255
        write_grey(folder / "images" / f"{number}.jpg", np.full_like(mask, 120))
        write_grey(folder / "masks" / f"{number}.png", mask)
    (folder / "index.csv").write_text("\n".join([HEADER, *rows, ""]))
    return folder


def test_a_commutator_that_was_photographed_twice_is_one_part(tmp_path: Path) -> None:
    rows = (ROWS[0].replace("i01", "i30"), ROWS[1].replace("i01", "i32"))
    assert [each.part for each in read_kolektor(write_index(tmp_path, *rows)).pictures] == ["i30", "i30"]


def test_a_look_alike_is_read_as_it_was_drawn_and_nothing_is_odd(tmp_path: Path) -> None:
    truth = write_kolektor(tmp_path)
    found = read_kolektor(tmp_path)
    assert_same(found, truth)
    assert found.oddities == ()


def test_an_item_is_a_part_and_its_sides_are_views(tmp_path: Path) -> None:
    write_kolektor(tmp_path)
    views = [(each.part, each.view) for each in read_kolektor(tmp_path).pictures]
    assert views == [(item, f"Part{side}") for item in ("kos01", "kos02", "kos07") for side in range(8)]


def test_a_side_without_its_label_is_unknown_and_told(tmp_path: Path) -> None:
    write_kolektor(tmp_path)
    (tmp_path / "kos02" / "Part4_label.bmp").unlink()
    found = read_kolektor(tmp_path)
    assert [each.picture.stem for each in found.pictures if each.labels["crack"] is None] == ["Part4"]
    assert found.oddities == (f"{tmp_path / 'kos02' / 'Part4.jpg'}: has no Part4_label.bmp, so nothing is known of it",)


def test_a_side_that_is_missing_is_told(tmp_path: Path) -> None:
    write_kolektor(tmp_path)
    (tmp_path / "kos02" / "Part4.jpg").unlink()
    found = read_kolektor(tmp_path)
    assert len(found.pictures) == 23
    assert found.oddities == (
        f"{tmp_path / 'kos02'}: has 7 sides, not 8",
        f"{tmp_path / 'kos02' / 'Part4_label.bmp'}: has no picture",
    )


def test_an_item_that_occurs_twice_is_taken_once(tmp_path: Path) -> None:
    write_kolektor(tmp_path)
    shutil.copytree(tmp_path / "kos02", tmp_path / "kos19")
    found = read_kolektor(tmp_path)
    assert {each.part for each in found.pictures} == {"kos01", "kos02", "kos07"}
    assert len(found.oddities) == 8
    original, copy = tmp_path / "kos02" / "Part0.jpg", tmp_path / "kos19" / "Part0.jpg"
    assert f"{copy}: is a copy of {original} and left out" in found.oddities


def test_items_that_share_a_picture_are_one_part_also_by_way_of_a_third(tmp_path: Path) -> None:
    write_kolektor(tmp_path)
    shutil.copy(tmp_path / "kos01" / "Part0.jpg", tmp_path / "kos07" / "Part3.jpg")
    shutil.copy(tmp_path / "kos02" / "Part6.jpg", tmp_path / "kos07" / "Part4.jpg")
    found = read_kolektor(tmp_path)
    assert len(found.pictures) == 22
    assert {each.part for each in found.pictures} == {"kos01"}


def test_the_picture_that_the_authors_do_not_count_is_left_out_and_told(tmp_path: Path) -> None:
    write_kolektor(tmp_path)
    (tmp_path / "kos07").rename(tmp_path / "kos21")
    found = read_kolektor(tmp_path)
    assert [each.view for each in found.pictures if each.part == "kos21"] == [f"Part{side}" for side in range(7)]
    assert found.oddities == (
        f"{tmp_path / 'kos21' / 'Part7.jpg'}: is not counted to the set by its authors' code of 2021 and left out",
    )


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kos01").mkdir()
    with pytest.raises(TrainingDataError, match=rf"{tmp_path}: holds neither index\.csv nor kos01/Part0\.jpg"):
        read_kolektor(tmp_path)


def test_with_an_index_a_group_is_a_part_and_a_copy_is_left_out(tmp_path: Path) -> None:
    found = read_kolektor(write_index(tmp_path, *ROWS))
    good, bad = found.pictures
    assert [(each.part, each.view) for each in (good, bad)] == [("i01", "1"), ("i01", "5")]
    for picture, marked_px in ((good, 0), (bad, 6)):
        label = picture.labels["crack"]
        assert isinstance(label, MaskFile)
        assert read_mask(label, 20, 10).sum() == marked_px
    assert found.oddities == (f"{tmp_path / 'images' / '148.jpg'}: is a copy of number 005 and left out",)


@pytest.mark.parametrize(("row", "said"), [(0, "good, but it marks 6 px"), (1, "defective, but it marks nothing")])
def test_a_mask_that_says_other_than_the_index_is_refused(tmp_path: Path, row: int, said: str) -> None:
    folder = write_index(tmp_path, *ROWS)
    masks = folder / "masks"
    shutil.copyfile(masks / ("005.png" if row == 0 else "001.png"), masks / ("001.png" if row == 0 else "005.png"))
    label = read_kolektor(folder).pictures[row].labels["crack"]
    assert isinstance(label, MaskFile)
    with pytest.raises(TrainingDataError, match=f"its picture is listed as {said}; restore the mask, or correct the list"):
        read_mask(label, 20, 10)


def test_a_copy_whose_original_is_not_there_stays(tmp_path: Path) -> None:
    found = read_kolektor(write_index(tmp_path, ROWS[0], ROWS[2]))
    assert [each.view for each in found.pictures] == ["1", "148"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("images/001.jpg,masks/001.png,1,1,i01,1,0,", r"index\.csv:2: defective is 1, but mask_pixels 0"),
        ("images/005.jpg,masks/005.png,5,1,i01,0,6,", r"index\.csv:2: defective is 0, but mask_pixels 6"),
        ("images/001.jpg,masks/001.png,1,1,i01,no,0,", r"index\.csv:2: defective is 'no', allowed are 0 and 1"),
        ("images/001.jpg,masks/001.png,1,1,,0,0,", r"index\.csv:2: group is empty"),
        ("images/009.jpg,masks/001.png,1,1,i01,0,0,", r"index\.csv:2: .*009\.jpg is missing; restore it"),
    ],
)
def test_a_row_that_can_not_be_meant_is_said_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_kolektor(write_index(tmp_path, row))


def test_the_real_set_is_read_without_its_two_copies() -> None:
    folder = real_data("kolektor_sdd")
    found = read_kolektor(folder)
    assert len(found.pictures) == 154
    assert [text.rpartition("/")[2] for text in found.oddities] == [
        "148.jpg: is a copy of number 005 and left out",
        "225.jpg: is a copy of number 098 and left out",
    ]
    assert len({each.part for each in found.pictures}) == 33
    assert sum(each.part == "i14-18" for each in found.pictures) == 15 + 5
    areas = {folder / row.texts["path"]: row.count("mask_pixels") for row in read_rows(folder, ["path", "mask_pixels"])}
    for each in found.pictures:
        label = each.labels["crack"]
        assert isinstance(label, MaskFile)
        assert read_mask(label, *cv2.imread(str(each.picture)).shape[:2]).sum() == areas[each.picture]
    cracked = [areas[each.picture] for each in found.pictures if areas[each.picture]]
    assert (len(cracked), min(cracked), max(cracked)) == (40, 790, 8781)
