"""Severstal's CSV of both layouts: the real rows where they are at hand, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, Runs, read_mask
from edge_inspector.training.datasets.run_lengths import decode_runs, encode_runs
from edge_inspector.training.datasets.severstal import HEIGHT_PX, WIDTH_PX, read_rows, read_severstal
from tests.training.datasets.lookalikes import assert_same, write_severstal
from tests.training.real_data import real_data

PLAIN = "ImageId,ClassId,EncodedPixels\n"
JOINED = "ImageId_ClassId,EncodedPixels\n"


def write(folder: Path, text: str, *names: str) -> tuple[Path, Path]:
    pictures = folder / "train_images"
    pictures.mkdir()
    for name in names:
        assert cv2.imwrite(str(pictures / name), np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8))
    labels = folder / "train.csv"
    labels.write_text(text)
    return labels, pictures


def test_a_look_alike_is_read_as_it_was_drawn(tmp_path: Path) -> None:
    truth = write_severstal(tmp_path)
    assert_same(read_severstal(tmp_path / "train.csv", tmp_path / "train_images"), truth)


def test_a_picture_of_another_size_is_refused_when_it_is_read(tmp_path: Path) -> None:
    labels, pictures = write(tmp_path, f"{PLAIN}a.jpg,2,1 2\n", "a.jpg")
    label = read_severstal(labels, pictures).pictures[0].labels["class_2"]
    assert isinstance(label, Runs)
    with pytest.raises(
        TrainingDataError, match=r"train\.csv: a\.jpg: was labelled at 1600 x 256 px, but its picture is 800"
    ):
        read_mask(label, 512, 800)


def all_rows(picture: str, **runs: str) -> str:
    """The four rows of a picture in the layout that has one for each class."""
    return "".join(f"{picture}_{number},{runs.get(f'class_{number}', '')}\n" for number in range(1, 5))


BOTH = [f"{PLAIN}a.jpg,3,1 2 257 1\n", f"{JOINED}{all_rows('a.jpg', class_3='1 2 257 1')}{all_rows('b.jpg')}"]


@pytest.mark.parametrize("text", BOTH)
def test_both_layouts_say_the_same(tmp_path: Path, text: str) -> None:
    first, second = read_severstal(*write(tmp_path, text, "a.jpg", "b.jpg")).pictures
    label = first.labels["class_3"]
    assert isinstance(label, Runs)
    assert np.argwhere(read_mask(label, HEIGHT_PX, WIDTH_PX)).tolist() == [[0, 0], [0, 1], [1, 0]]
    assert first.labels["class_1"] == CLEAN
    assert set(second.labels.values()) == {CLEAN}


def test_several_rows_of_one_picture_and_class_are_put_together(tmp_path: Path) -> None:
    labels, pictures = write(tmp_path, f"{PLAIN}a.jpg,2,1 2\na.jpg,2,300 1\na.jpg,4,9 9\n", "a.jpg")
    (picture,) = read_severstal(labels, pictures).pictures
    label = picture.labels["class_2"]
    assert isinstance(label, Runs)
    assert read_mask(label, HEIGHT_PX, WIDTH_PX).sum() == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{PLAIN}a.jpg,1,1 2 3\n", "train.csv:2: run lengths '1 2 3' are 3 numbers"),
        (f"{PLAIN}a.jpg,1,1 2\na.jpg,1,409600 2\n", "train.csv:3: run 409600 2 is off the picture"),
        (f"{PLAIN}a.jpg,5,1 2\n", "train.csv:2: picture 'a.jpg', class '5': allowed are a file's name and a class 1 to 4"),
        (f"{JOINED}a.jpg,1 2\n", "train.csv:2: picture '', class"),
        (f"{PLAIN}a.jpg,1,1 {'9' * 5000}\n", "train.csv:2: run lengths '1 999.*' hold more than whole numbers"),
        (f"{PLAIN}a.jpg,1,{'1 2 ' * 40000}\n", "train.csv: can not be read .field larger than field limit"),
        ("Image,Label\na.jpg,1\n", "train.csv:1: has the columns Image, Label, needed are"),
        (f"{PLAIN}none.jpg,1,1 2\n", "train.csv:2: none.jpg is not in"),
    ],
)
def test_a_row_that_can_not_be_meant_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_severstal(*write(tmp_path, text, "a.jpg"))


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    labels, pictures = write(tmp_path, f"\ufeff{JOINED}a.jpg_3,1 2\n", "a.jpg")
    assert labels.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_severstal(labels, pictures).pictures[0].labels["class_3"] == Runs(("1 2",))


@pytest.mark.parametrize("row", [f"{PLAIN}a.jpg,1\n", f"{PLAIN}a.jpg\n", f"{JOINED}a.jpg_1\n", f"{PLAIN}a.jpg,1,1 2,3\n"])
def test_a_row_that_is_cut_off_is_refused_and_not_taken_for_clean(tmp_path: Path, row: str) -> None:
    with pytest.raises(TrainingDataError, match=r"train\.csv:2: has not as many fields as line 1; restore the file"):
        read_severstal(*write(tmp_path, row, "a.jpg"))


@pytest.mark.parametrize("cell", ["", "  "])
def test_an_empty_cell_is_clean_only_in_the_layout_with_a_row_for_each_class(tmp_path: Path, cell: str) -> None:
    labels, pictures = write(tmp_path, f"{JOINED}a.jpg_1,{cell}\n", "a.jpg")
    assert read_severstal(labels, pictures).pictures[0].labels["class_1"] == CLEAN
    labels.write_text(f"{PLAIN}a.jpg,1,{cell}\n")
    with pytest.raises(TrainingDataError, match=r"train\.csv:2: EncodedPixels is empty, but with ImageId and ClassId every"):
        read_severstal(labels, pictures)


def test_in_the_layout_with_a_row_for_each_class_nothing_is_known_of_what_has_none(tmp_path: Path) -> None:
    labels, pictures = write(tmp_path, f"{JOINED}{all_rows('a.jpg')}b.jpg_1,\n", "a.jpg", "b.jpg", "c.jpg")
    found = read_severstal(labels, pictures)
    known = [{name for name, label in picture.labels.items() if label == CLEAN} for picture in found.pictures]
    assert [len(each) for each in known] == [4, 1, 0]
    assert found.oddities == (f"{labels}: lacks rows of 2 pictures, so nothing is known there: b.jpg, c.jpg",)


@pytest.mark.parametrize("name", ["./a.jpg", "A.jpg", "a.txt"])
def test_a_row_of_what_is_no_picture_of_the_folder_is_refused_and_not_lost(tmp_path: Path, name: str) -> None:
    labels, pictures = write(tmp_path, f"{PLAIN}{name},1,1 2\n", "a.jpg")
    (pictures / "a.txt").write_text("no picture")
    with pytest.raises(TrainingDataError, match=r"train\.csv:2: .* is not in .*restore it, or remove the row"):
        read_severstal(labels, pictures)


def test_the_real_rows_are_read_and_written_back_as_they_were() -> None:
    rows = list(read_rows(real_data("severstal_rle") / "train_balanced_head.csv"))
    assert Counter(row.defect for row in rows) == dict.fromkeys(("class_1", "class_2", "class_3", "class_4"), 15)
    for row in rows:
        mask = decode_runs(row.runs, HEIGHT_PX, WIDTH_PX)
        assert mask.sum() == sum(map(int, row.runs.split()[1::2]))
        assert encode_runs(mask) == row.runs


def test_of_the_real_rows_in_the_other_layout_most_are_empty() -> None:
    rows = list(read_rows(real_data("severstal_rle") / "pseudo_head.csv"))
    assert len(rows) == 160
    assert sum(bool(row.runs) for row in rows) == 13


@pytest.mark.parametrize("head", [PLAIN, JOINED])
def test_a_file_with_its_head_alone_is_refused_and_makes_nothing_clean(tmp_path: Path, head: str) -> None:
    with pytest.raises(TrainingDataError, match=r"train\.csv: holds no row; restore the file"):
        read_severstal(*write(tmp_path, head, "a.jpg"))
