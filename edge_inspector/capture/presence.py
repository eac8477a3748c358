"""Whether a view shows exactly one whole part: asked before any engine, since an empty picture is not a perfect part.

Comparisons are written so that a number that is none fails. What has two signs is told by the more telling one: a part
across the belt is cut by the border too, but it is the tilt that somebody must see to.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.capture.absence import Absence
from edge_inspector.capture.silhouette import Silhouette, find_silhouettes
from edge_inspector.domain.view import MissingReason
from edge_inspector.station.recipe import FullFramePresence, SilhouettePresence, Window

Grey = NDArray[np.uint8]


def find_part(grey: Grey, presence: SilhouettePresence, mm_per_px: float) -> Silhouette | Absence:
    """Return the silhouette of the one whole part in `grey`, uint8 (height, width), or why there is none."""
    found = find_silhouettes(grey, presence, mm_per_px)
    if not found:
        return Absence(MissingReason.EMPTY, f"nothing stands out from the background by {presence.min_contrast} grey levels")
    if len(found) > 1:
        lengths = ", ".join(f"{part.length_mm:.1f}" for part in found)
        return Absence(MissingReason.TWO_PARTS, f"{len(found)} silhouettes, {lengths} mm long")
    part = found[0]
    return _find_fault_of_number(part, presence) or _find_fault_of_form(part, presence) or part


def find_surface_fault(grey: Grey, presence: FullFramePresence) -> Absence | None:
    """Return why `grey`, uint8 (height, width), does not show a surface that fills the picture; None when it does."""
    mean_array, deviation_array = cv2.meanStdDev(grey)
    mean, deviation = float(mean_array[0, 0]), float(deviation_array[0, 0])
    least, most = presence.mean_grey
    if not least <= mean <= most:
        return Absence(MissingReason.EMPTY, f"mean grey {mean:.1f}, allowed {least:g} to {most:g}")
    if not deviation >= presence.min_grey_deviation:
        detail = f"grey deviation {deviation:.2f}, at least {presence.min_grey_deviation:g}: no surface in the picture"
        return Absence(MissingReason.EMPTY, detail)
    return None


def _find_fault_of_number(part: Silhouette, presence: SilhouettePresence) -> Absence | None:
    """More than one part, or less."""
    length, width = presence.length_mm, presence.width_mm
    is_cut_short = part.is_cut_short and not presence.touches_border
    if part.width_mm > width.max and part.width_mm >= 2 * width.min and part.length_mm >= length.min:
        detail = _outside("width", part.width_mm, width) + ": as wide as two parts side by side"
        return Absence(MissingReason.TWO_PARTS, detail)
    if part.length_mm > length.max and (is_cut_short or part.length_mm >= 2 * length.min):
        detail = _outside("length", part.length_mm, length) + ": as long as parts end to end"
        return Absence(MissingReason.TWO_PARTS, detail)
    if is_cut_short:
        detail = f"cut by the picture's border, {part.length_mm:.1f} mm of its length in view"
        return Absence(MissingReason.HALF_PART, detail)
    is_across = part.is_cut_narrow and not abs(part.tilt_deg) <= presence.max_tilt_deg
    if part.length_mm < length.min and not is_across:
        return Absence(MissingReason.HALF_PART, _outside("length", part.length_mm, length))
    return None


def _find_fault_of_form(part: Silhouette, presence: SilhouettePresence) -> Absence | None:
    """Not where and how a part should lie, or not a part at all."""
    length, width = presence.length_mm, presence.width_mm
    if not abs(part.tilt_deg) <= presence.max_tilt_deg:
        detail = f"tilted by {abs(part.tilt_deg):.1f}°, at most {presence.max_tilt_deg:g}"
        return Absence(MissingReason.OUT_OF_PLACE, detail)
    if part.is_cut_narrow and not presence.touches_border:
        detail = f"cut by the picture's border, {part.width_mm:.1f} mm of its width in view"
        return Absence(MissingReason.HALF_PART, detail)
    if not abs(part.off_centre_mm) <= presence.max_off_centre_mm:
        side = "below" if part.off_centre_mm > 0 else "above"
        detail = f"{abs(part.off_centre_mm):.1f} mm {side} the picture's middle, at most {presence.max_off_centre_mm:g}"
        return Absence(MissingReason.OUT_OF_PLACE, detail)
    if not part.fill >= presence.min_fill:
        detail = f"fills {100 * part.fill:.0f} % of the box around it, at least {100 * presence.min_fill:.0f}"
        return Absence(MissingReason.FOREIGN, detail + ": not of a part's form")
    if not length.min <= part.length_mm <= length.max:
        return Absence(MissingReason.OUT_OF_PLACE, _outside("length", part.length_mm, length))
    if not width.min <= part.width_mm <= width.max:
        return Absence(MissingReason.OUT_OF_PLACE, _outside("width", part.width_mm, width))
    return None


def _outside(what: str, measured_mm: float, allowed: Window) -> str:
    return f"{what} {measured_mm:.1f} mm, allowed {allowed.min:g} to {allowed.max:g}"
