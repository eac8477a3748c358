"""Sets of angles against a slow model: which of many single angles are in them."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.station.arcs import WHOLE, Angles, arc, arc_span_deg, complement, extent_deg, union, without, words

ANGLES = [k + 0.5 for k in range(360)]  # between whole degrees, so that no end of a range is met
whole_degrees = st.integers(-360, 360)
arcs = st.builds(lambda start, span: arc(float(start), float(span)), whole_degrees, st.integers(0, 400))
sets = st.lists(arcs, max_size=4).map(union)


def members(angles: Angles) -> set[float]:
    return {angle for angle in ANGLES if any(low <= angle <= high for low, high in angles)}


@given(whole_degrees, whole_degrees)
def test_an_arc_holds_what_a_walk_upwards_from_its_start_passes(low: int, high: int) -> None:
    passed, at = set(), low
    while (at - high) % 360 and at < low + 360:
        passed.add(at % 360 + 0.5)
        at += 1
    span = arc_span_deg(low, high)
    if span >= 360:
        passed = set(ANGLES)
    assert members(arc(float(low), span)) == passed


@given(st.lists(arcs, max_size=5))
def test_a_union_holds_what_any_of_its_sets_holds(several: list[Angles]) -> None:
    assert members(union(several)) == set().union(*map(members, several))


@given(sets, sets)
def test_complement_and_difference_hold_the_rest(one: Angles, other: Angles) -> None:
    assert members(complement(one)) == set(ANGLES) - members(one)
    assert members(without(one, other)) == members(one) - members(other)


@given(sets)
def test_the_extent_is_the_number_of_whole_degrees(angles: Angles) -> None:
    assert math.isclose(extent_deg(angles), len(members(angles)), abs_tol=1e-6)


@given(sets)
def test_a_set_is_disjoint_rising_and_within_the_circle(angles: Angles) -> None:
    ends = [end for each in angles for end in each]
    assert ends == sorted(ends)
    assert all(0 <= end <= 360 for end in ends)


def test_nothing_and_everything_are_each_others_complement() -> None:
    assert complement(()) == WHOLE
    assert complement(WHOLE) == ()
    assert words(()) == ""
