"""Cracks within a tolerance: against a slow search for the nearest pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_inspector.training.metrics.tolerance import Matched, match, pooled

masks = arrays(np.bool_, (8, 9))


def near_by_search(mask: np.ndarray, other: np.ndarray, distance_px: float) -> int:
    pixels = np.argwhere(other)
    return sum(any(math.hypot(r - a, c - b) <= distance_px for a, b in pixels) for r, c in np.argwhere(mask))


@given(masks, masks, st.sampled_from([0, 2, 5]))
def test_pixels_are_near_as_a_search_over_all_pairs_finds(found: np.ndarray, labelled: np.ndarray, distance_px: int) -> None:
    matched = match(found, labelled, distance_px)
    assert matched.found_near == near_by_search(found, labelled, distance_px)
    assert matched.labelled_near == near_by_search(labelled, found, distance_px)


def test_a_crack_two_pixels_off_is_right_within_two_and_wrong_within_none() -> None:
    crack = np.zeros((20, 20), bool)
    crack[5, 3:17] = True
    off = np.roll(crack, 2, axis=0)
    assert match(off, crack, 0).f1 == 0
    assert match(off, crack, 2).f1 == 1


def test_pictures_are_pooled_by_pixels() -> None:
    together = pooled([Matched(10, 10, 20, 5), Matched(30, 0, 20, 15)])
    assert (together.precision, together.recall) == (0.25, 0.5)
    assert together.f1 == pytest.approx(1 / 3)


def test_nothing_found_where_nothing_is_has_no_f1_and_nothing_found_on_a_crack_has_none_either() -> None:
    empty, crack = np.zeros((4, 4), bool), np.eye(4, dtype=bool)
    assert math.isnan(match(empty, empty, 2).f1)
    assert match(empty, crack, 2).f1 == 0
    assert match(crack, empty, 2).f1 == 0
