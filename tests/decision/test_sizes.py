from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.decision.sizes import length_mm, width_mm


def length_px(place: np.ndarray) -> float:
    return length_mm(place, 1.0, 1.0)


def band(length: float, width: float, angle_deg: float) -> np.ndarray:
    """A straight band, drawn eight times as fine and counted where half of a cell is covered."""
    side = math.ceil(length + width) + 6
    y, x = (np.mgrid[0 : 8 * side, 0 : 8 * side] + 0.5) / 8 - side / 2
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    inside = (abs(x * cos + y * sin) <= length / 2) & (abs(y * cos - x * sin) <= width / 2)
    return inside.reshape(side, 8, side, 8).mean(axis=(1, 3)) >= 0.5


@pytest.mark.parametrize("angle_deg", [0, 10, 22.5, 37, 45, 80, 90])
def test_a_straight_crack_is_as_long_as_drawn(angle_deg: float) -> None:
    angle = math.radians(angle_deg)
    steps = np.linspace(0, 60, 500)
    points = {(round(s * math.sin(angle)), round(s * math.cos(angle))) for s in steps}
    mask = np.zeros((62, 62), bool)
    mask[tuple(np.array(sorted(points)).T)] = True
    assert length_px(mask) == pytest.approx(61, rel=0.03)


@pytest.mark.parametrize("radius", [15, 30])
@pytest.mark.parametrize("thickness", [1, 3])
def test_a_crack_along_half_a_circle_is_as_long_as_its_arc(radius: int, thickness: int) -> None:
    y, x = np.mgrid[0 : radius + 4, -radius - 4 : radius + 5]
    mask = abs(np.hypot(y, x) - radius) <= thickness / 2
    assert length_px(mask) == pytest.approx(math.pi * radius, rel=0.1)
    assert length_px(mask) > 1.3 * 2 * radius  # what the rectangle alone would say


def test_a_round_blob_is_as_long_as_its_diameter() -> None:
    y, x = np.mgrid[-12:13, -12:13]
    assert length_px(np.hypot(y, x) <= 12) == pytest.approx(25, abs=1.5)


def test_one_pixel_is_one_pixel_long() -> None:
    assert length_px(np.ones((1, 1), bool)) == 1.0


@pytest.mark.parametrize("angle_deg", [0, 7, 30, 45, 70, 90])
@pytest.mark.parametrize("width", [2, 3, 4, 7, 12])
def test_a_straight_band_is_as_long_and_wide_as_drawn(angle_deg: float, width: int) -> None:
    drawn = band(80, width, angle_deg)
    assert length_px(drawn) == pytest.approx(80, abs=2)
    assert width_mm(drawn, 1.0, 1.0) == pytest.approx(width, abs=0.9)


def test_width_is_never_less_than_drawn_along_the_rows() -> None:
    for width in range(1, 20):
        assert width_mm(np.ones((width, 60), bool), 0.05, 0.05) == pytest.approx(width * 0.05)


def test_width_is_that_of_the_widest_place() -> None:
    mask = np.zeros((20, 100), bool)
    mask[9:11] = True
    mask[5:15, 40:60] = True
    assert width_mm(mask, 1.0, 1.0) == pytest.approx(10, abs=0.5)


def test_a_large_place_is_no_narrower_than_a_small_one() -> None:
    assert width_mm(np.ones((31, 3000), bool), 1.0, 1.0) == pytest.approx(32)


@pytest.mark.parametrize("radius", [20, 60])
@pytest.mark.parametrize("thickness", [3, 8])
def test_a_bent_band_is_as_wide_as_drawn(radius: int, thickness: int) -> None:
    y, x = np.mgrid[0 : radius + 9, -radius - 9 : radius + 10]
    mask = abs(np.hypot(y, x) - radius) <= thickness / 2
    assert width_mm(mask, 1.0, 1.0) == pytest.approx(thickness, abs=1.1)


@pytest.mark.parametrize("turn", [False, True])
def test_cells_that_are_not_square_count_with_their_own_sides(turn: bool) -> None:
    """The same slanted line, on cells half as tall as wide."""
    mask = np.zeros((44, 24), bool)
    cv2.line(canvas := mask.astype(np.uint8), (2, 2), (21, 41), 1)
    mask = canvas.astype(bool)
    rows, columns = (1.0, 0.5) if turn else (0.5, 1.0)
    expected = math.hypot(39 * rows, 19 * columns)
    assert length_mm(mask, rows, columns) == pytest.approx(expected, abs=1.2)


def test_a_curved_place_in_pieces_is_as_long_as_the_whole() -> None:
    y, x = np.mgrid[0:34, -34:35]
    whole = abs(np.hypot(y, x) - 30) <= 1
    pieces = whole & ~((x > -4) & (x < 3)) & ~((y > 10) & (y < 14))
    assert length_px(pieces) == pytest.approx(length_px(whole), rel=0.03)


def test_a_large_curved_place_is_looked_at_more_coarsely_and_is_as_long() -> None:
    radius = 600
    y, x = np.mgrid[0 : radius + 20, -radius - 20 : radius + 21]
    mask = abs(np.hypot(y, x) - radius) <= 8
    assert length_px(mask) == pytest.approx(math.pi * radius, rel=0.05)


def test_a_place_in_very_many_pieces_is_as_long_as_its_rectangle() -> None:
    mask = np.zeros((60, 60), bool)
    mask[::9, ::9] = True
    assert length_px(mask) == pytest.approx(math.hypot(54, 54) / math.sqrt(2) + 1, rel=0.01)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 25), st.integers(1, 25), st.randoms(use_true_random=False))
def test_no_size_is_ever_missing(height: int, width: int, random: object) -> None:
    mask = np.random.default_rng(random.randrange(10**6)).random((height, width)) < 0.3  # type: ignore[attr-defined]
    mask[0, 0] = True
    length, wide = length_mm(mask, 0.04, 0.041), width_mm(mask, 0.04, 0.041)
    assert 0.039 < length <= 2 * 0.06 * int(mask.sum()) + 0.05 * (height + width) * int(mask.sum())
    assert 0.039 < wide < 0.05 * max(height, width)
