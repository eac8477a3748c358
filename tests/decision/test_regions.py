from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_inspector.decision.regions import (
    MAX_COMPONENTS,
    ViewScale,
    cut_level,
    length_px,
    measure_regions,
    region_score,
)
from edge_inspector.domain.judgement import Region

SCALE = ViewScale(height_px=20, width_px=30, mm_per_px=0.5, t_low=0.2, smallest_defect_px=9)
LEVELS = st.sampled_from([0, 60, 120, 127, 128, 200, 255])


def as_region(crop: np.ndarray, x_px: int = 3, y_px: int = 4) -> Region:
    return Region(x_px, y_px, crop.shape[1], crop.shape[0], crop.astype(np.uint8).tobytes())


def slow_score(crop: np.ndarray, x0: int, y0: int, scale: ViewScale) -> float:
    """Paint the whole view, filter it pixel by pixel, average the largest: loops only."""
    full = [[scale.t_low] * scale.width_px for _ in range(scale.height_px)]
    for y, x in np.argwhere(crop > 0):
        full[y0 + y][x0 + x] = crop[y, x] / 255
    means = []
    for y in range(scale.height_px):
        for x in range(scale.width_px):
            nine = [
                full[min(max(y + dy, 0), scale.height_px - 1)][min(max(x + dx, 0), scale.width_px - 1)]
                for dy in (-1, 0, 1)
                for dx in (-1, 0, 1)
            ]
            means.append(sum(nine) / 9)
    return sum(sorted(means)[-scale.smallest_defect_px :]) / scale.smallest_defect_px


def slow_components(crop: np.ndarray, level: int) -> list[set[tuple[int, int]]]:
    left = {(int(y), int(x)) for y, x in np.argwhere(crop >= level)}
    components = []
    while left:
        queue, component = [left.pop()], set()
        while queue:
            y, x = queue.pop()
            component.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            queue.extend(near)
        components.append(component)
    return components


@settings(max_examples=60, deadline=None)
@given(
    crop=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 12)), elements=LEVELS),
    x_px=st.integers(0, 18),
    y_px=st.integers(0, 11),
    smallest_px=st.sampled_from([9, 25, 400]),
)
def test_a_region_scores_as_the_slow_reference_says(crop: np.ndarray, x_px: int, y_px: int, smallest_px: int) -> None:
    scale = ViewScale(20, 30, 0.5, 0.2, smallest_px)
    assert region_score(as_region(crop, x_px, y_px), scale) == pytest.approx(slow_score(crop, x_px, y_px, scale), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(crop=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 12)), elements=LEVELS))
def test_components_are_those_of_a_slow_flood_fill(crop: np.ndarray) -> None:
    scale = ViewScale(20, 30, 0.5, 0.001, 9)
    cut = 0.02  # below every level drawn, so that the score bars no region with a pixel in it
    found = measure_regions([as_region(crop)], cut, scale)
    assert found is not None
    expected = slow_components(crop, cut_level(cut)) if slow_score(crop, 3, 4, scale) >= cut else []
    assert sorted((c.y_px, c.x_px, c.height_px, c.width_px, c.area_mm2) for c in found) == sorted(
        (
            4 + min(y for y, _ in component),
            3 + min(x for _, x in component),
            max(y for y, _ in component) - min(y for y, _ in component) + 1,
            max(x for _, x in component) - min(x for _, x in component) + 1,
            len(component) * 0.25,
        )
        for component in expected
    )


@settings(max_examples=60, deadline=None)
@given(
    probability=arrays(np.float64, (6, 7), elements=st.floats(0.21, 1.0)),
    around=arrays(np.float64, (20, 30), elements=st.floats(0.0, 0.2)),
    x_px=st.integers(0, 23),
    y_px=st.integers(0, 14),
)
def test_a_lone_region_never_scores_below_the_whole_map(
    probability: np.ndarray, around: np.ndarray, x_px: int, y_px: int
) -> None:
    full = around.copy()
    full[y_px : y_px + 6, x_px : x_px + 7] = probability
    padded = np.pad(full, 1, mode="edge")
    means = sum(padded[dy : dy + 20, dx : dx + 30] for dy in range(3) for dx in range(3)) / 9
    of_map = np.sort(means.ravel())[-9:].mean()
    assert region_score(as_region(np.round(probability * 255), x_px, y_px), SCALE) >= of_map - 0.002


def test_a_pixel_quantised_down_at_the_cut_still_counts() -> None:
    crop = np.full((5, 5), 127)  # 0.5 rounded down
    scale = ViewScale(20, 30, 0.5, 0.2, 9)
    assert cut_level(0.5) == 127
    assert measure_regions([as_region(crop)], 0.49, scale)


@given(st.floats(1e-6, 1.0))
def test_no_cut_counts_pixels_outside_a_region(cut: float) -> None:
    assert 1 <= cut_level(cut) <= 255


def test_a_region_whose_score_is_below_the_cut_has_no_components() -> None:
    crop = np.zeros((5, 5))
    crop[2, 2] = 255  # one hot pixel: 0.29 after the filter
    assert measure_regions([as_region(crop)], 0.5, SCALE) == []


def test_sizes_are_in_millimetres_and_places_in_view_pixels() -> None:
    crop = np.zeros((6, 14))
    crop[1:4, 2:12] = 255
    (component,) = measure_regions([as_region(crop)], 0.5, SCALE) or []
    assert component.area_mm2 == pytest.approx(30 * 0.25)
    assert component.length_mm == pytest.approx(10 * 0.5)
    assert (component.x_px, component.y_px, component.width_px, component.height_px) == (5, 5, 10, 3)


def test_more_components_than_the_bound_are_not_measured() -> None:
    rows = 2 * math.isqrt(MAX_COMPONENTS) + 4
    crop = np.zeros((rows, rows))
    crop[::2, ::2] = 255
    scale = ViewScale(rows, rows, 0.5, 0.001, 9)
    assert measure_regions([as_region(crop, 0, 0)], 0.2, scale) is None


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
