"""DAGM's Labels.txt: the real ones where they are at hand, a small folder of the same layout, and what is refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.dagm import read_dagm, read_labels
from edge_inspector.training.datasets.labelled_picture import CLEAN, MaskFile, read_mask
from tests.training.datasets.lookalikes import assert_same, write_dagm
from tests.training.real_data import real_data

GOOD, BAD = "1\t0\t0001.PNG\t0\t0\t", "2\t1\t0002.PNG\t0\t0002_label.PNG"


def write(folder: Path, *lines: str) -> Path:
    train = folder / "Class3" / "Train"
    (train / "Label").mkdir(parents=True)
    (train / "Label" / "Labels.txt").write_bytes("\r\n".join(lines).encode())
    for name in ("0001.PNG", "0002.PNG"):
        assert cv2.imwrite(str(train / name), np.zeros((32, 32), np.uint8))
    mask = np.zeros((32, 32), np.uint8)
    mask[4:9, 5:8] = 255
    assert cv2.imwrite(str(train / "Label" / "0002_label.PNG"), mask)
    return train


def test_a_whole_class_is_read_as_two_folds(tmp_path: Path) -> None:
    write_dagm(tmp_path)
    whole = read_dagm(tmp_path / "Class2")
    halves = [read_dagm(tmp_path / "Class2" / half) for half in ("Train", "Test")]
    assert whole.pictures == halves[0].pictures + halves[1].pictures
    assert [each.fold for each in whole.pictures] == ["train"] * 4 + ["test"] * 4


def test_a_look_alike_is_read_as_it_was_drawn(tmp_path: Path) -> None:
    for folder, truth in write_dagm(tmp_path).items():
        assert_same(read_dagm(folder), truth)


def test_a_folder_is_read_with_its_good_and_its_defective_pictures(tmp_path: Path) -> None:
    good, bad = read_dagm(write(tmp_path, "1", GOOD, BAD)).pictures
    assert (good.part, good.labels) == ("class3_train_0001", {"defect": CLEAN})
    label = bad.labels["defect"]
    assert isinstance(label, MaskFile)
    assert read_mask(label, 32, 32).sum() == 15


def test_a_black_mask_of_a_picture_that_is_listed_as_defective_is_refused(tmp_path: Path) -> None:
    train = write(tmp_path, "1", GOOD, BAD)
    assert cv2.imwrite(str(train / "Label" / "0002_label.PNG"), np.zeros((32, 32), np.uint8))
    label = read_dagm(train).pictures[1].labels["defect"]
    assert isinstance(label, MaskFile)
    with pytest.raises(TrainingDataError, match=r"0002_label\.PNG: its picture is listed as defective, but it marks"):
        read_mask(label, 32, 32)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert len(read_dagm(write(tmp_path, "\ufeff1", GOOD, BAD)).pictures) == 2


def test_pictures_that_no_line_names_are_left_out_and_told(tmp_path: Path) -> None:
    train = write(tmp_path, "1", GOOD)
    found = read_dagm(train)
    assert [each.picture.name for each in found.pictures] == ["0001.PNG"]
    assert found.oddities == (f"{train}: 1 picture without a line in Label/Labels.txt left out: 0002.PNG",)
    assert read_dagm(train.parent).oddities == found.oddities
    (train / "Label" / "Labels.txt").write_text(f"1\n{GOOD}\n{BAD}\n")
    assert read_dagm(train).oddities == ()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("2", GOOD), r"Labels\.txt:1: is no DAGM label file"),
        (("1",), "names no picture"),
        (("1", GOOD, "2\t1\t0002.PNG\t0\t0"), r"Labels\.txt:3: needed are number"),
        (("1", "1\t0\t0001.PNG"), r"Labels\.txt:2: needed are number"),
        (("1", "7\t0\t0007.PNG\t0\t0"), r"0007\.PNG: is named in Label/Labels\.txt and missing"),
    ],
)
def test_what_can_not_be_meant_is_said_with_its_line(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_dagm(write(tmp_path, *lines))


@pytest.mark.parametrize(
    ("name", "defective", "pictures"),
    [("Class1/Train", 79, 575), ("Class7/Test", 150, 1150), ("Class10/Train", 150, 1150)],
)
def test_the_real_files_have_as_many_defective_pictures_as_were_counted(name: str, defective: int, pictures: int) -> None:
    labels = read_labels(real_data("dagm_labels") / name / "Label" / "Labels.txt")
    assert (sum(bool(mask) for _, mask in labels), len(labels)) == (defective, pictures)
