"""Pictures of several bands are TIFF files with a page a band; what is none is refused in words."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.pages import as_rgb, decode_pages, decode_single_page, page_count, write_pages


def noise(bands: int, height: int = 9, width: int = 14) -> NDArray[np.uint8]:
    return np.random.default_rng(bands).integers(0, 256, (height, width, bands), dtype=np.uint8)


@pytest.mark.parametrize("bands", [2, 3, 4, 7])
def test_every_band_comes_back_as_it_was_written(tmp_path: Path, bands: int) -> None:
    write_pages(tmp_path / "p.tif", noise(bands))
    assert np.array_equal(decode_pages((tmp_path / "p.tif").read_bytes()), noise(bands))


@pytest.mark.parametrize("kept_share", [0.05, 0.3, 0.55, 0.8, 0.9, 0.99])
def test_a_file_that_is_cut_off_anywhere_is_refused_and_never_fewer_bands(tmp_path: Path, kept_share: float) -> None:
    write_pages(tmp_path / "p.tif", noise(4, 40, 50))
    encoded = (tmp_path / "p.tif").read_bytes()
    with pytest.raises(PictureDamagedError, match=r"cut off after page|can be decoded"):
        decode_pages(encoded[: int(kept_share * len(encoded))])


def test_pages_are_counted_by_the_files_own_word(tmp_path: Path) -> None:
    write_pages(tmp_path / "p.tif", noise(3))
    assert page_count((tmp_path / "p.tif").read_bytes()) == 3
    assert page_count(b"\xff\xd8 a JPEG") == 0
    with pytest.raises(PictureDamagedError, match="is a BigTIFF; write it as an ordinary TIFF"):
        page_count(b"II+\x00\x08\x00")


def test_directories_that_follow_each_other_in_a_ring_are_refused() -> None:
    directory = struct.pack("<HI", 0, 8)  # no entries, and itself is the next
    with pytest.raises(PictureDamagedError, match="in a ring"):
        page_count(b"II*\x00" + struct.pack("<I", 8) + directory)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_tiff_of_one_page_is_an_ordinary_picture(tmp_path: Path, channels: int) -> None:
    assert cv2.imwrite(str(tmp_path / "p.tif"), noise(3)[..., ::-1] if channels == 3 else noise(3)[..., 0])
    shown = decode_single_page((tmp_path / "p.tif").read_bytes())
    expected = noise(3) if channels == 3 else np.repeat(noise(3)[..., :1], 3, axis=2)
    assert shown.dtype == np.uint8
    assert np.array_equal(shown, expected)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (np.zeros((9, 14), np.float32), "14 x 9 px, 1 channels, fractions of 32 bit"),
        (np.zeros((9, 14), np.int32), "14 x 9 px, 1 channels, whole numbers of 32 bit"),
        (np.full((9, 14, 3), 2000, np.uint16), "14 x 9 px, 3 channels, whole numbers of 16 bit"),
        (np.zeros((9, 14, 4), np.uint8), "14 x 9 px, 4 channels, whole numbers of 8 bit"),
    ],
)
def test_a_page_that_is_no_picture_for_people_is_refused_in_words(
    tmp_path: Path, page: NDArray[np.generic], said: str
) -> None:
    assert cv2.imwrite(str(tmp_path / "p.tif"), page)
    with pytest.raises(PictureDamagedError, match=f"its page is {said}, allowed are grey and three colours"):
        decode_single_page((tmp_path / "p.tif").read_bytes())


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (np.zeros((9, 14), np.uint16), "page 2 of 2 is 14 x 9 px, 1 channels, whole numbers of 16 bit"),
        (np.zeros((9, 15), np.uint8), "page 2 of 2 is 15 x 9 px, 1 channels"),
        (np.zeros((9, 14, 3), np.uint8), "page 2 of 2 is 14 x 9 px, 3 channels"),
    ],
)
def test_a_page_of_another_kind_is_named(tmp_path: Path, second: NDArray[np.generic], said: str) -> None:
    assert cv2.imwritemulti(str(tmp_path / "p.tif"), [np.zeros((9, 14), np.uint8), second])
    remedy = "a picture of bands has one grey page of 8 bit a band, all of one size: scale other values to 8 bit"
    with pytest.raises(PictureDamagedError, match=f"{said}.*; {remedy}, all pictures by the same factor"):
        decode_pages((tmp_path / "p.tif").read_bytes())


def test_a_file_that_can_not_be_written_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No such file or directory: .*nowhere.p\.tif"):
        write_pages(tmp_path / "nowhere" / "p.tif", noise(4))


def test_people_see_the_mean_of_the_bands_and_colours_as_they_are() -> None:
    assert np.array_equal(as_rgb(noise(3)), noise(3))
    shown = as_rgb(noise(5))
    assert shown.shape == (9, 14, 3)
    assert np.array_equal(shown[..., 0], np.rint(noise(5).mean(2)))
    assert np.array_equal(shown[..., 0], shown[..., 2])
