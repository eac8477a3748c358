from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.records import RegionRecord
from edge_inspector.imaging.overlay import COLOURS, colour_of, draw_probability, encode_jpeg, probability_map

DARK = np.full((40, 60, 3), 30, np.uint8)
RED = COLOURS["red"]
CUT = 0.5


def square(x_px: int, y_px: int, side_px: int = 6, level: int = 255) -> RegionRecord:
    return RegionRecord(x_px, y_px, side_px, side_px, bytes([level]) * side_px**2)


def mapped(*regions: RegionRecord) -> NDArray[np.uint8]:
    return probability_map(regions, width_px=60, height_px=40)


def redness(picture: NDArray[np.uint8]) -> NDArray[np.int_]:
    return picture[..., 0].astype(int) - picture[..., 1].astype(int)


def test_regions_lie_where_the_view_has_them_and_overlap_by_their_higher_probability() -> None:
    found = mapped(square(20, 10, level=200), square(22, 12, level=100))
    assert found.shape == (40, 60)
    assert (found[10, 20], found[13, 23], found[17, 27], found[9, 19]) == (200, 200, 100, 0)


def test_a_region_that_reaches_beyond_the_view_is_cut() -> None:
    found = mapped(square(57, 37), square(200, 200))
    assert found[38:, 58:].all()
    assert np.count_nonzero(found) == 9


def test_a_region_whose_probabilities_do_not_fit_fills_its_box() -> None:
    assert np.count_nonzero(mapped(RegionRecord(20, 10, 6, 6, b"\x10")) == 255) == 36


def test_a_mark_is_tinted_inside_outlined_beside_it_and_nothing_else_is_touched() -> None:
    drawn = redness(draw_probability(DARK, mapped(square(20, 10)), RED, CUT))
    assert (drawn[11:15, 21:25] > 40).all()
    assert drawn[9, 20:26].min() > 100  # the row above the mask
    drawn[7:18, 17:28] = 0
    assert not drawn.any()


def test_what_lies_below_a_mark_can_still_be_seen() -> None:
    picture = DARK.copy()
    picture[12, :] = 120
    drawn = draw_probability(picture, mapped(square(20, 10)), RED, CUT)
    assert drawn[12, 22].astype(int).sum() > drawn[13, 22].astype(int).sum() + 100


def test_what_stays_below_the_cut_is_tinted_faintly_and_not_outlined() -> None:
    drawn = redness(draw_probability(DARK, mapped(square(20, 10, level=100)), RED, CUT))
    assert 10 < drawn[12, 22] < 40
    assert drawn[:10].max() == 0


def test_a_mark_of_one_pixel_is_outlined_also_where_the_picture_is_drawn_smaller() -> None:
    small = np.full((30, 45, 3), 30, np.uint8)
    drawn = redness(draw_probability(small, mapped(square(20, 10, side_px=1)), RED, CUT))
    assert drawn[5:11, 12:19].max() > 80
    assert not drawn[:, 22:].any()


def test_marks_follow_a_picture_that_is_drawn_larger() -> None:
    large = np.full((80, 120, 3), 30, np.uint8)
    drawn = redness(draw_probability(large, mapped(square(20, 10)), RED, CUT))
    assert (drawn[23:30, 43:50] > 40).all()
    assert not drawn[:16].any()


def test_the_picture_given_is_left_as_it_was() -> None:
    picture = DARK.copy()
    draw_probability(picture, mapped(square(20, 10)), RED, CUT)
    assert (picture == DARK).all()


def test_a_colour_that_nobody_knows_is_red() -> None:
    assert colour_of("Cyan") == COLOURS["cyan"]
    assert colour_of("mauve") == RED


def test_a_jpeg_has_the_colours_in_the_right_order_and_at_full_resolution() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:, 16] = RED  # one column: half of it is lost where colours are kept at half the resolution
    decoded = cv2.imdecode(np.frombuffer(encode_jpeg(picture, 98), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(decoded[16, 16].astype(int) - RED).max() < 25
