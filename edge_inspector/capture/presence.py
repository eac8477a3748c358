"""Whether a view shows exactly one whole part: asked before any engine, since an empty picture is not a perfect part.

Silhouette: what stands out from the background by the recipe's contrast, in a picture reduced four times. The background's
level is taken from the picture's border; with two parts side by side most of the border is part, so it is the level that
the darkest tenth of the border (the lightest on a light background) does not exceed. Length runs along the picture's
rows, width across them, both of the upright box around the silhouette: a tilted part is therefore too wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.view import MissingReason
from edge_inspector.station.recipe import FullFramePresence, SilhouettePresence, Window

REDUCTION = 4
BACKGROUND_PERCENT = 10.0  # of the border's pixels, from the background's own end
LEAST_AREA_SHARE = 0.02  # of the smallest part allowed: smaller silhouettes are dust

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a view does not show the part as the recipe wants it."""

    reason: MissingReason
    detail: str


@dataclass(frozen=True, slots=True)
class _Silhouette:
    length_mm: float
    width_mm: float
    is_cut_short: bool  # reaches the left or right border
    is_cut_narrow: bool  # reaches the upper or lower border


def find_absence(grey: Grey, presence: SilhouettePresence | FullFramePresence, mm_per_px: float) -> Absence | None:
    """Return why `grey`, uint8 (height, width), does not show one whole part; None when it does."""
    match presence:
        case SilhouettePresence():
            return _judge_silhouettes(_find_silhouettes(grey, presence, mm_per_px), presence)
        case FullFramePresence():
            return _judge_surface(grey, presence)
        case _:
            assert_never(presence)


def _find_silhouettes(grey: Grey, presence: SilhouettePresence, mm_per_px: float) -> list[_Silhouette]:
    height, width = max(1, grey.shape[0] // REDUCTION), max(1, grey.shape[1] // REDUCTION)
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    if presence.background == "light":
        small = 255 - small
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    background = float(np.percentile(border, BACKGROUND_PERCENT))
    part = (small >= background + presence.min_contrast).astype(np.uint8)
    count, _, boxes, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    mm_x, mm_y = mm_per_px * grey.shape[1] / width, mm_per_px * grey.shape[0] / height
    least_px = LEAST_AREA_SHARE * presence.length_mm.min * presence.width_mm.min / (mm_x * mm_y)
    found = []
    for left, top, box_width, box_height, area_px in boxes[1:count].tolist():
        if area_px > least_px:
            is_cut_short = left == 0 or left + box_width == width
            is_cut_narrow = top == 0 or top + box_height == height
            found.append(_Silhouette(box_width * mm_x, box_height * mm_y, is_cut_short, is_cut_narrow))
    return found


def _judge_silhouettes(found: list[_Silhouette], presence: SilhouettePresence) -> Absence | None:
    if not found:
        return Absence(MissingReason.EMPTY, f"nothing stands out from the background by {presence.min_contrast} grey levels")
    if len(found) > 1:
        lengths = ", ".join(f"{part.length_mm:.1f}" for part in sorted(found, key=lambda part: -part.length_mm)[:4])
        return Absence(MissingReason.TWO_PARTS, f"{len(found)} silhouettes, {lengths} mm long")
    part = found[0]
    length, width = presence.length_mm, presence.width_mm
    if part.is_cut_short and not presence.touches_border:
        return Absence(
            MissingReason.HALF_PART, f"cut by the picture's border, {part.length_mm:.1f} mm of its length in view"
        )
    if part.length_mm < length.min:
        return Absence(MissingReason.HALF_PART, _outside("length", part.length_mm, length))
    # written so that a number that is none fails
    if not part.length_mm <= length.max:
        return Absence(MissingReason.OUT_OF_PLACE, _outside("length", part.length_mm, length))
    if not width.min <= part.width_mm <= width.max:
        hint = ": tilted, or two parts side by side" if part.width_mm > width.max else ""
        return Absence(MissingReason.OUT_OF_PLACE, _outside("width", part.width_mm, width) + hint)
    if part.is_cut_narrow and not presence.touches_border:
        return Absence(MissingReason.HALF_PART, f"cut by the picture's border, {part.width_mm:.1f} mm of its width in view")
    return None


def _outside(what: str, measured_mm: float, allowed: Window) -> str:
    return f"{what} {measured_mm:.1f} mm, allowed {allowed.min:g} to {allowed.max:g}"


def _judge_surface(grey: Grey, presence: FullFramePresence) -> Absence | None:
    mean_array, deviation_array = cv2.meanStdDev(grey)
    mean, deviation = float(mean_array[0, 0]), float(deviation_array[0, 0])
    least, most = presence.mean_grey
    if not least <= mean <= most:
        return Absence(MissingReason.EMPTY, f"mean grey {mean:.1f}, allowed {least:g} to {most:g}")
    if not deviation >= presence.min_grey_deviation:
        detail = f"grey deviation {deviation:.2f}, at least {presence.min_grey_deviation:g}: no surface in the picture"
        return Absence(MissingReason.EMPTY, detail)
    return None
