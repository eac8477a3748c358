"""What cameras see of a rod, against published numbers and against counting little pieces of surface one by one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.station.arcs import WHOLE, arc, words
from edge_inspector.station.coverage import Eye, Hidden, Rod, half_arc_deg, surface_coverage

STRAW = Rod(radius_mm=4, length_mm=60)


def eye(angle_deg: float, *, name: str = "c", distance_mm: float = 80, along_mm: float = 70, lead_mm: float = 100) -> Eye:
    return Eye(name, angle_deg, distance_mm, along_mm, (along_mm - 34, along_mm + 34), lead_mm)


@pytest.mark.parametrize(
    ("ratio", "incidence", "half_arc"),
    [
        (0.05, 45, 43.0),
        (0.05, 60, 57.5),
        (0.05, 65, 62.4),
        (0.10, 60, 55.0),
        (0.10, 70, 64.6),
        (0.20, 45, 36.9),
        (0.20, 70, 59.2),
    ],
)
def test_arcs_are_those_of_the_published_table(ratio: float, incidence: float, half_arc: float) -> None:
    """science.md §7.2; its rounding is to a tenth."""
    assert half_arc_deg(ratio, 1.0, incidence) == pytest.approx(half_arc, abs=0.051)


@given(
    radius=st.floats(0.5, 20),
    distance=st.floats(30, 200),
    incidence=st.floats(5, 85),
    dz=st.floats(-60, 60),
)
def test_the_arc_ends_where_the_ray_meets_the_surface_at_the_incidence_allowed(
    radius: float, distance: float, incidence: float, dz: float
) -> None:
    half = half_arc_deg(radius, distance, incidence, dz)
    if half > 0:
        assert incidence_deg(math.radians(half), radius, distance, dz) == pytest.approx(incidence, abs=1e-3)
    else:
        assert incidence_deg(0.0, radius, distance, dz) >= incidence


def incidence_deg(psi: float, radius: float, distance: float, dz: float) -> float:
    """Between the surface's normal and the way back to the lens, by vectors."""
    point = (radius * math.cos(psi), radius * math.sin(psi), dz)
    way = (distance - point[0], -point[1], -point[2])
    normal = (math.cos(psi), math.sin(psi), 0.0)
    cosine = sum(a * b for a, b in zip(way, normal, strict=True)) / math.dist(way, (0, 0, 0))
    return math.degrees(math.acos(cosine))


@settings(max_examples=15)
@given(
    angles=st.lists(st.integers(0, 359), min_size=1, max_size=5, unique=True),
    radius=st.floats(2, 8),
    incidence=st.floats(30, 75),
    lead=st.floats(80, 110),
    hidden_from=st.integers(0, 359),
    hidden_span=st.integers(10, 200),
)
def test_coverage_is_the_share_of_little_pieces_that_some_camera_sees(
    angles: list[int], radius: float, incidence: float, lead: float, hidden_from: int, hidden_span: int
) -> None:
    rod = Rod(radius, 60)
    eyes = [eye(angle, name=f"c{k}", lead_mm=lead + 3 * k) for k, angle in enumerate(angles)]
    hidden = Hidden((60, 75), arc(hidden_from, hidden_span), ("c0",))

    def is_seen(theta: float, along: float) -> bool:
        for one in eyes:
            z = one.lead_mm - along
            psi = math.radians(theta - one.angle_deg)
            in_picture = one.seen_mm[0] <= z <= one.seen_mm[1]
            is_behind = one.name == "c0" and 60 <= z <= 75 and (theta - hidden_from) % 360 <= hidden_span
            before_the_lens = math.cos(psi) > radius / one.distance_mm
            at_deg = incidence_deg(psi, radius, one.distance_mm, z - one.along_mm)
            if in_picture and not is_behind and before_the_lens and at_deg <= incidence:
                return True
        return False

    pieces = [is_seen(theta + 0.5, along + 0.25) for theta in range(0, 360, 2) for along in range(0, 60, 1)]
    share = sum(pieces) / len(pieces)
    assert surface_coverage(rod, incidence, eyes, [hidden]).share == pytest.approx(share, abs=0.03)


def test_six_cameras_every_60_degrees_see_all_of_a_straw_and_five_do_not() -> None:
    ring = [eye(60 * k, name=f"c{k}") for k in range(6)]
    assert surface_coverage(STRAW, 60, ring, []).share == pytest.approx(1.0)

    without_one = surface_coverage(STRAW, 60, ring[1:], [])

    assert without_one.share < 0.99
    assert words(without_one.unseen) == "355° to 5°"
    assert (without_one.unseen_mm[0], without_one.unseen_mm[1]) == (0, 60)


def test_far_from_where_the_lens_looks_less_is_seen() -> None:
    assert half_arc_deg(4, 80, 60, dz_mm=30) < half_arc_deg(4, 80, 60) - 2
    assert half_arc_deg(4, 80, 60, dz_mm=200) == 0


def test_a_support_hides_what_lies_before_it_and_only_from_the_cameras_named() -> None:
    ring = [eye(60 * k, name=f"c{k}") for k in range(6)]
    behind = surface_coverage(STRAW, 60, ring, [Hidden((70, 76), arc(0, 90), ())])
    assert behind.share == pytest.approx(1 - 0.1 * 0.25, abs=0.002)
    assert words(behind.unseen) == "0° to 90°"
    assert behind.unseen_mm == pytest.approx((24, 30), abs=0.3)
    from_one = surface_coverage(STRAW, 60, ring, [Hidden((70, 76), arc(0, 20), ("c3",))])
    assert from_one.share == pytest.approx(1.0)


def test_a_part_outside_the_picture_is_not_seen() -> None:
    assert surface_coverage(STRAW, 60, [eye(0, lead_mm=400)], []).share == pytest.approx(0.0)
    assert surface_coverage(STRAW, 60, [], []).unseen == WHOLE
