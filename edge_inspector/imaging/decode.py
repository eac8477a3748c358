"""One encoded picture to pixels, with every check that a damaged one fails (science.md §8.5)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import PictureDamagedError

Pixels = NDArray[np.uint8]

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_END = b"IEND\xaeB`\x82"
PNG_DEPTH_AT = 24  # behind its start and the width and height of its first chunk
JPEG_START = b"\xff\xd8"
JPEG_END = b"\xff\xd9"
BOTTOM_SHARE = 0.05


def decode_jpeg(encoded: bytes, *, size_px: tuple[int, int] | None = None, from_camera: bool = True) -> Pixels:
    """Decode a JPEG or PNG (its first bytes decide) to uint8 (height, width, 3), RGB.

    Args:
        encoded: the file's bytes; a JPEG may be followed by zeros, as USB cameras pad their buffers.
        size_px: (width, height) that the picture must have.
        from_camera: also refuse a JPEG whose lowest 5 % of rows are one flat colour below a picture that is not: what a
            decoder fills in for lost data. A drawn picture may look so by right.

    Raises:
        PictureDamagedError: not a picture, cut off, of 16 bit, not decodable, of another size, or filled in at the bottom. A
            flipped bit inside the data of a JPEG of right length can not be seen here.
    """
    is_jpeg = encoded.startswith(JPEG_START)
    if is_jpeg:
        _check_jpeg_end(encoded)
    elif encoded.startswith(PNG_START):
        if not encoded.endswith(PNG_END):
            raise PictureDamagedError(f"PNG of {len(encoded)} bytes has no end: it is cut off")
        if encoded[PNG_DEPTH_AT : PNG_DEPTH_AT + 1] == b"\x10":
            raise PictureDamagedError("PNG of 16 bit a channel, allowed are 8: scale it, all pictures by the same factor")
    else:
        raise PictureDamagedError(f"{len(encoded)} bytes that start {encoded[:4].hex(' ') or 'nowhere'} are no JPEG or PNG")
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise PictureDamagedError(f"{len(encoded)} bytes can not be decoded: {error.err}") from error
    if pixels is None:
        raise PictureDamagedError(f"{len(encoded)} bytes can not be decoded")
    height, width = pixels.shape[:2]
    if size_px is not None and (width, height) != size_px:
        raise PictureDamagedError(f"the picture is {width} x {height} pixels, expected {size_px[0]} x {size_px[1]}")
    if is_jpeg and from_camera:
        _check_bottom(pixels)
    return np.asarray(pixels, np.uint8)


def _check_jpeg_end(jpeg: bytes) -> None:
    end = len(jpeg) if jpeg.endswith(JPEG_END) else len(jpeg.rstrip(b"\x00"))
    if end <= len(JPEG_START) or not jpeg.endswith(JPEG_END, 0, end):
        raise PictureDamagedError(f"JPEG of {len(jpeg)} bytes has no end marker: it is cut off")


def _check_bottom(pixels: Pixels) -> None:
    rows = max(1, round(BOTTOM_SHARE * pixels.shape[0]))
    bottom = pixels[-rows:]
    if (bottom == bottom[0, 0]).all() and not (pixels == bottom[0, 0]).all():
        raise PictureDamagedError(f"the lowest {rows} rows are flat: data was lost before the picture's end")
