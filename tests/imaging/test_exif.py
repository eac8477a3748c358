"""How a JPEG is to be turned is read as a decoder that turns it reads it, and damage is no reason to fail."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.imaging.exif import orientation_of


def jpeg(orientation: int | None, order: str = "<") -> bytes:
    """A picture of 24 x 16 px, red in its stored upper left corner."""
    picture = np.zeros((16, 24, 3), np.uint8)
    picture[:8, :8] = (0, 0, 255)
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    if orientation is None:
        return encoded
    tiff = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    entries = ((0x010F, 2, 4, b"abc\0"), (0x0112, 3, 1, struct.pack(f"{order}HH", orientation, 0)))
    tiff += struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in entries:
        tiff += struct.pack(f"{order}HHI", tag, kind, count) + value
    content = b"Exif\0\0" + tiff + struct.pack(f"{order}I", 0)
    return encoded[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + encoded[2:]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_what_opencv_turns_by(orientation: int, order: str) -> None:
    encoded = jpeg(orientation, order)
    assert orientation_of(encoded) == orientation
    flags = (cv2.IMREAD_COLOR, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    shown, stored = (cv2.imdecode(np.frombuffer(encoded, np.uint8), flag) for flag in flags)
    assert (orientation == 1) == np.array_equal(shown, stored)


@pytest.mark.parametrize("encoded", [jpeg(None), jpeg(0), jpeg(9), b"", b"\xff\xd8", jpeg(6)[:30], b"\x89PNG\r\n\x1a\n"])
def test_where_nothing_valid_is_said_it_is_upright(encoded: bytes) -> None:
    assert orientation_of(encoded) == 1


@given(st.integers(0, 120), st.integers(0, 255))
def test_a_damaged_byte_never_fails(at: int, value: int) -> None:
    encoded = bytearray(jpeg(6))
    encoded[at] = value
    assert 1 <= orientation_of(bytes(encoded)) <= 8
