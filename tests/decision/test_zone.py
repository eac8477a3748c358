from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.decision.measured import Extent
from edge_inspector.decision.zone import touches
from edge_inspector.station.recipe import Zone
from tests.decision.test_rules import on_surface, place

DEGREES = st.integers(-360, 360)


def zone(**fields: object) -> Zone:
    return Zone.model_validate(fields)


@pytest.mark.parametrize(
    ("along", "from_end", "inside"),
    [
        ((0.0, 39.2), "leading", False),
        ((0.0, 39.3), "leading", True),  # any part of it is enough, its middle lies at 41
        ((42.8, 60.0), "leading", False),
        ((40.0, 40.1), "leading", True),
        ((0.0, 17.2), "trailing", False),
        ((0.0, 17.4), "trailing", True),
        ((20.8, 60.0), "trailing", False),
        ((20.6, 60.0), "trailing", True),
    ],
)
def test_a_place_is_in_a_zone_along_when_any_of_it_is(along: tuple[float, float], from_end: str, inside: bool) -> None:
    assert touches(zone(along_mm=along, from_end=from_end), on_surface()) is inside


def slow_touches(extent: Extent, start: int, end: int) -> bool:
    """Go around in whole degrees."""
    span = 360 if abs(end - start) >= 360 else (end - start) % 360
    inside = {(start + step) % 360 for step in range(span + 1)}
    return any(angle % 360 in inside for angle in range(int(extent.start), int(extent.end) + 1))


@given(DEGREES, DEGREES, st.integers(0, 359), st.integers(0, 360))
def test_a_place_is_in_a_zone_around_when_any_degree_of_it_is(start: int, end: int, first: int, size: int) -> None:
    where = replace(on_surface(), angle_deg=Extent(first, first + size))
    assert touches(zone(angle_deg=(float(start), float(end))), where) is slow_touches(where.angle_deg, start, end)


def test_both_directions_must_be_met() -> None:
    both = zone(along_mm=(39.0, 43.0), angle_deg=(300.0, 10.0))
    assert not touches(both, on_surface())
    assert touches(both, replace(on_surface(), angle_deg=Extent(355, 365)))


def test_what_is_not_known_lies_in_every_zone() -> None:
    everywhere = zone(along_mm=(0.0, 0.1), angle_deg=(10.0, 11.0))
    assert touches(everywhere, place())
    assert touches(None, place())
    lost = replace(on_surface(), along_mm=Extent(math.nan, math.nan), angle_deg=Extent(math.nan, math.nan))
    assert touches(everywhere, lost)
    assert touches(zone(along_mm=(0.0, 0.1), from_end="trailing"), replace(on_surface(), part_length_mm=None))
