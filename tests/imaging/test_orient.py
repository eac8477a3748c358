from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_inspector.imaging.orient import Turn, orient

LETTER = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)

turns: st.SearchStrategy[Turn] = st.sampled_from([0, 90, 180, 270])
pictures = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99)).map(
    lambda drawn: np.random.default_rng(drawn[2]).integers(0, 256, (*drawn[:2], 3), dtype=np.uint8)
)


@pytest.mark.parametrize(
    ("rotate_deg", "mirror", "upper_left", "upper_right"),
    [
        (0, False, (0, 0), (0, 2)),
        (90, False, (1, 0), (0, 0)),  # clockwise: what was below on the left comes up
        (180, False, (1, 2), (1, 0)),
        (270, False, (0, 2), (1, 2)),
        (0, True, (0, 2), (0, 0)),
        (90, True, (0, 0), (1, 0)),  # the mirror comes after the turn
    ],
)
def test_the_corners_go_where_the_turn_takes_them(
    rotate_deg: Turn, mirror: bool, upper_left: tuple[int, int], upper_right: tuple[int, int]
) -> None:
    turned = orient(LETTER, rotate_deg, mirror)
    assert np.array_equal(turned[0, 0], LETTER[upper_left])
    assert np.array_equal(turned[0, -1], LETTER[upper_right])


@given(pictures, turns)
def test_a_turn_back_undoes_a_turn(picture: NDArray[np.uint8], rotate_deg: Turn) -> None:
    back: Turn = {0: 0, 90: 270, 180: 180, 270: 90}[rotate_deg]  # type: ignore[assignment]
    assert np.array_equal(orient(orient(picture, rotate_deg, False), back, False), picture)


@given(pictures, turns)
def test_a_mirrored_turn_twice_over_is_undone_by_the_rule_of_mirrors(picture: NDArray[np.uint8], rotate_deg: Turn) -> None:
    # rotate, flip, rotate, flip: the flip turns the second rotation against the first
    assert np.array_equal(orient(orient(picture, rotate_deg, True), rotate_deg, True), picture)


@given(pictures, turns, st.booleans())
def test_height_and_width_change_places_with_a_quarter_turn_only(
    picture: NDArray[np.uint8], rotate_deg: Turn, mirror: bool
) -> None:
    height, width = picture.shape[:2]
    turned = orient(picture, rotate_deg, mirror)
    assert turned.shape == ((width, height, 3) if rotate_deg in (90, 270) else (height, width, 3))


@given(pictures, turns, st.booleans())
def test_the_turned_picture_is_contiguous_and_its_own(picture: NDArray[np.uint8], rotate_deg: Turn, mirror: bool) -> None:
    before = picture.copy()
    turned = orient(picture, rotate_deg, mirror)
    assert turned.flags.c_contiguous
    turned[:] = 255 - turned
    assert np.array_equal(picture, before)
