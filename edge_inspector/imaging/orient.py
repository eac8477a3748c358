"""A camera's frame the right way up, so that parts travel towards higher x."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from edge_inspector.imaging.decode import Pixels

Turn = Literal[0, 90, 180, 270]

_ROTATE = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_LEFT_TO_RIGHT = 1  # OpenCV's code for a flip around the upright axis


def orient(picture: Pixels, rotate_deg: Turn, mirror: bool) -> Pixels:
    """Return a fresh contiguous copy, turned clockwise by `rotate_deg`, then flipped left to right where `mirror` is true.

    uint8 (height, width, 3); a turn by 90° or 270° exchanges height and width. No pixel's value changes.
    """
    turned = picture if rotate_deg == 0 else cv2.rotate(picture, _ROTATE[rotate_deg])
    if mirror:
        turned = cv2.flip(turned, _LEFT_TO_RIGHT)
    return picture.copy() if turned is picture else np.asarray(turned, np.uint8)
