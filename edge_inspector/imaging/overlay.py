"""Coloured masks over a picture: what each engine marked, for people. Nothing is decided from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.imaging.decode import Pixels

Colour = tuple[int, int, int]  # RGB, 0..255

COLOURS: dict[str, Colour] = {
    "red": (255, 48, 48),
    "orange": (255, 150, 0),
    "yellow": (255, 235, 40),
    "green": (60, 230, 80),
    "cyan": (0, 230, 255),
    "blue": (80, 140, 255),
    "magenta": (255, 70, 255),
    "white": (255, 255, 255),
}
FILL_SHARE = 0.4  # of the colour inside a mask: the surface stays visible
_RING = np.ones((3, 3), np.uint8)


class MaskRegion(Protocol):
    """A box of a view with its probabilities: uint8 (height_px, width_px), 0 = not of this region."""

    @property
    def x_px(self) -> int:
        """Left edge of the box in the view."""

    @property
    def y_px(self) -> int:
        """Upper edge of the box in the view."""

    @property
    def width_px(self) -> int:
        """Width of the box."""

    @property
    def height_px(self) -> int:
        """Height of the box."""

    @property
    def probability(self) -> bytes:
        """The box's pixels, row by row."""


def colour_of(name: str) -> Colour:
    """Return the colour that a manifest names; one that nobody knows is red, so that a mark is never lost.

    >>> colour_of("cyan")
    (0, 230, 255)
    """
    return COLOURS.get(name.lower(), COLOURS["red"])


def draw_regions(
    picture: Pixels, regions: Iterable[tuple[MaskRegion, Colour]], origin_px: tuple[int, int] = (0, 0)
) -> Pixels:
    """Return a copy of `picture` with every region filled translucently and outlined from outside.

    The outline lies beside the mask, bright within black, so that thin cracks on a dark strip stay visible below it.

    Args:
        picture: uint8 (height, width, 3), RGB.
        regions: each with its colour; what reaches beyond the picture is cut, a region whose probabilities do not fit its
            box is drawn as the box.
        origin_px: (x, y) of the view in the picture.
    """
    drawn = picture.copy()
    for region, colour in regions:
        mask = _mask(region, picture.shape[:2], origin_px)
        inner = cv2.dilate(mask, _RING).astype(bool)
        outer = cv2.dilate(mask, _RING, iterations=2).astype(bool)
        inside = mask.astype(bool)
        fill = (1 - FILL_SHARE) * drawn[inside].astype(np.float32) + FILL_SHARE * np.array(colour, np.float32)
        drawn[inside] = np.clip(np.rint(fill), 0, 255).astype(np.uint8)
        drawn[outer & ~inner] = 0
        drawn[inner & ~inside] = colour
    return drawn


def encode_jpeg(picture: Pixels, quality: int = 92) -> bytes:
    """Return a JPEG of a picture: uint8 (height, width, 3), RGB."""
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"no JPEG can be made of an array of shape {picture.shape}")
    return bytes(encoded)


def _mask(region: MaskRegion, size: tuple[int, int], origin_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Return uint8 (height, width) of the whole picture, 1 inside the region."""
    mask = np.zeros(size, np.uint8)
    if len(region.probability) == region.height_px * region.width_px:
        box = np.frombuffer(region.probability, np.uint8).reshape(region.height_px, region.width_px) > 0
    else:
        box = np.ones((region.height_px, region.width_px), bool)
    x, y = region.x_px + origin_px[0], region.y_px + origin_px[1]
    place = mask[y : y + region.height_px, x : x + region.width_px]
    place[:] = box[: place.shape[0], : place.shape[1]]
    return mask
