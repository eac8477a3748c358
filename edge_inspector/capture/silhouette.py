"""What stands out from the background of a view, found and measured in the view reduced four times.

A silhouette stands out by the recipe's contrast. The background's level is taken from the picture's border; with two parts
side by side most of the border is part, so it is the level that the darkest tenth of the border (the lightest on a light
background) does not exceed. Hairs and splinters are removed by an opening; holes are part of the part.

Each silhouette is measured along and across its own axis, that of its second moments (for a round thing the picture's
rows), so that a tilted part is not a wide one and a bowed part is no wider than a straight one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.station.recipe import SilhouettePresence

REDUCTION = 4
BACKGROUND_PERCENT = 10.0  # of the border's pixels, from the background's own end
LEAST_AREA_SHARE = 0.02  # of the smallest part allowed: smaller silhouettes are dust
OPENING_PX = 3  # of the reduced view: what is thinner is a hair or a splinter
OPENED_FROM_PX = 6  # parts thinner than this would suffer from the opening
ELONGATED = 1.5  # ratio of the standard deviations from which a silhouette has an axis
END_SHARE = 0.5  # the part ends where it is thinner than this share of its usual width
MOST_MEASURED = 4

Grey = NDArray[np.uint8]
Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoarseEdges:
    """Where the reduced view shows the edges: float64 (n,) pixels of the whole view, right to about a reduced pixel."""

    columns_px: Float
    upper_px: Float
    lower_px: Float


@dataclass(frozen=True, slots=True)
class Silhouette:
    """One thing in the view. `width_mm` is its usual width: the median over its length.

    `tilt_deg`: its axis against the rows, -90..90, clockwise. `off_centre_mm`: its centre of area from the middle of the
    picture's height, downwards. `fill`: its area over that of the box around it, tilted with it. Cut short: it reaches the
    left or right border; cut narrow: the upper or lower one.
    """

    length_mm: float
    width_mm: float
    tilt_deg: float
    off_centre_mm: float
    fill: float
    is_cut_short: bool
    is_cut_narrow: bool
    edges: CoarseEdges = field(repr=False)


def against_dark(grey: Grey, presence: SilhouettePresence) -> Grey:
    """Return the grey view as it would be with a dark background."""
    return 255 - grey if presence.background == "light" else grey


def find_silhouettes(grey: Grey, presence: SilhouettePresence, mm_per_px: float) -> list[Silhouette]:
    """Return what stands out in `grey`, uint8 (height, width), the largest first, at most `MOST_MEASURED`; no dust."""
    height, width = grey.shape[0] // REDUCTION, grey.shape[1] // REDUCTION
    if not (height and width):
        return []
    whole = grey[: height * REDUCTION, : width * REDUCTION]
    small = against_dark(np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8), presence)
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    background = float(np.percentile(border, BACKGROUND_PERCENT))
    part = (small >= background + presence.min_contrast).astype(np.uint8)
    mm = mm_per_px * REDUCTION
    if presence.width_mm.min / mm >= OPENED_FROM_PX:
        part = np.asarray(cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones((OPENING_PX, OPENING_PX), np.uint8)), np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    areas_px = boxes[1:count, cv2.CC_STAT_AREA]
    least_px = LEAST_AREA_SHARE * presence.length_mm.min * presence.width_mm.min / mm**2
    largest = [1 + int(i) for i in np.argsort(-areas_px, kind="stable")[:MOST_MEASURED] if areas_px[i] > least_px]
    lies_along = presence.length_mm.min + presence.length_mm.max >= presence.width_mm.min + presence.width_mm.max
    found = []
    for label in largest:
        left, top, box_width, box_height = boxes[label, :4].tolist()
        of_thing = (labels[top : top + box_height, left : left + box_width] == label).astype(np.uint8)
        found.append(_measure(of_thing, (left, top), (height, width), mm, lies_along))
    return found


def _measure(thing: Grey, origin: tuple[int, int], size: tuple[int, int], mm: float, lies_along: bool) -> Silhouette:
    """Measure one thing, 1 where it is, in its upright box at `origin` (x, y) of the reduced view of `size` (h, w)."""
    left, top = origin
    box_height, box_width = thing.shape
    outlines, _ = cv2.findContours(thing, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.asarray(cv2.drawContours(np.zeros_like(thing), outlines, -1, 255, cv2.FILLED), np.uint8)
    moments = cv2.moments(filled, binaryImage=True)
    axis = _axis_angle(moments, lies_along)
    centre_x, centre_y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    turned = _turn(filled, axis, centre_x, centre_y)
    across = turned.sum(axis=0) / 255.0  # reduced pixels of the thing at each place along its axis
    along = turned.sum(axis=1) / 255.0
    usual = float(np.median(across[across >= 1.0])) if (across >= 1.0).any() else 1.0
    box_px2 = float(np.clip(across, 0, 1).sum() * np.clip(along, 0, 1).sum())
    first = np.argmax(filled > 0, axis=0)
    last = box_height - 1 - np.argmax(filled[::-1] > 0, axis=0)
    return Silhouette(
        length_mm=_reach(across, END_SHARE * usual) * mm,
        width_mm=usual * mm,
        tilt_deg=math.degrees(axis),
        off_centre_mm=(top + centre_y - (size[0] - 1) / 2) * mm,
        fill=moments["m00"] / box_px2,
        is_cut_short=left == 0 or left + box_width == size[1],
        is_cut_narrow=top == 0 or top + box_height == size[0],
        edges=CoarseEdges(
            columns_px=(left + np.arange(box_width, dtype=np.float64) + 0.5) * REDUCTION - 0.5,
            upper_px=(top + first) * REDUCTION - 0.5,
            lower_px=(top + last + 1) * REDUCTION - 0.5,
        ),
    )


def _reach(across: Float, level: float) -> float:
    """Return how far it is from the first to the last place at which `across` passes `level`; outermost it is 0."""
    high = np.flatnonzero(across >= level)
    first, last = int(high[0]), int(high[-1])
    rise, fall = across[first] - across[first - 1], across[last] - across[last + 1]
    return last - first + float((across[first] - level) / rise + (across[last] - level) / fall)


def _axis_angle(moments: dict[str, float], lies_along: bool) -> float:
    """Return the angle of the axis along which the part's length runs, radians clockwise from the rows, within ±pi/2."""
    mass = moments["m00"]
    # a pixel is not a point: a row of pixels has a width
    xx, yy, xy = moments["mu20"] / mass + 1 / 12, moments["mu02"] / mass + 1 / 12, moments["mu11"] / mass
    middle, spread = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    if not middle + spread >= ELONGATED**2 * (middle - spread):
        return 0.0
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    if lies_along:
        return angle
    return angle - math.pi / 2 if angle > 0 else angle + math.pi / 2


def _turn(filled: Grey, angle: float, centre_x: float, centre_y: float) -> Grey:
    """Return the silhouette, 0..255, turned so that its axis runs along the rows, with room for all of it."""
    height, width = filled.shape
    c, s = math.cos(angle), math.sin(angle)
    # its centre of area may lie anywhere in its box: twice the farthest corner is room enough
    reach_x = max(centre_x, width - centre_x) + 1, max(centre_y, height - centre_y) + 1
    to_width = 2 * math.ceil(reach_x[0] * abs(c) + reach_x[1] * abs(s)) + 1
    to_height = 2 * math.ceil(reach_x[0] * abs(s) + reach_x[1] * abs(c)) + 1
    to_x, to_y = (to_width - 1) / 2, (to_height - 1) / 2
    matrix = np.array([[c, s, to_x - c * centre_x - s * centre_y], [-s, c, to_y + s * centre_x - c * centre_y]])
    return np.asarray(cv2.warpAffine(filled, matrix, (to_width, to_height), flags=cv2.INTER_LINEAR), np.uint8)
