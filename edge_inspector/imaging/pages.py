"""Pictures of other bands than red, green and blue: a TIFF file with one 8 bit grey page a band, all of one size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.decode import Pixels

TIFF_STARTS = (b"II*\x00", b"MM\x00*")


def decode_pages(encoded: bytes) -> Pixels:
    """Decode a TIFF of several pages to uint8 (height, width, pages); one of a single page to (height, width, 3), RGB.

    Raises PictureDamagedError: not decodable, or pages that are not of 8 bit, of one channel and of one size.
    """
    try:
        is_whole, pages = cv2.imdecodemulti(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PictureDamagedError(f"{len(encoded)} bytes can not be decoded: {error.err}") from error
    if not is_whole or not pages:
        raise PictureDamagedError(f"{len(encoded)} bytes can not be decoded: the TIFF is damaged or cut off")
    if len(pages) == 1:
        return np.asarray(cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)
    for number, page in enumerate(pages, 1):
        if page.ndim != 2 or page.dtype != np.uint8 or page.shape != pages[0].shape:
            channels = 1 if page.ndim == 2 else page.shape[2]
            raise PictureDamagedError(
                f"page {number} of {len(pages)} is {page.shape[1]} x {page.shape[0]} px, {channels} channels of "
                f"{8 * page.itemsize} bit; a picture of bands has one grey page of 8 bit a band, all of one size"
            )
    return np.stack([np.asarray(page, np.uint8) for page in pages], axis=2)


def write_pages(path: Path, picture: Pixels) -> None:
    """Write uint8 (height, width, bands) as a TIFF, a page a band. Raises OSError if it can not be written."""
    pages = [np.ascontiguousarray(picture[..., band]) for band in range(picture.shape[2])]
    if not cv2.imwritemulti(str(path), pages):
        raise OSError(f"{path} could not be written")


def as_rgb(picture: Pixels) -> Pixels:
    """For people to look at, uint8 (height, width, 3): three channels as they are, else the mean of the bands as grey."""
    if picture.shape[2] == 3:
        return picture
    grey = np.rint(picture.mean(2)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
