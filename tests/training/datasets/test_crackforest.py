"""CrackForest in both layouts: a look-alike, the real pictures where they are at hand, and what is odd or refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.crackforest import read_crackforest
from edge_inspector.training.datasets.index_file import read_rows
from edge_inspector.training.datasets.labelled_picture import MaskFile, Runs, read_mask
from tests.training.datasets.lookalikes import assert_same, write_crackforest, write_grey, write_segmentation
from tests.training.real_data import real_data

HEADER = "path,mask,label4_pixels,pair_ok"


def write_index(folder: Path, *rows: str) -> Path:
    mask = np.zeros((9, 9), np.uint8)
    mask[4] = 255
    for name in ("001", "042"):
        write_grey(folder / "images" / f"{name}.jpg", mask)
        write_grey(folder / "masks" / f"{name}.png", mask)
    (folder / "index.csv").write_text("\n".join([HEADER, *rows, ""]))
    return folder


def test_a_look_alike_is_read_as_it_was_drawn_and_only_label_two_is_crack(tmp_path: Path) -> None:
    truth = write_crackforest(tmp_path)
    found = read_crackforest(tmp_path)
    assert_same(found, truth)
    assert found.oddities == (f"{tmp_path / 'image'}: nothing is known of 1 pictures without ground truth",)
    assert {each.part for each in found.pictures} == {"001", "002", "003", "004"}


def test_a_ground_truth_without_a_picture_is_told(tmp_path: Path) -> None:
    write_crackforest(tmp_path)
    (tmp_path / "image" / "002.jpg").unlink()
    assert f"{tmp_path / 'groundTruth' / '002.mat'}: has no picture and is left out" in read_crackforest(tmp_path).oddities


def test_the_picture_with_the_ground_truth_of_another_is_left_out_and_told(tmp_path: Path) -> None:
    write_crackforest(tmp_path)
    (tmp_path / "image" / "002.jpg").rename(tmp_path / "image" / "042.jpg")
    truth = (tmp_path / "groundTruth" / "002.mat").rename(tmp_path / "groundTruth" / "042.mat")
    found = read_crackforest(tmp_path)
    assert {each.part for each in found.pictures} == {"001", "003", "004"}
    assert f"{truth}: is the ground truth of another picture; both are left out" in found.oddities


def test_a_ground_truth_of_another_size_than_its_picture_is_refused_when_it_is_read(tmp_path: Path) -> None:
    write_crackforest(tmp_path)
    label = read_crackforest(tmp_path).pictures[0].labels["crack"]
    assert isinstance(label, Runs)
    with pytest.raises(TrainingDataError, match=r"001\.mat: was labelled at 48 x 32 px, but its picture is 32 x 48 px"):
        read_mask(label, 48, 32)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.full((4, 4), 5, np.uint8), "holds label 5, allowed are 1 to 4"),
        (np.ones((4, 4), np.float64), "its Segmentation is no picture of whole numbers"),
        (np.ones((4, 4, 3), np.uint8), "its Segmentation is no picture of whole numbers"),
    ],
)
def test_labels_that_can_not_be_meant_are_refused(tmp_path: Path, labels: np.ndarray, said: str) -> None:
    write_crackforest(tmp_path)
    write_segmentation(tmp_path / "groundTruth" / "003.mat", labels)
    with pytest.raises(TrainingDataError, match=rf"003\.mat: {said}"):
        read_crackforest(tmp_path)


def test_a_mat_file_that_is_cut_off_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_crackforest(tmp_path)
    path = tmp_path / "groundTruth" / "003.mat"
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(TrainingDataError, match=r"003\.mat: holds no groundTruth\.Segmentation that can be read"):
            read_crackforest(tmp_path)
    savemat(path, {"groundTruth": np.ones((4, 4))})
    with pytest.raises(TrainingDataError, match=r"003\.mat: holds no groundTruth\.Segmentation that can be read"):
        read_crackforest(tmp_path)


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=rf"{tmp_path}: holds neither index\.csv nor image/NNN\.jpg"):
        read_crackforest(tmp_path)


def test_with_an_index_a_wrong_pair_is_left_out_and_label_four_is_told(tmp_path: Path) -> None:
    rows = ("images/001.jpg,masks/001.png,7,1", "images/042.jpg,masks/042.png,0,0")
    found = read_crackforest(write_index(tmp_path, *rows))
    (picture,) = found.pictures
    label = picture.labels["crack"]
    assert isinstance(label, MaskFile)
    assert read_mask(label, 9, 9).sum() == 9
    assert found.oddities == (
        f"{tmp_path / 'masks' / '001.png'}: counts 7 px of label 4 as crack, which read from a .mat file are none",
        f"{tmp_path / 'masks' / '042.png'}: is the mask of another picture; both are left out",
    )


def test_a_row_that_can_not_be_meant_is_said_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"index\.csv:2: pair_ok is '2', allowed are 0 and 1"):
        read_crackforest(write_index(tmp_path, "images/001.jpg,masks/001.png,0,2"))


def test_the_real_set_has_the_areas_of_its_index_and_lacks_one_wrong_pair() -> None:
    folder = real_data("crackforest")
    found = read_crackforest(folder)
    rows = {folder / row.texts["path"]: row.count("mask_pixels") for row in read_rows(folder, ["path", "mask_pixels"])}
    assert (len(rows), len(found.pictures)) == (100, 99)
    assert {path.stem for path in rows} - {each.part for each in found.pictures} == {"042"}
    assert len(found.oddities) == 1 + 5
    areas = []
    for each in found.pictures:
        label = each.labels["crack"]
        assert isinstance(label, MaskFile)
        areas.append(read_mask(label, *cv2.imread(str(each.picture)).shape[:2]).sum())
        assert areas[-1] == rows[each.picture]
    assert (min(areas), max(areas)) == (540, 9724)


def test_real_mat_files_have_the_label_two_of_the_index(tmp_path: Path) -> None:
    folder = real_data("crackforest")
    (tmp_path / "image").symlink_to(folder / "images")
    (tmp_path / "groundTruth").symlink_to(folder / "groundTruth")
    found = read_crackforest(tmp_path)
    rows = {Path(row.texts["path"]).stem: row.count("label2_pixels") for row in read_rows(folder, ["path", "label2_pixels"])}
    areas = {}
    for each in found.pictures:
        label = each.labels["crack"]
        if isinstance(label, Runs):
            areas[each.part] = read_mask(label, 320, 480).sum()
    assert areas == {part: rows[part] for part in ("001", "084", "102")}
    assert [text.rpartition("/")[2] for text in found.oddities] == [
        "040.mat: has no picture and is left out",
        "118.mat: has no picture and is left out",
        "image: nothing is known of 97 pictures without ground truth",
    ]
