from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edge_inspector.decision.ring_labels import label_on_ring, unrolled_rows
from tests.decision import slow_surface_fusion as slow

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9))


@given(MASKS, st.booleans())
def test_places_are_those_of_a_slow_flood_fill(mask: np.ndarray, goes_around: bool) -> None:
    rows = mask.shape[0] if goes_around else 10**6

    def around(cell: slow.Cell) -> list[slow.Cell]:
        return [(row % rows, column) for row, column in slow.eight(cell)]

    expected = slow.flood([(int(row), int(column)) for row, column in np.argwhere(mask)], around)
    count, labels = label_on_ring(mask, goes_around=goes_around)
    assert labels.max() == count == len(expected)
    assert {frozenset(map(tuple, np.argwhere(labels == label).tolist())) for label in range(1, count + 1)} == set(
        map(frozenset, expected)
    )


@given(arrays(bool, st.integers(1, 30)).filter(np.any))
def test_rows_come_unrolled_after_the_widest_gap(is_taken: np.ndarray) -> None:
    rows = unrolled_rows(is_taken, goes_around=True).tolist()
    size = is_taken.size
    assert all(later == (row + 1) % size for row, later in pairwise(rows))
    assert set(np.flatnonzero(is_taken)) <= set(rows)
    shorter = [
        start
        for start in range(size)
        for count in [len(rows) - 1]
        if set(np.flatnonzero(is_taken)) <= {(start + step) % size for step in range(count)}
    ]
    assert shorter == []  # no shorter run holds them all


@given(arrays(bool, st.integers(1, 30)).filter(np.any))
def test_rows_of_a_map_with_two_ends_are_not_unrolled(is_taken: np.ndarray) -> None:
    taken = np.flatnonzero(is_taken)
    assert unrolled_rows(is_taken, goes_around=False).tolist() == list(range(taken[0], taken[-1] + 1))
