from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.decode import decode_jpeg

RGB = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (64, 96, 3), dtype=np.uint8), (0, 0), 3)


def encode(rgb: np.ndarray, ending: str = ".jpg") -> bytes:
    return cv2.imencode(ending, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()


JPEG = encode(RGB)
PNG = encode(RGB, ".png")


def test_a_png_comes_out_as_the_same_rgb_pixels() -> None:
    pixels = decode_jpeg(PNG)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, RGB)


def test_a_jpeg_comes_out_in_rgb_order() -> None:
    orange = np.full((32, 32, 3), (250, 120, 10), np.uint8)
    assert np.abs(decode_jpeg(encode(orange)).astype(int) - orange).max() <= 6


def test_zeros_after_a_jpeg_are_allowed() -> None:
    assert np.array_equal(decode_jpeg(JPEG + bytes(500)), decode_jpeg(JPEG))


@pytest.mark.parametrize("encoded", [JPEG, PNG], ids=["jpeg", "png"])
@given(share=st.floats(0.0, 0.999))
@settings(max_examples=40)
def test_a_picture_cut_off_anywhere_is_damaged(encoded: bytes, share: float) -> None:
    with pytest.raises(PictureDamagedError):
        decode_jpeg(encoded[: int(share * len(encoded))])


def test_a_jpeg_cut_off_and_padded_with_zeros_is_damaged() -> None:
    with pytest.raises(PictureDamagedError, match="no end marker: it is cut off"):
        decode_jpeg(JPEG[: len(JPEG) // 2] + bytes(2000))


def test_a_jpeg_with_lost_rows_and_an_end_marker_is_damaged() -> None:
    with pytest.raises(PictureDamagedError, match="lowest 3 rows are flat"):
        decode_jpeg(JPEG[: len(JPEG) // 2] + b"\xff\xd9")


def test_a_flat_bottom_is_allowed_in_a_picture_that_no_camera_took() -> None:
    drawn = RGB.copy()
    drawn[-32:] = 255
    assert decode_jpeg(encode(drawn), from_camera=False).shape == drawn.shape
    with pytest.raises(PictureDamagedError):
        decode_jpeg(encode(drawn))


def test_a_wholly_black_picture_is_no_damage() -> None:
    assert not decode_jpeg(encode(np.zeros((64, 96, 3), np.uint8))).any()


@pytest.mark.parametrize("encoded", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"GIF89a", bytes(1000), b"\xff\xd9"])
def test_what_is_no_picture_is_damaged(encoded: bytes) -> None:
    with pytest.raises(PictureDamagedError):
        decode_jpeg(encoded)


@given(st.binary(max_size=200))
def test_any_bytes_between_the_markers_are_a_picture_or_damaged(middle: bytes) -> None:
    with pytest.raises(PictureDamagedError):
        decode_jpeg(b"\xff\xd8" + middle + b"\xff\xd9")


def test_a_picture_of_another_size_is_damaged_and_both_sizes_are_said() -> None:
    with pytest.raises(PictureDamagedError, match="is 96 x 64 pixels, expected 1248 x 256"):
        decode_jpeg(JPEG, size_px=(1248, 256))


def test_a_grey_jpeg_becomes_rgb() -> None:
    assert decode_jpeg(cv2.imencode(".jpg", RGB[..., 0])[1].tobytes()).shape == (64, 96, 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_of_sixteen_bit_is_refused_and_not_cut_to_its_upper_eight(channels: int) -> None:
    twelve_bit = np.full((4, 5, channels), 2000, np.uint16)
    with pytest.raises(
        PictureDamagedError, match="16 bit a channel, allowed are 8: scale it, all pictures by the same factor"
    ):
        decode_jpeg(encode(twelve_bit, ".png"))
