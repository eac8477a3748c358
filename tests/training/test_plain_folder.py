"""A training set that can not be trained on is refused, and the file at fault is named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.plain_folder import open_plain_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for k in range(2):
        mask = np.zeros((32, 64), np.uint8)
        mask[:4, :4] = 255 * k
        cv2.imwrite(str(tmp_path / "images" / f"p1-c{k}.png"), np.full((32, 64, 3), (0, 0, 200), np.uint8))
        cv2.imwrite(str(tmp_path / "masks" / f"p1-c{k}.png"), mask)
    return tmp_path


def test_a_whole_folder_is_opened(folder: Path) -> None:
    opened = open_plain_folder(folder)
    assert opened.defective == (False, True)
    assert opened.positive_share == 16 / (2 * 32 * 64)
    assert opened.parts() == {"p1": [0, 1]}


def test_pictures_are_read_as_rgb(folder: Path) -> None:
    rgb, _ = open_plain_folder(folder).samples[0].read()
    assert tuple(rgb[0, 0]) == (200, 0, 0)


def test_the_digest_changes_with_any_file(folder: Path) -> None:
    before = open_plain_folder(folder).digest
    cv2.imwrite(str(folder / "masks" / "p1-c0.png"), np.full((32, 64), 255, np.uint8))
    assert open_plain_folder(folder).digest != before


def test_a_picture_without_a_mask_is_named(folder: Path) -> None:
    (folder / "masks" / "p1-c1.png").unlink()
    with pytest.raises(TrainingDataError, match=r"images/p1-c1\.png: has no mask .*masks/p1-c1\.png; draw it"):
        open_plain_folder(folder)


def test_a_mask_without_a_picture_is_named(folder: Path) -> None:
    (folder / "images" / "p1-c1.png").unlink()
    with pytest.raises(TrainingDataError, match=r"masks/p1-c1\.png: has no picture"):
        open_plain_folder(folder)


def test_a_mask_of_another_size_is_named(folder: Path) -> None:
    cv2.imwrite(str(folder / "masks" / "p1-c1.png"), np.zeros((32, 32), np.uint8))
    with pytest.raises(TrainingDataError, match=r"masks/p1-c1\.png: is 32 x 32 px but p1-c1\.png is 64 x 32 px"):
        open_plain_folder(folder).samples[1].read()


def test_a_damaged_picture_is_named(folder: Path) -> None:
    (folder / "images" / "p1-c1.png").write_bytes(b"no picture")
    with pytest.raises(TrainingDataError, match=r"images/p1-c1\.png: can not be decoded"):
        open_plain_folder(folder).samples[1].read()


def test_a_damaged_mask_is_named(folder: Path) -> None:
    (folder / "masks" / "p1-c1.png").write_bytes(b"no picture")
    with pytest.raises(TrainingDataError, match=r"masks/p1-c1\.png: is not a picture of 8 bit"):
        open_plain_folder(folder)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(TrainingDataError, match="images: holds no"):
        open_plain_folder(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="images: no such folder"):
        open_plain_folder(tmp_path)
