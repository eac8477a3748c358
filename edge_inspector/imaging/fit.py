"""What was cut out of a frame, brought to the size of the recipe's view."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.decode import Pixels

Fit = Literal["exact", "pad", "resize"]
MOST_CHANNELS = 4  # that OpenCV scales at once


def fit(picture: Pixels, how: Fit, width_px: int, height_px: int) -> Pixels:
    """Return a fresh contiguous array, uint8 (height_px, width_px), or with as many channels as the picture has.

    `exact`: the picture has that size. `pad`: it is no larger, keeps its place at the upper left, and is mirrored beyond
    its right and lower edge without repeating the edge itself; where the padding is as large as the picture or larger,
    its last column or row is repeated instead (science.md §2). `resize`: it is scaled, each side by its own factor, by
    the mean of the pixels covered where it becomes smaller and linearly where it becomes larger.

    Raises:
        PictureDamagedError: it has not that size (`exact`), or is larger (`pad`).
    """
    height, width = picture.shape[:2]
    if how == "resize":
        return _resize(picture, width_px, height_px)
    if how == "exact" and (width, height) != (width_px, height_px):
        raise PictureDamagedError(
            f"what is cut out of the frame is {width} x {height} pixels, but the recipe's view is {width_px} x {height_px}; "
            "correct the station's roi or the camera's mode, or let fit pad or resize it"
        )
    if width > width_px or height > height_px:
        raise PictureDamagedError(
            f"what is cut out of the frame is {width} x {height} pixels, more than the recipe's view, {width_px} x "
            f"{height_px}, and fit pad only adds: cut a smaller roi, or set fit to resize"
        )
    return _pad(picture, width_px - width, height_px - height)


def _pad(picture: Pixels, right_px: int, below_px: int) -> Pixels:
    height, width = picture.shape[:2]
    padded = cv2.copyMakeBorder(picture, 0, below_px, 0, 0, _border(below_px, height))  # a copy also where nothing is added
    if right_px:
        padded = cv2.copyMakeBorder(padded, 0, 0, 0, right_px, _border(right_px, width))
    return np.asarray(padded, np.uint8)


def _border(added_px: int, size_px: int) -> int:
    return int(cv2.BORDER_REFLECT_101 if added_px < size_px else cv2.BORDER_REPLICATE)


def _resize(picture: Pixels, width_px: int, height_px: int) -> Pixels:
    """First the sides that become smaller: OpenCV's area interpolation does not mix with enlarging in one step."""
    if picture.ndim == 3 and picture.shape[2] > MOST_CHANNELS:
        bands = range(picture.shape[2])
        return np.stack([_resize(np.ascontiguousarray(picture[..., band]), width_px, height_px) for band in bands], axis=2)
    height, width = picture.shape[:2]
    smaller = (min(width, width_px), min(height, height_px))
    scaled = picture.copy() if smaller == (width, height) else cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA)
    if smaller != (width_px, height_px):
        scaled = cv2.resize(scaled, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
    return np.asarray(scaled, np.uint8)
