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
FILL_SHARE = 0.3  # of the colour where the probability is 1: the surface stays visible
_BESIDE = np.ones((3, 3), np.uint8)
_CONTOUR_LEVEL = 96  # of 255: a mask of one pixel, drawn smaller, is still outlined
_SHIFT = 3  # contours are drawn to an eighth of a pixel


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


def probability_map(regions: Iterable[MaskRegion], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Return one engine's probabilities over a view: uint8 (height_px, width_px), 255 = 1.0, 0 where nothing was marked.

    What reaches beyond the view is cut; a region whose probabilities do not fit its box fills the box, so that a mark is
    never lost.
    """
    drawn = np.zeros((height_px, width_px), np.uint8)
    for region in regions:
        box = np.full((region.height_px, region.width_px), 255, np.uint8)
        if len(region.probability) == box.size:
            box = np.frombuffer(region.probability, np.uint8).reshape(box.shape)
        place = drawn[region.y_px : region.y_px + region.height_px, region.x_px : region.x_px + region.width_px]
        np.maximum(place, box[: place.shape[0], : place.shape[1]], out=place)
    return drawn


def draw_probability(picture: Pixels, probability: NDArray[np.uint8], colour: Colour, cut: float) -> Pixels:
    """Return a copy of `picture` with what one engine marked: tinted by its probability, outlined where it reaches `cut`.

    The outline lies beside the mask, so that a thin crack stays visible within it.

    Args:
        picture: uint8 (height, width, 3), RGB, of any size.
        probability: uint8 (view_height, view_width), 255 = 1.0; scaled to the picture.
        colour: of the engine.
        cut: lowest probability, 0..1, of what is outlined; what is lower was no finding.
    """
    height, width = picture.shape[:2]
    drawn = picture.copy()
    if not probability.any():
        return drawn
    smaller = width < probability.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    share = cv2.resize(probability, (width, height), interpolation=how).astype(np.float32)[..., None] * (FILL_SHARE / 255)
    tinted = drawn + share * (np.array(colour, np.float32) - drawn)
    drawn = np.clip(np.rint(tinted), 0, 255).astype(np.uint8)

    mask = np.where(probability >= max(1, round(cut * 255)), np.uint8(255), np.uint8(0))
    beside = cv2.resize(cv2.dilate(mask, _BESIDE), (width, height), interpolation=how)
    return draw_outline(drawn, np.asarray(cv2.GaussianBlur(beside, (0, 0), 0.8) >= _CONTOUR_LEVEL), colour)


def draw_outline(picture: Pixels, mask: NDArray[np.bool_], colour: Colour) -> Pixels:
    """Draw a thin smooth line around every piece of `mask`, of the picture's size, into `picture`, and return it."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outlines = [_smooth(contour) for contour in contours]
    cv2.polylines(picture, outlines, isClosed=True, color=colour, thickness=1, lineType=cv2.LINE_AA, shift=_SHIFT)
    return picture


def encode_jpeg(picture: Pixels, quality: int = 92) -> bytes:
    """Return a JPEG of a picture, uint8 (height, width, 3), RGB, with full resolution of its colours."""
    how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), how)
    if not done:
        raise ValueError(f"no JPEG can be made of an array of shape {picture.shape}")
    return bytes(encoded)


def _smooth(contour: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return a contour (n, 1, 2) without the steps of its pixels, in eighths of a pixel: each point the mean of five."""
    points = contour.astype(np.float32)
    if len(points) >= 8:
        points = np.mean([np.roll(points, turn, axis=0) for turn in (-2, -1, 0, 1, 2)], axis=0)
    return np.rint(points * (1 << _SHIFT)).astype(np.int32)
