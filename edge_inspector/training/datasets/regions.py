"""Regions that people draw on pictures, and the pixels that they cover.

Points are (x, y) in pixels, x to the right and y down, (0, 0) the middle of the first pixel: what every reader here makes of
its own form's numbers. A point off the picture is drawn as far as the picture goes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.outline_fill import fill_outline
from edge_inspector.training.datasets.run_lengths import decode_counts

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]  # rows and columns
FARTHEST = 1e6  # px, also degrees: no picture is as large, and an outline costs memory by its length
WHOLE_PX = 0.02  # so near to a whole number of pixels shares of six digits bring it
_SHIFT = 4  # cv2 takes points in sixteenths of a pixel
_BEYOND_PX = 1000  # an outline farther off the picture is bent there


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline with what it encloses; the first point need not come again.

    `is_outlined`: the pixels under the outline belong to it, as where people click on pixels; else those whose middles lie
    inside, so that the area is the outline's own. One too thin to hold any has those under it: somebody meant something.
    """

    points: tuple[tuple[float, float], ...]
    is_outlined: bool = True


@dataclass(frozen=True, slots=True)
class Polyline:
    """A line that is not closed: the pixels under it, one wide."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Two half axes, the first turned by `turn_rad` clockwise from x; a circle has equal ones."""

    x: float
    y: float
    half_x: float
    half_y: float
    turn_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class Spot:
    """One pixel."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Stencil:
    """Pixels within a box: its first pixel, its size, and counts along its rows, by turns outside and inside."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SharePolygon:
    """A closed outline whose points are shares of the picture's width and height, for labels that do not know its size.

    Mostly they count from the picture's corner, (1, 1) being the opposite one: the pixels whose middles lie inside belong to
    it. Where all of them are whole numbers of pixels, as of an outline that a program drew through pixels' middles, (0.5, 0)
    of a picture 100 wide is pixel 50 of its first row, and the pixels under the outline belong to it.
    """

    points: tuple[tuple[float, float], ...]


InPixels = Polygon | Polyline | Ellipse | Spot | Stencil
Region = InPixels | SharePolygon


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    """A box by the middles of its first and last pixels."""
    return Polygon(((left, top), (right, top), (right, bottom), (left, bottom)))


def draw(regions: Sequence[Region], height_px: int, width_px: int) -> Mask:
    """Return the pixels that any of the regions covers, bool (height, width).

    Raises TrainingDataError for a region of too few points, with a number that is not finite, or an ellipse beyond FARTHEST.
    """
    mask = np.zeros((height_px, width_px), np.bool_)
    for region in regions:
        box, covered = cover(region, height_px, width_px)
        mask[box] |= covered
    return mask


def cover(region: Region, height_px: int, width_px: int) -> tuple[Box, Mask]:
    """Return the rows and columns of a picture that a region lies in, and which of their pixels it covers.

    Raises TrainingDataError for a region of too few points, or with a number that is not finite.
    """
    region = _in_pixels(region, height_px, width_px)
    points = _checked(region)
    if isinstance(region, Stencil):
        return _lay(region, height_px, width_px)
    low = np.clip(np.floor(points.min(0)) - 1, 0, (width_px, height_px)).astype(np.int64)  # (x, y)
    high = np.clip(np.ceil(points.max(0)) + 2, low, (width_px, height_px)).astype(np.int64)
    box = (slice(low[1], high[1]), slice(low[0], high[0]))
    if isinstance(region, Polygon) and not region.is_outlined:
        near = np.clip(points, low - _BEYOND_PX, high + _BEYOND_PX)
        inside = fill_outline(near - low, *(high - low)[::-1].tolist())
        if inside.any() or reaches_beyond(region, height_px, width_px):
            return box, inside
    near = np.clip(points, -_BEYOND_PX, np.array([width_px, height_px]) + _BEYOND_PX)  # (n, 2)
    corner = np.minimum(np.floor(near.min(0)).astype(np.int64), low)  # (x, y): cv2 bends what its canvas cuts off
    size = np.maximum(np.ceil(near.max(0)).astype(np.int64) + 1, high) - corner
    canvas = np.zeros((size[1], size[0]), np.uint8)
    fixed = np.rint((near - corner) * (1 << _SHIFT)).astype(np.int32)[None]
    if isinstance(region, Polyline):
        cv2.polylines(canvas, [fixed], isClosed=False, color=1, lineType=cv2.LINE_8, shift=_SHIFT)
    else:
        cv2.fillPoly(canvas, [fixed], 1, lineType=cv2.LINE_8, shift=_SHIFT)
    (left, top), (right, bottom) = low - corner, high - corner
    return box, canvas[top:bottom, left:right] > 0


