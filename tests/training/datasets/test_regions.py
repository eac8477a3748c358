"""Regions become the pixels that they cover, wherever they lie."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.regions import (
    Ellipse,
    Polygon,
    Polyline,
    Region,
    SharePolygon,
    Spot,
    Stencil,
    cover,
    draw,
    reaches_beyond,
    rectangle,
)

coordinates = st.tuples(st.floats(-30, 60), st.floats(-30, 60))


def test_a_rectangle_covers_its_first_and_last_pixel() -> None:
    mask = draw([rectangle(2, 1, 5, 3)], 8, 10)
    assert mask.sum() == 4 * 3
    assert mask[1:4, 2:6].all()


@given(st.lists(coordinates, min_size=3, max_size=6))
def test_every_pixel_well_inside_a_polygon_is_covered_and_none_well_outside(points: list[tuple[float, float]]) -> None:
    mask = draw([Polygon(tuple(points))], 20, 24)
    for row in range(20):
        for column in range(24):
            if distance_to_outline(column, row, points) > 1.5:  # OpenCV rounds outlines, to a neighbour at times
                assert mask[row, column] == is_inside(column, row, points)


@given(st.lists(coordinates, min_size=3, max_size=6))
def test_without_its_outline_a_polygon_covers_exactly_the_middles_inside(points: list[tuple[float, float]]) -> None:
    pixels = [(row, column) for row in range(20) for column in range(24)]
    clear = [(row, column) for row, column in pixels if distance_to_outline(column, row, points) > 0.2]
    assume(any(is_inside(column, row, points) for row, column in clear))
    mask = draw([Polygon(tuple(points), is_outlined=False)], 20, 24)
    for row, column in clear:
        assert mask[row, column] == is_inside(column, row, points)


def test_a_polygon_too_thin_to_hold_the_middle_of_a_pixel_covers_those_under_it() -> None:
    sliver = Polygon(((2, 3.2), (9, 3.2), (9, 3.4), (2, 3.4)), is_outlined=False)
    assert np.argwhere(draw([sliver], 8, 12)).tolist() == [[3, column] for column in range(2, 10)]
    beyond = Polygon(((-9, 1), (-0.4, 1), (-0.4, 5), (-9, 5)), is_outlined=False)
    assert not draw([beyond], 8, 12).any()


def is_inside(x: float, y: float, points: list[tuple[float, float]]) -> bool:
    """Count the edges that a ray to the right crosses."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        if (y0 > y) != (y1 > y):
            crossings += x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    return crossings % 2 == 1


def distance_to_outline(x: float, y: float, points: list[tuple[float, float]]) -> float:
    nearest = math.inf
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        length2 = (x1 - x0) ** 2 + (y1 - y0) ** 2
        t = 0.0 if length2 == 0 else min(max(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length2, 0), 1)
        nearest = min(nearest, math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)))
    return nearest


def test_an_ellipse_has_the_area_of_its_axes_however_it_is_turned() -> None:
    for turn_rad in (0.0, 0.4, 1.3):
        covered, area, outline = draw([Ellipse(60, 60, 40, 15, turn_rad)], 120, 120).sum(), math.pi * 40 * 15, 183
        assert area < covered < area + 0.6 * outline  # the outline belongs to it


def test_an_ellipse_turns_clockwise_as_seen_in_the_picture() -> None:
    mask = draw([Ellipse(30, 30, 20, 4, math.pi / 4)], 60, 60)
    assert mask[40, 40]  # right and down
    assert not mask[20, 40]


def test_a_line_is_a_pixel_wide_and_a_spot_a_pixel() -> None:
    assert draw([Polyline(((2, 3), (9, 3)))], 8, 12).sum() == 8
    assert np.argwhere(draw([Spot(4.4, 2.6)], 8, 12)).tolist() == [[3, 4]]
    assert not draw([Spot(-1, 2)], 8, 12).any()


@given(st.integers(-4, 12), st.integers(-4, 10), st.lists(st.booleans(), min_size=12, max_size=12))
def test_a_stencil_lays_its_rows_where_its_box_lies(left: int, top: int, pixels: list[bool]) -> None:
    box = np.array(pixels).reshape(3, 4)
    changes = np.flatnonzero(np.diff(np.concatenate(([False], pixels, [not pixels[-1]]))))
    counts = np.diff(np.concatenate(([0], changes)))
    slow = np.zeros((8, 10), bool)
    for row, column in np.argwhere(box):
        if 0 <= top + row < 8 and 0 <= left + column < 10:
            slow[top + row, left + column] = True
    assert np.array_equal(draw([Stencil(left, top, 4, 3, tuple(counts))], 8, 10), slow)


