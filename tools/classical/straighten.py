"""Lays the straw of a view flat: rows are even steps around it, columns run along it, so that grain lies in rows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

DISTANCE_MM, FOCAL_PX = 80.0, 1350.0  # of every camera of the ring, as its calibration says
ROW_MM = 0.05  # around the straw
ROWS_EACH_SIDE = 72
JUDGED_DEG = 42.0  # each side of the line that faces the camera: 30 are needed, and flatter surface is less sure
END_MM = 0.75  # what is so near to a cut end is not judged
END_PX = round(END_MM / 0.056)

Float = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FlatView:
    """`rgb` float32 (rows, columns, 3), whole straw and nothing else; `judged` bool (rows, columns); `angle_deg` (rows,)
    from the line that faces the camera."""

    rgb: Float
    judged: NDArray[np.bool_]
    angle_deg: NDArray[np.float64]


def straighten(rgb: Picture) -> FlatView | None:
    """Find the straw in uint8 (h, w, 3) and lay it flat; None where there is none."""
    mask = _silhouette(rgb)
    filled = np.flatnonzero(mask.any(axis=0))
    if filled.size < 400:
        return None
    place = (np.arange(mask.shape[1]) - mask.shape[1] / 2) / (mask.shape[1] / 2)
    sides = filled[40:-40]  # the ends are round in the picture
    top = _curve(place, sides, mask.argmax(axis=0)[sides] - 0.5)
    bottom = _curve(place, sides, mask.shape[0] - mask[::-1].argmax(axis=0)[sides] - 0.5)
    middle, half = (top + bottom) / 2, np.maximum(bottom - top, 2.0) / 2 / FOCAL_PX
    radius = DISTANCE_MM * half / np.sqrt(1 + half * half)  # (w,): the outline is where the rays touch
    arc_mm = np.arange(-ROWS_EACH_SIDE, ROWS_EACH_SIDE + 1) * ROW_MM
    angle = (arc_mm / float(np.median(radius[sides])))[:, None]
    depth = DISTANCE_MM - radius * np.cos(angle)
    map_y = middle + FOCAL_PX * radius * np.sin(angle) / depth
    centre = (mask.shape[1] - 1) / 2
    map_x = centre + (np.arange(mask.shape[1]) - centre) * (DISTANCE_MM - radius) / depth  # one place along, one column
    maps = map_x.astype(np.float32), map_y.astype(np.float32)
    flat = np.asarray(cv2.remap(rgb, *maps, cv2.INTER_CUBIC), np.float32)
    is_straw = np.asarray(cv2.remap(mask, *maps, cv2.INTER_NEAREST), np.uint8)
    whole = np.flatnonzero(is_straw[ROWS_EACH_SIDE])
    columns = slice(int(whole[0]) + 4, int(whole[-1]) - 3)
    judged = cv2.erode(is_straw, np.ones((1, 2 * END_PX + 1), np.uint8)) > 0
    judged &= np.abs(angle) <= np.radians(JUDGED_DEG)
    return FlatView(flat[:, columns], judged[:, columns], np.degrees(angle[:, 0]))


def _silhouette(rgb: Picture) -> Picture:
    """The largest thing brighter than half way between background and straw, uint8 (h, w), 1 on it."""
    bright = cv2.GaussianBlur(rgb.max(axis=2), (0, 0), 1.0)
    dark = float(np.median(np.concatenate([bright[:16], bright[-16:]])))
    between, _ = cv2.threshold(bright, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((bright > (dark + between) / 2).astype(np.uint8))
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if len(stats) > 1 else -1
    mask = (labels == largest).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((31, 31), np.uint8)), np.uint8)


def _curve(place: NDArray[np.float64], columns: NDArray[np.intp], edge: NDArray[np.float64]) -> NDArray[np.float64]:
    """A cubic through an edge, what lies far off it left out."""
    keep = np.ones(columns.size, np.bool_)
    for _ in range(3):
        curve = np.polyval(np.polyfit(place[columns[keep]], edge[keep], 3), place)
        off = np.abs(edge - curve[columns])
        keep = off <= max(1.0, 2.5 * float(np.median(off)))
    return np.asarray(curve)