def _lay(stencil: Stencil, height_px: int, width_px: int) -> tuple[Box, Mask]:
    inside = decode_counts(stencil.counts, stencil.width_px, stencil.height_px).T  # they go along rows, not down columns
    left, top = stencil.left_px, stencil.top_px
    rows = slice(min(max(top, 0), height_px), min(max(top + stencil.height_px, 0), height_px))
    columns = slice(min(max(left, 0), width_px), min(max(left + stencil.width_px, 0), width_px))
    return (rows, columns), inside[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def reaches_beyond(region: Region, height_px: int, width_px: int) -> bool:
    """Whether any point of a region lies off the picture by more than half a pixel."""
    points = _checked(_in_pixels(region, height_px, width_px))
    return any(not (-0.5 <= x <= width_px - 0.5 and -0.5 <= y <= height_px - 0.5) for x, y in points)


def named(region: Region) -> str:
    """What kind it is, in a sentence."""
    return type(region).__name__.removeprefix("Share").lower()


def _in_pixels(region: Region, height_px: int, width_px: int) -> InPixels:
    if not isinstance(region, SharePolygon):
        return region
    points = np.asarray(region.points, np.float64).reshape(-1, 2) * (width_px, height_px)
    is_whole = bool(np.abs(points - np.rint(points)).max(initial=0.0) < WHOLE_PX)
    if is_whole and bool((points < np.array((width_px, height_px)) - 0.5).all()):
        return Polygon(tuple(map(tuple, points.tolist())))
    return Polygon(tuple(map(tuple, (points - 0.5).tolist())), is_outlined=False)


def _outline(region: Ellipse) -> NDArray[np.float64]:
    steps = max(16, math.ceil(4 * max(region.half_x, region.half_y)))
    turns = np.linspace(0, 2 * math.pi, steps, endpoint=False)
    along = np.stack((region.half_x * np.cos(turns), region.half_y * np.sin(turns)))  # (2, n)
    cos, sin = math.cos(region.turn_rad), math.sin(region.turn_rad)
    turned = np.array([[cos, -sin], [sin, cos]]) @ along  # (2, n)
    return np.asarray(turned.T + np.array([region.x, region.y]), np.float64)


def _checked(region: InPixels) -> NDArray[np.float64]:
    """Points of a region's outline, (n, 2)."""
    match region:
        case Polygon(points) | Polyline(points):
            numbers: Sequence[float] = [number for point in points for number in point]
        case Ellipse(x, y, half_x, half_y, turn_rad):
            numbers = (x, y, half_x, half_y, turn_rad)
        case Spot(x, y):
            numbers = (x, y)
        case Stencil(left, top, width, height):
            numbers = (left, top, left + width - 1, top + height - 1)  # the middles of its first and its last pixel
        case _:
            assert_never(region)
    name = named(region)
    if not all(map(math.isfinite, numbers)):
        raise TrainingDataError(f"a {name} with a point that is no number")
    if isinstance(region, Ellipse):
        if max(region.half_x, region.half_y) > FARTHEST:
            raise TrainingDataError(
                f"an ellipse with the half axes {region.half_x:g} and {region.half_y:g}, allowed is up to {FARTHEST:.0f}"
            )
        return _outline(region)
    found = np.asarray(numbers, np.float64).reshape(-1, 2)
    least = {Polygon: 3, Polyline: 2, Spot: 1, Stencil: 2}[type(region)]
    if len(found) < least:
        raise TrainingDataError(f"a {name} of {len(found)} points, needed are at least {least}")
    return np.rint(found) if isinstance(region, Spot) else found
