"""Pictures are measured for a first recipe: size and grey levels of a sample."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import PictureDamagedError, RecordingError
from edge_inspector.imaging.measure import SAMPLE, measure_pictures


def write_picture(path: Path, level: int, step: int = 0, size_px: tuple[int, int] = (64, 32)) -> Path:
    """A grey picture of size (width, height) whose right half is brighter by `step`."""
    width, height = size_px
    picture = np.full((height, width, 3), level, np.uint8)
    picture[:, width // 2 :] += np.uint8(step)
    assert cv2.imwrite(str(path), picture)
    return path


def test_size_mean_and_deviation_are_measured(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / "1.png", 100, 20), write_picture(tmp_path / "2.png", 140, 8)]

    measured = measure_pictures(paths)

    assert (measured.width_px, measured.height_px) == (64, 32)
    assert (measured.least_mean, measured.most_mean) == pytest.approx((110, 144))
    assert measured.least_deviation == pytest.approx(4)


def test_pictures_of_two_sizes_are_refused_with_both_sizes(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / "1.png", 100), write_picture(tmp_path / "2.png", 100, size_px=(64, 48))]

    with pytest.raises(RecordingError, match=r"2\.png: is 64 × 48 px .*1\.png is 64 × 32"):
        measure_pictures(paths)


def test_pictures_that_may_differ_have_the_size_of_the_largest_each_way(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / f"{k}.png", 100, size_px=size) for k, size in enumerate([(64, 32), (40, 48)])]
    measured = measure_pictures(paths, may_differ=True)
    assert (measured.width_px, measured.height_px) == (64, 48)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "1.png", 100)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(PictureDamagedError, match=r"1\.png: PNG of \d+ bytes has no end"):
        measure_pictures([path])


def test_of_many_pictures_a_sample_is_opened_the_last_one_too(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "good.png", 100)
    paths = [picture] * (10 * SAMPLE) + [write_picture(tmp_path / "last.png", 180)]
    paths[1] = tmp_path / "never opened.png"

    assert measure_pictures(paths).most_mean == pytest.approx(180)


def test_no_pictures_are_refused() -> None:
    with pytest.raises(RecordingError, match="no picture"):
        measure_pictures([])
