"""Pictures of other bands than red, green and blue: a TIFF file with one 8 bit grey page a band, all of one size."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.decode import Pixels

TIFF_STARTS = (b"II*\x00", b"MM\x00*")
BIG_TIFF_STARTS = (b"II+\x00", b"MM\x00+")
MOST_PAGES = 1000  # more are a chain that goes round


def page_count(encoded: bytes) -> int:
    """How many pages a TIFF says that it has, by the chain of its directories (TIFF 6.0, section 2); 0 of any other file.

    Raises PictureDamagedError if the chain leaves the file, or is a BigTIFF's, which OpenCV does not read page by page.
    """
    if encoded.startswith(BIG_TIFF_STARTS):
        raise PictureDamagedError("is a BigTIFF; write it as an ordinary TIFF, which holds up to 4 GB")
    if not encoded.startswith(TIFF_STARTS):
        return 0
    order = "<" if encoded.startswith(b"II") else ">"
    count = 0
    try:
        (directory,) = struct.unpack_from(f"{order}I", encoded, 4)
        while directory:
            (entries,) = struct.unpack_from(f"{order}H", encoded, directory)
            (directory,) = struct.unpack_from(f"{order}I", encoded, directory + 2 + 12 * entries)
            count += 1
            if count > MOST_PAGES:
                raise PictureDamagedError(f"has more than {MOST_PAGES} pages, or they follow each other in a ring")
    except struct.error as error:
        raise PictureDamagedError(
            f"is cut off after page {count}: the TIFF goes on beyond its {len(encoded)} bytes"
        ) from error
    return count


def decode_pages(encoded: bytes) -> Pixels:
    """Decode a TIFF of several pages to uint8 (height, width, pages).

    Raises PictureDamagedError: cut off, not decodable, or pages that are not of 8 bit, of one channel and of one size.
    Values that changed within a page's data can not be seen here.
    """
    count = page_count(encoded)
    pages = _decoded(encoded)
    if len(pages) != count or count < 2:
        raise PictureDamagedError(f"{len(pages)} of {count} pages can be decoded, expected two or more, and all of them")
    for number, page in enumerate(pages, 1):
        if page.ndim != 2 or page.dtype != np.uint8 or page.shape != pages[0].shape:
            raise PictureDamagedError(
                f"page {number} of {count} is {_kind(page)}; a picture of bands has one grey page of 8 bit a band, all of "
                "one size: scale other values to 8 bit, all pictures by the same factor"
            )
    return np.stack(pages, axis=2)


def decode_single_page(encoded: bytes) -> Pixels:
    """Decode a TIFF of one page to uint8 (height, width, 3), RGB.

    Raises PictureDamagedError: not decodable, neither grey nor of three channels, or not of 8 bit.
    """
    pages = _decoded(encoded)
    if not pages:
        raise PictureDamagedError(f"{len(encoded)} bytes can not be decoded")
    page = pages[0]
    if page.dtype != np.uint8 or (page.ndim == 3 and page.shape[2] != 3):
        raise PictureDamagedError(
            f"its page is {_kind(page)}, allowed are grey and three colours of 8 bit: scale other values to 8 bit, all "
            "pictures by the same factor, and write other bands as a grey page each"
        )
    rgb = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    if rgb is None:
        raise PictureDamagedError(f"{len(encoded)} bytes can not be decoded")
    return np.asarray(rgb, np.uint8)


def write_pages(path: Path, picture: Pixels) -> None:
    """Write uint8 (height, width, bands) as a TIFF, a page a band. Raises OSError if it can not be written."""
    pages = [np.ascontiguousarray(picture[..., band]) for band in range(picture.shape[2])]
    is_encoded, encoded = cv2.imencodemulti(".tiff", pages)
    assert is_encoded  # of uint8
    path.write_bytes(encoded.tobytes())


def as_rgb(picture: Pixels) -> Pixels:
    """For people to look at, uint8 (height, width, 3): three channels as they are, else the mean of the bands as grey."""
    if picture.shape[2] == 3:
        return picture
    grey = np.rint(picture.mean(2)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _decoded(encoded: bytes) -> list[np.ndarray]:
    try:
        is_decoded, pages = cv2.imdecodemulti(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PictureDamagedError(f"{len(encoded)} bytes can not be decoded: {error.err}") from error
    return [np.asarray(page) for page in pages] if is_decoded else []


def _kind(page: np.ndarray) -> str:
    channels = 1 if page.ndim == 2 else page.shape[2]
    number = "whole numbers" if np.issubdtype(page.dtype, np.integer) else "fractions"
    return f"{page.shape[1]} x {page.shape[0]} px, {channels} channels, {number} of {8 * page.itemsize} bit"
