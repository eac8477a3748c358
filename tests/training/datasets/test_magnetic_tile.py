"""Magnetic tiles in both layouts: a look-alike, the real pictures where they are at hand, and what is odd or refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import read_rows
from edge_inspector.training.datasets.labelled_picture import CLEAN, LabelledSet, MaskFile, Somewhere, read_mask
from edge_inspector.training.datasets.magnetic_tile import DEFECTS, read_magnetic_tile
from tests.training.datasets.lookalikes import assert_same, write_grey, write_magnetic_tile
from tests.training.real_data import real_data

HEADER = "path,mask,class,number,group,mask_pixels"


def write_index(folder: Path, *rows: str, header: str = HEADER) -> Path:
    for name in ("a", "b", "c"):
        for ending in ("jpg", "png"):
            write_grey(folder / f"{name}.{ending}", np.zeros((9, 9), np.uint8))
    (folder / "index.csv").write_text("\n".join([header, *rows, ""]))
    return folder


def original_layout(folder: Path) -> Path:
    """The real pictures without their index."""
    for each in real_data("magnetic_tile").glob("MT_*"):
        (folder / each.name).symlink_to(each)
    return folder


def parts(found: LabelledSet) -> dict[str, str]:
    return {each.picture.stem: each.part for each in found.pictures}


def test_a_look_alike_is_read_as_it_was_drawn(tmp_path: Path) -> None:
    truth = write_magnetic_tile(tmp_path)
    assert_same(read_magnetic_tile(tmp_path), truth)


def test_a_tile_begins_where_the_exposure_does_not_rise_in_the_order_of_all_numbers(tmp_path: Path) -> None:
    write_magnetic_tile(tmp_path)
    assert parts(read_magnetic_tile(tmp_path)) == {
        "exp1_num_97": "tile_97",
        "exp2_num_99": "tile_97",
        "exp3_num_100": "tile_97",
        "exp5_num_103": "tile_97",
        "exp1_num_110": "tile_110",
        "exp2_num_111": "tile_110",
        "exp6_num_112": "tile_110",
        "exp2_num_114": "tile_114",
        "exp3_num_115": "tile_114",
        "exp3_num_120": "tile_120",
        "exp1_num_121": "tile_121",
        "exp4_num_122": "tile_121",
        "exp4_num_90001": "tile_90001",
    }


def test_a_black_mask_of_a_defect_says_that_it_is_somewhere_and_is_told(tmp_path: Path) -> None:
    write_magnetic_tile(tmp_path)
    mask = tmp_path / "MT_Uneven" / "Imgs" / "exp2_num_114.png"
    assert read_magnetic_tile(tmp_path).oddities == (
        f"{mask}: marks 0 px, but its class is uneven; the picture is taken to show it somewhere",
    )


@pytest.mark.parametrize(("marked_px", "label"), [(8, Somewhere), (9, MaskFile)])
def test_a_mask_of_fewer_than_nine_pixels_says_not_where(tmp_path: Path, marked_px: int, label: type) -> None:
    write_magnetic_tile(tmp_path)
    mask = tmp_path / "MT_Fray" / "Imgs" / "exp3_num_120.png"
    marked = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) * 0
    marked[2, :marked_px] = 128
    marked[3] = 127
    write_grey(mask, marked)
    (fray,) = (each for each in read_magnetic_tile(tmp_path).pictures if each.picture.stem == "exp3_num_120")
    assert isinstance(fray.labels["fray"], label)


def test_with_an_index_its_groups_are_the_tiles(tmp_path: Path) -> None:
    rows = ("a.jpg,a.png,MT_Crack,1,g1,50", "b.jpg,b.png,MT_Free,2,g1,0", "c.jpg,c.png,MT_Fray,3,g2,3")
    found = read_magnetic_tile(write_index(tmp_path, *rows))
    crack, free, fray = found.pictures
    assert [each.part for each in found.pictures] == ["g1", "g1", "g2"]
    assert isinstance(crack.labels["crack"], MaskFile)
    assert free.labels == dict.fromkeys(DEFECTS, CLEAN) | {"crack": None}
    assert fray.labels == dict.fromkeys(DEFECTS, CLEAN) | {"fray": Somewhere()}
    assert found.oddities == (
        f"{tmp_path / 'c.png'}: marks 3 px, but its class is fray; the picture is taken to show it somewhere",
    )


def test_an_index_says_the_folds_of_its_pictures_or_none(tmp_path: Path) -> None:
    rows = ("a.jpg,a.png,MT_Crack,1,g1,50", "b.jpg,b.png,MT_Free,2,g2,0")
    assert [each.fold for each in read_magnetic_tile(write_index(tmp_path, *rows)).pictures] == ["", ""]
    with_folds = write_index(
        tmp_path, *(f"{row},{fold}" for row, fold in zip(rows, "31", strict=True)), header=f"{HEADER},fold"
    )
    assert [each.fold for each in read_magnetic_tile(with_folds).pictures] == ["3", "1"]
    with pytest.raises(TrainingDataError, match=r"index\.csv:3: fold is empty"):
        read_magnetic_tile(write_index(tmp_path, f"{rows[0]},1", f"{rows[1]},", header=f"{HEADER},fold"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.jpg,a.png,MT_Rust,1,g1,0", r"index\.csv:2: the class is 'MT_Rust', allowed are MT_Blowhole, MT_Break"),
        ("a.jpg,a.png,MT_Free,1,,0", r"index\.csv:2: group is empty"),
        ("a.jpg,a.png,MT_Free,1,g1,-1", r"index\.csv:2: mask_pixels is '-1', allowed are whole numbers"),
        ("a.jpg,d.png,MT_Free,1,g1,0", r"index\.csv:2: .*d\.png is missing"),
    ],
)
def test_a_row_that_can_not_be_meant_is_said_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_magnetic_tile(write_index(tmp_path, row))


def test_without_one_of_the_classes_nobody_knows_what_is_clean(tmp_path: Path) -> None:
    write_magnetic_tile(tmp_path)
    (tmp_path / "MT_Crack").rename(tmp_path / "MT_Crock")
    with pytest.raises(TrainingDataError, match=r"MT_Crack/Imgs: holds no picture; restore it, for without this class"):
        read_magnetic_tile(tmp_path)


@pytest.mark.parametrize(
    ("missing", "said"),
    [("exp1_num_97.png", r"exp1_num_97\.png: is missing"), ("exp1_num_97.jpg", r"exp1_num_97\.png: has no picture")],
)
def test_half_a_pair_is_refused(tmp_path: Path, missing: str, said: str) -> None:
    write_magnetic_tile(tmp_path)
    (tmp_path / "MT_Free" / "Imgs" / missing).unlink()
    with pytest.raises(TrainingDataError, match=said):
        read_magnetic_tile(tmp_path)


def test_a_name_without_exposure_and_a_damaged_mask_are_refused(tmp_path: Path) -> None:
    write_magnetic_tile(tmp_path)
    (tmp_path / "MT_Fray" / "Imgs" / "exp3_num_120.png").write_bytes(b"no picture")
    with pytest.raises(TrainingDataError, match=r"exp3_num_120\.png: can not be decoded; restore it"):
        read_magnetic_tile(tmp_path)
    write_grey(tmp_path / "MT_Free" / "Imgs" / "tile7.jpg", np.zeros((9, 9), np.uint8))
    with pytest.raises(TrainingDataError, match=r"tile7\.jpg: is not named expE_num_N, so its tile can not be told"):
        read_magnetic_tile(tmp_path)


def test_the_real_set_has_the_pictures_and_the_areas_of_its_index() -> None:
    folder = real_data("magnetic_tile")
    found = read_magnetic_tile(folder)
    columns = ["path", "class", "group", "fold", "mask_pixels"]
    rows = {folder / row.texts["path"]: row for row in read_rows(folder, columns)}
    assert len(found.pictures) == 586
    labelled = Counter(defect for each in found.pictures for defect in DEFECTS if is_labelled(each.labels[defect]))
    assert labelled == {"blowhole": 94, "break": 68, "crack": 50, "fray": 25, "uneven": 84}
    assert len(found.oddities) == 5
    for each in found.pictures:
        row = rows[each.picture]
        assert (each.part, each.fold) == (row.texts["group"], row.texts["fold"])
        label = each.labels.get(row.texts["class"].removeprefix("MT_").lower())
        if isinstance(label, MaskFile):
            assert read_mask(label, *cv2.imread(str(each.picture)).shape[:2]).sum() == row.count("mask_pixels")


def is_labelled(label: object) -> bool:
    return isinstance(label, MaskFile | Somewhere)


def test_no_real_picture_is_clean_of_what_another_picture_of_its_tile_shows() -> None:
    found = read_magnetic_tile(real_data("magnetic_tile"))
    for defect in DEFECTS:
        showing = {each.part for each in found.pictures if is_labelled(each.labels[defect])}
        clean = {each.part for each in found.pictures if each.labels[defect] == CLEAN}
        assert not showing & clean
    unknown = Counter(defect for each in found.pictures for defect in DEFECTS if each.labels[defect] is None)
    assert unknown == {"blowhole": 88, "break": 66, "crack": 24, "fray": 11, "uneven": 56}


def test_tiles_told_by_names_alone_never_join_two_of_the_index_and_part_some(tmp_path: Path) -> None:
    named = read_magnetic_tile(original_layout(tmp_path))
    compared = parts(read_magnetic_tile(real_data("magnetic_tile")))
    joined, parted = Counter(), Counter()
    for tile, group in {(part, compared[name]) for name, part in parts(named).items()}:
        joined[tile] += 1
        parted[group] += 1
    assert set(joined.values()) == {1}
    assert (len(joined), len(parted), sum(count > 1 for count in parted.values())) == (111, 69, 17)
    assert len(named.oddities) == 5