def test_a_stencil_whose_counts_do_not_fill_its_box_is_refused() -> None:
    with pytest.raises(TrainingDataError, match=r"counts of 2 runs add up to 11 px, allowed is the picture's 12"):
        draw([Stencil(0, 0, 4, 3, (5, 6))], 8, 10)


def test_regions_that_overlap_are_counted_once() -> None:
    assert draw([rectangle(0, 0, 3, 3), rectangle(2, 0, 5, 3)], 4, 8).sum() == 6 * 4


def test_what_lies_off_the_picture_is_drawn_as_far_as_the_picture_goes_and_is_known() -> None:
    beyond = rectangle(-5, -5, 2, 2)
    assert draw([beyond], 8, 8).sum() == 9
    assert reaches_beyond(beyond, 8, 8)
    assert not reaches_beyond(rectangle(0, 0, 7, 7), 8, 8)
    assert not reaches_beyond(Stencil(5, 6, 3, 2, (0, 6)), 8, 8)
    assert reaches_beyond(Stencil(6, 6, 3, 2, (0, 6)), 8, 8)
    assert draw([rectangle(-1e12, 0, 1e12, 3)], 8, 8).sum() == 4 * 8


quarters = st.integers(-80, 200).map(lambda quarter: quarter / 4)
quarter_points = st.lists(st.tuples(quarters, quarters), min_size=3, max_size=6).map(tuple)
half_axes = st.integers(1, 100).map(lambda quarter: quarter / 4)
outlined = st.one_of(
    st.builds(Polygon, quarter_points),
    st.builds(Polyline, quarter_points),
    st.builds(Ellipse, quarters, quarters, half_axes, half_axes),
    st.builds(Spot, quarters, quarters),
)


@given(outlined)
def test_a_region_covers_the_same_pixels_wherever_the_picture_ends(region: Region) -> None:
    whole = draw([region], 90, 90)
    assert np.array_equal(draw([region], 20, 24), whole[:20, :24])
    box, covered = cover(region, 90, 90)
    assert covered.sum() == whole.sum()
    assert np.array_equal(whole[box], covered)


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (Polygon(((1, 1), (2, 2))), "a polygon of 2 points, needed are at least 3"),
        (Polyline(((1, 1),)), "a polyline of 1 points"),
        (Polygon(((1, 1), (2, math.nan), (3, 3))), "a point that is no number"),
        (Ellipse(1, 1, math.inf, 2), "a point that is no number"),
        (Ellipse(1, 1, 2, 1e12), r"an ellipse with the half axes 2 and 1e\+12, allowed is up to 1000000"),
    ],
)
def test_a_region_that_is_none_is_refused(region: Polygon | Polyline | Ellipse, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        draw([region], 8, 8)


@given(
    corners=st.lists(st.tuples(st.floats(0, 32), st.floats(0, 16)), min_size=3, max_size=8),
    shift=st.floats(0.03, 0.97),
)
def test_shares_that_are_no_whole_pixels_count_from_the_corner_as_in_coco(
    corners: list[tuple[float, float]], shift: float
) -> None:
    points = [(shift, shift), *corners]
    shares = SharePolygon(tuple((x / 32, y / 16) for x, y in points))
    in_pixels = Polygon(tuple((x - 0.5, y - 0.5) for x, y in points), is_outlined=False)
    assert np.array_equal(draw([shares], 16, 32), draw([in_pixels], 16, 32))


def test_shares_of_whole_pixels_are_an_outline_through_their_middles_unless_they_reach_the_far_border() -> None:
    traced = SharePolygon(((2 / 40, 2 / 24), (5 / 40, 2 / 24), (5 / 40, 4 / 24), (2 / 40, 4 / 24)))
    assert draw([traced], 24, 40).sum() == 4 * 3
    whole = SharePolygon(((0, 0), (1, 0), (1, 1), (0, 1)))
    assert draw([whole], 24, 40).all()
    assert not reaches_beyond(whole, 24, 40)
