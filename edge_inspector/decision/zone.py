"""Whether a place lies in the zone that a rule holds for. In doubt it does: a zone only leaves out what is elsewhere."""

from __future__ import annotations

from edge_inspector.decision.measured import Extent, Measured
from edge_inspector.station.recipe import Zone


def touches(zone: Zone | None, place: Measured) -> bool:
    """Whether any part of a place's extent lies in the zone; True where it is not known where on the part the place lies.

    A place counts as soon as its box, along and around, reaches into the zone: a crack that begins in it counts whole,
    although its middle may lie elsewhere.
    """
    return zone is None or (_touches_along(zone, place) and _touches_around(zone, place))


def _touches_along(zone: Zone, place: Measured) -> bool:
    if zone.along_mm is None or place.along_mm is None:
        return True
    near, far = place.along_mm.start, place.along_mm.end
    if zone.from_end == "trailing":
        if place.part_length_mm is None:
            return True
        near, far = place.part_length_mm - far, place.part_length_mm - near
    start, end = zone.along_mm
    return not (far < start or near > end)  # a number that is missing lies inside


def _touches_around(zone: Zone, place: Measured) -> bool:
    if zone.angle_deg is None or place.angle_deg is None:
        return True
    start, end = zone.angle_deg
    span = 360.0 if abs(end - start) >= 360 else (end - start) % 360
    return not _is_apart(place.angle_deg, start, span)


def _is_apart(extent: Extent, start_deg: float, span_deg: float) -> bool:
    """Whether an extent around and the span from `start_deg` upwards have no angle in common."""
    ahead = (extent.start - start_deg) % 360  # from the zone's start up to the extent's
    return ahead > span_deg and ahead + (extent.end - extent.start) < 360
