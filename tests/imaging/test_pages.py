"""Pictures of several bands are TIFF files with a page a band; what is none is refused in words."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.pages import as_rgb, decode_pages, write_pages


def noise(bands: int, height: int = 9, width: int = 14) -> NDArray[np.uint8]:
    return np.random.default_rng(bands).integers(0, 256, (height, width, bands), dtype=np.uint8)


@pytest.mark.parametrize("bands", [2, 3, 4, 7])
def test_every_band_comes_back_as_it_was_written(tmp_path: Path, bands: int) -> None:
    write_pages(tmp_path / "p.tif", noise(bands))
    assert np.array_equal(decode_pages((tmp_path / "p.tif").read_bytes()), noise(bands))


def test_a_tiff_of_one_page_is_an_ordinary_picture(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "p.tif"), noise(3)[..., ::-1])
    assert np.array_equal(decode_pages((tmp_path / "p.tif").read_bytes()), noise(3))


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (np.zeros((9, 14), np.uint16), "page 2 of 2 is 14 x 9 px, 1 channels of 16 bit"),
        (np.zeros((9, 15), np.uint8), "page 2 of 2 is 15 x 9 px, 1 channels of 8 bit"),
        (np.zeros((9, 14, 3), np.uint8), "page 2 of 2 is 14 x 9 px, 3 channels of 8 bit"),
    ],
)
def test_a_page_of_another_kind_is_named(tmp_path: Path, second: NDArray[np.generic], said: str) -> None:
    assert cv2.imwritemulti(str(tmp_path / "p.tif"), [np.zeros((9, 14), np.uint8), second])
    with pytest.raises(PictureDamagedError, match=f"{said}; a picture of bands has one grey page of 8 bit a band"):
        decode_pages((tmp_path / "p.tif").read_bytes())


def test_a_tiff_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    write_pages(tmp_path / "p.tif", noise(4))
    with pytest.raises(PictureDamagedError, match="can not be decoded"):
        decode_pages((tmp_path / "p.tif").read_bytes()[:100])


def test_a_file_that_can_not_be_written_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nowhere.p\.tif could not be written"):
        write_pages(tmp_path / "nowhere" / "p.tif", noise(4))


def test_people_see_the_mean_of_the_bands_and_colours_as_they_are() -> None:
    assert np.array_equal(as_rgb(noise(3)), noise(3))
    shown = as_rgb(noise(5))
    assert shown.shape == (9, 14, 3)
    assert np.array_equal(shown[..., 0], np.rint(noise(5).mean(2)))
    assert np.array_equal(shown[..., 0], shown[..., 2])
