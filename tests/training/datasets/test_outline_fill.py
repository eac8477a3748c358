"""An outline holds the pixels that it would hold nine times as large, and takes no picture of that size to find them."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_inspector.training.datasets.outline_fill import fill_outline

FINER, AROUND_PX = 9, 60
HEIGHT, WIDTH = 30, 40
quarters = st.integers(-4 * 50, 4 * 80).map(
    lambda quarter: quarter / 4
)  # far off the picture, but not farther than AROUND_PX
anywhere = st.tuples(quarters, quarters)
on_picture = st.tuples(st.floats(-0.5, WIDTH - 1), st.floats(-0.5, HEIGHT - 1))


def slow_fill(points: list[tuple[float, float]], around_px: int) -> NDArray[np.bool_]:
    """Draw a picture nine times as large, that also goes on around ours, and look at the middles."""
    canvas = np.zeros(((HEIGHT + 2 * around_px) * FINER, (WIDTH + 2 * around_px) * FINER), np.uint8)
    fixed = np.rint(((np.array(points) + around_px + 0.5) * FINER - 0.5) * 16).astype(np.int32)[None]
    cv2.fillPoly(canvas, [fixed], 1, lineType=cv2.LINE_8, shift=4)
    middles = canvas[FINER // 2 :: FINER, FINER // 2 :: FINER] > 0
    return middles[around_px : around_px + HEIGHT, around_px : around_px + WIDTH]


@given(st.lists(on_picture, min_size=3, max_size=12))
def test_an_outline_holds_what_it_holds_nine_times_as_large(points: list[tuple[float, float]]) -> None:
    assert np.array_equal(fill_outline(np.array(points), HEIGHT, WIDTH), slow_fill(points, 0))


@given(st.lists(anywhere, min_size=3, max_size=8))
def test_what_lies_off_the_picture_bends_nothing_on_it(points: list[tuple[float, float]]) -> None:
    assert np.array_equal(fill_outline(np.array(points), HEIGHT, WIDTH), slow_fill(points, AROUND_PX))


def test_a_large_outline_takes_little_more_memory_than_a_byte_a_pixel() -> None:
    corners = np.array([(3.0, 5.0), (2990.0, 1.0), (2500.0, 1990.0), (10.0, 1500.0)])
    tracemalloc.start()
    mask = fill_outline(corners, 2000, 3000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert mask[1000, 1500]
    assert peak < 1.5 * mask.size
