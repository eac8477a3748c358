"""The view's part of a frame, as an array of its own."""

from __future__ import annotations

from edge_inspector.domain.errors import PictureDamagedError
from edge_inspector.imaging.decode import Pixels


def crop(picture: Pixels, x_px: int, y_px: int, width_px: int, height_px: int) -> Pixels:
    """Return a fresh contiguous copy of a rectangle: uint8 (height_px, width_px, 3).

    Fresh, because the pixels are sent without a further copy and nobody may write to them again.

    Raises:
        PictureDamagedError: the rectangle reaches beyond the picture.
    """
    height, width = picture.shape[:2]
    if x_px + width_px > width or y_px + height_px > height:
        raise PictureDamagedError(
            f"the picture is {width} x {height} pixels, but the view needs {x_px + width_px} x {y_px + height_px}; "
            "check the camera's mode and the station's roi"
        )
    return picture[y_px : y_px + height_px, x_px : x_px + width_px].copy()
