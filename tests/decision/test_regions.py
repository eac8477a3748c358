from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_inspector.decision.regions import ViewScale, cut_level, region_score
from edge_inspector.domain.judgement import Judged, Region
from edge_inspector.inference.map_regions import judge_map

SCALE = ViewScale(20, 30, 20, 30, mm_per_px=0.5, t_low=0.2, smallest_defect_px=9)
LEVELS = st.sampled_from([0, 60, 120, 127, 128, 200, 255])


def as_region(crop: np.ndarray, x_px: int = 3, y_px: int = 4) -> Region:
    return Region(x_px, y_px, crop.shape[1], crop.shape[0], crop.astype(np.uint8).tobytes())


def slow_score(crop: np.ndarray, x0: int, y0: int, scale: ViewScale) -> float:
    """Paint all that the camera saw, filter it pixel by pixel, average the largest: loops only."""
    height, width = scale.seen_height_px, scale.seen_width_px
    full = [[scale.t_low] * width for _ in range(height)]
    for y, x in np.argwhere(crop > 0):
        full[y0 + y][x0 + x] = crop[y, x] / 255
    means = []
    for y in range(height):
        for x in range(width):
            nine = [
                full[min(max(y + dy, 0), height - 1)][min(max(x + dx, 0), width - 1)]
                for dy in (-1, 0, 1)
                for dx in (-1, 0, 1)
            ]
            means.append(sum(nine) / 9)
    largest = sorted(means)[-scale.smallest_defect_px :]
    return sum(largest) / len(largest)


@settings(max_examples=60, deadline=None)
@given(
    crop=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 12)), elements=LEVELS),
    x_px=st.integers(0, 18),
    y_px=st.integers(0, 11),
    smallest_px=st.sampled_from([9, 25, 400]),
    unseen=st.tuples(st.integers(0, 15), st.integers(0, 25)),
)
def test_a_region_scores_as_the_slow_reference_says(
    crop: np.ndarray, x_px: int, y_px: int, smallest_px: int, unseen: tuple[int, int]
) -> None:
    seen = max(20 - unseen[0], y_px + crop.shape[0]), max(30 - unseen[1], x_px + crop.shape[1])
    scale = ViewScale(20, 30, *seen, 0.5, 0.2, smallest_px)
    assert region_score(as_region(crop, x_px, y_px), scale) == pytest.approx(slow_score(crop, x_px, y_px, scale), abs=1e-5)


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


@pytest.mark.parametrize(("width", "height", "p", "smallest_px", "t_low"), [(2, 30, 0.6, 40, 0.25), (1, 60, 0.95, 9, 0.25)])
def test_a_region_at_the_edge_of_what_the_camera_saw_scores_as_the_engine_says(
    width: int, height: int, p: float, smallest_px: int, t_low: float
) -> None:
    probability = np.full((80, 100), np.float32(0.001))
    probability[10 : 10 + height, 100 - width :] = p
    judged = judge_map(probability, t_low, smallest_px)
    assert isinstance(judged, Judged)
    (region,) = judged.regions
    padded = ViewScale(100, 640, 80, 100, 0.1, t_low, smallest_px)
    assert region_score(region, padded) >= judged.score - 0.004
    assert region_score(region, replace(padded, seen_width_px=640)) < judged.score - 0.05  # what it is if padding counts


def test_a_pixel_quantised_down_at_the_cut_still_counts() -> None:
    assert cut_level(0.5) == 127  # 0.5 rounded down


@given(st.floats(1e-6, 1.0))
def test_no_cut_counts_pixels_outside_a_region(cut: float) -> None:
    assert 1 <= cut_level(cut) <= 255
