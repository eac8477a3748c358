"""Rules on the part's own measures, which need no engine: of the rod where there is a surface, else of each view's outline.

What a silhouette tells depends on the directions from which the part is seen: a bow needs two of them, an oval three. What
could not be measured is a doubt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_inspector.domain.view import Outline, View
from edge_inspector.station.recipe import Dimensions, Limits


@dataclass(frozen=True, slots=True)
class Measures:
    """What one part measures; None or not-a-number: could not be measured. `source`: the view, where it was but one."""

    length_mm: float | None
    diameter_mm: float | None
    bow_mm: float | None
    taper_mm: float | None
    oval_mm: float | None
    source: str = ""


UNMEASURED = Measures(None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class DimensionResult:
    """Why the part's measures reject it, and which of those that have limits could not be taken. Both empty: good."""

    rejections: tuple[str, ...]
    doubts: tuple[str, ...]


def apply_dimensions(dimensions: Dimensions, measured: Sequence[Measures]) -> DimensionResult:
    """Hold every one of the measures against its limits, each limit included in what is good."""
    rejections: list[str] = []
    doubts: list[str] = []
    limited = (
        ("length", dimensions.length_mm, [each.length_mm for each in measured]),
        ("diameter", dimensions.diameter_mm, [each.diameter_mm for each in measured]),
        ("bow", dimensions.bow_mm, [each.bow_mm for each in measured]),
        ("taper", dimensions.taper_mm, [each.taper_mm for each in measured]),
        ("oval", dimensions.oval_mm, [each.oval_mm for each in measured]),
    )
    for name, limits, values in limited:
        if limits is None or (limits.min is None and limits.max is None):
            continue
        if not values:
            doubts.append(f"{name} could not be measured (allowed {_allowed(limits)})")
        for value, source in zip(values, (each.source for each in measured), strict=True):
            seen_by = f", seen by {source}" if source else ""
            if value is None or not math.isfinite(value):
                doubts.append(f"{name} could not be measured (allowed {_allowed(limits)}){seen_by}")
            elif not _is_within(value, limits):
                rejections.append(f"{name} {_beyond(value, limits)} mm (allowed {_allowed(limits)}){seen_by}")
    return DimensionResult(tuple(rejections), tuple(doubts))


def outline_measures(views: Mapping[str, View], mm_per_px: float) -> list[Measures]:
    """Return what each view's outline measures, by the recipe's scale. A view without an outline measures nothing."""
    return [
        _of_outline(view.outline, mm_per_px, camera)
        if view.outline is not None
        else Measures(None, None, None, None, None, camera)
        for camera, view in views.items()
    ]


def _of_outline(outline: Outline, mm_per_px: float, camera: str) -> Measures:
    travel_px = outline.end_px - outline.start_px
    columns, upper, lower = (np.asarray(edge) for edge in (outline.columns_px, outline.upper_px, outline.lower_px))
    if not (
        travel_px > 0 and columns.size == upper.size == lower.size and columns.size >= 3 and np.all(np.diff(columns) > 0)
    ):
        return Measures(None, None, None, None, None, camera)
    place = 2 * (columns - outline.start_px) / travel_px - 1  # −1 at one end, 1 at the other
    growth, middle = np.polyfit(place, lower - upper, 1)
    curve, lean, _ = np.polyfit(place, (upper + lower) / 2, 2)
    length_px = math.hypot(travel_px, 2 * lean)
    # of a part that leans a column cuts off more than its diameter, as much as it shows less than its length
    across_mm = mm_per_px * travel_px / length_px
    return Measures(
        length_px * mm_per_px,
        float(middle) * across_mm,
        abs(float(curve)) * across_mm,
        2 * abs(float(growth)) * across_mm,
        None,
        camera,
    )


def _is_within(value: float, limits: Limits) -> bool:
    return (limits.min is None or value >= limits.min) and (limits.max is None or value <= limits.max)


def _allowed(limits: Limits) -> str:
    if limits.min is None:
        return f"at most {float(limits.max or 0)}"
    if limits.max is None:
        return f"at least {float(limits.min)}"
    return f"{float(limits.min)} to {float(limits.max)}"


def _beyond(value: float, limits: Limits) -> str:
    """Return the number with as many decimals as it takes to see that it is beyond its limit."""
    return next(
        (text for text in (f"{value:.{digits}f}" for digits in (1, 2, 3)) if not _is_within(float(text), limits)),
        f"{value:.6f}",
    )
