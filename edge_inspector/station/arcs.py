"""Sets of angles on a circle, in degrees: what a camera sees around a part, what an occlusion hides. Pure.

A set is a tuple of disjoint rising ranges (from, to) within 0..360; one that goes through 0 is two ranges.
"""

from __future__ import annotations

from collections.abc import Iterable

Angles = tuple[tuple[float, float], ...]

WHOLE: Angles = ((0.0, 360.0),)
NONE: Angles = ()


def arc_span_deg(from_deg: float, to_deg: float) -> float:
    """Return how far it is from one angle to the other, upwards; [350, 10] goes through 0.

    0 for two equal ones, which is no arc; [0, 360] is the whole circle; more than 360 is more than a circle.

    >>> arc_span_deg(350, 10), arc_span_deg(0, 360), arc_span_deg(90, 90)
    (20, 360, 0)
    """
    span = to_deg - from_deg
    return span if span >= 0 else span % 360


def arc(from_deg: float, span_deg: float) -> Angles:
    """Return the angles from `from_deg` upwards.

    >>> arc(350, 20)
    ((0.0, 10.0), (350.0, 360.0))
    """
    if not span_deg > 0:
        return NONE
    if span_deg >= 360:
        return WHOLE
    start = from_deg % 360.0
    end = start + span_deg
    return ((start, end),) if end <= 360 else ((0.0, end - 360.0), (start, 360.0))


def union(sets: Iterable[Angles]) -> Angles:
    """Return the angles that are in any of the sets.

    >>> union([((10.0, 30.0),), ((20.0, 40.0), (50.0, 60.0))])
    ((10.0, 40.0), (50.0, 60.0))
    """
    merged: list[tuple[float, float]] = []
    for low, high in sorted(each for angles in sets for each in angles):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(angles: Angles) -> Angles:
    """Return the angles that are not in the set.

    >>> complement(((10.0, 40.0),))
    ((0.0, 10.0), (40.0, 360.0))
    """
    gaps, at = [], 0.0
    for low, high in angles:
        if low > at:
            gaps.append((at, low))
        at = high
    if at < 360:
        gaps.append((at, 360.0))
    return tuple(gaps)


def without(angles: Angles, hidden: Angles) -> Angles:
    """Return the angles of the first set that are not in the second.

    >>> without(((10.0, 40.0),), ((20.0, 30.0),))
    ((10.0, 20.0), (30.0, 40.0))
    """
    return complement(union([complement(angles), hidden]))


def extent_deg(angles: Angles) -> float:
    """Return how many degrees of the circle the set holds.

    >>> extent_deg(((10.0, 40.0), (50.0, 60.0)))
    40.0
    """
    return sum(high - low for low, high in angles)


def words(angles: Angles) -> str:
    """Return the set for a person, in whole degrees; ranges on both sides of 0 are one.

    >>> words(((0.0, 10.0), (57.3, 62.7), (350.0, 360.0)))
    '57° to 63°, 350° to 10°'
    >>> words(WHOLE)
    'every angle'
    """
    if angles == WHOLE:
        return "every angle"
    ranges = list(angles)
    if len(ranges) > 1 and ranges[0][0] <= 0 and ranges[-1][1] >= 360:
        ranges = [*ranges[1:-1], (ranges[-1][0], ranges[0][1])]
    return ", ".join(f"{low:.0f}° to {high:.0f}°" for low, high in ranges)
