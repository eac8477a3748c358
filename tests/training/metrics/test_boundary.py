"""Boundary IoU: the published check values, and a slow search for the nearest pixel outside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_inspector.training.metrics.boundary import RATIOS, boundary, boundary_distance_px, boundary_overlap
from edge_inspector.training.metrics.overlap import overlap
from tests.training.metrics.test_overlap import square


@pytest.mark.parametrize(("distance_px", "iou"), [(1, 2 / 70), (2, 20 / 108), (5, 0.5625)])
def test_two_shifted_squares_give_the_check_values(distance_px: int, iou: float) -> None:
    assert boundary_overlap(square(6, 7), square(5, 5), distance_px).iou == pytest.approx(iou)


def test_the_border_of_the_picture_is_boundary() -> None:
    assert boundary(square(0, 0), 2).sum() == 64


def test_a_defect_thinner_than_twice_the_distance_is_all_boundary() -> None:
    thin = np.zeros((20, 40), bool)
    thin[9:12, 5:30] = True
    assert boundary_overlap(thin, square(0, 0)[:20, :40], 2).labelled == 64
    assert np.array_equal(boundary(thin, 2), thin)
    assert boundary_overlap(thin, thin, 2) == overlap(thin, thin)


@pytest.mark.parametrize(
    ("size", "distances"), [((1408, 512), [30, 12]), ((640, 230), [14, 5]), ((512, 512), [14, 6]), ((256, 1600), [32, 13])]
)
def test_distances_are_those_of_the_table(size: tuple[int, int], distances: list[int]) -> None:
    assert [boundary_distance_px(*size, ratio) for ratio in RATIOS] == distances


@given(arrays(np.bool_, (7, 9)), st.integers(1, 3))
def test_the_boundary_is_what_a_search_for_the_nearest_pixel_outside_finds(mask: np.ndarray, distance_px: int) -> None:
    rows, columns = mask.shape
    outside = [
        (r, c)
        for r in range(-1, rows + 1)
        for c in range(-1, columns + 1)
        if not (0 <= r < rows and 0 <= c < columns and mask[r, c])
    ]
    expected = np.zeros_like(mask)
    for r in range(rows):
        for c in range(columns):
            nearest = min(max(abs(r - a), abs(c - b)) for a, b in outside)
            expected[r, c] = mask[r, c] and nearest <= distance_px
    assert np.array_equal(boundary(mask, distance_px), expected)
