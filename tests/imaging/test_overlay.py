from __future__ import annotations

import cv2
import numpy as np

from edge_inspector.domain.records import RegionRecord
from edge_inspector.imaging.overlay import COLOURS, colour_of, draw_regions, encode_jpeg

DARK = np.full((40, 60, 3), 30, np.uint8)
RED = COLOURS["red"]


def square(x_px: int, y_px: int, side_px: int = 6) -> RegionRecord:
    return RegionRecord(x_px, y_px, side_px, side_px, bytes([200]) * side_px**2)


def test_a_region_is_tinted_inside_and_outlined_outside() -> None:
    drawn = draw_regions(DARK, [(square(20, 10), RED)])
    inside, outline, halo, far = drawn[12, 22], drawn[9, 22], drawn[8, 22], drawn[30, 5]
    assert inside[0] > 100 > inside[1]
    assert tuple(outline) == RED
    assert tuple(halo) == (0, 0, 0)
    assert tuple(far) == (30, 30, 30)


def test_what_lies_below_a_mask_can_still_be_seen() -> None:
    picture = DARK.copy()
    picture[12, :] = 120
    drawn = draw_regions(picture, [(square(20, 10), RED)])
    assert drawn[12, 22].astype(int).sum() > drawn[13, 22].astype(int).sum() + 100


def test_pixels_of_the_box_that_are_not_of_the_region_are_not_tinted() -> None:
    probability = np.zeros((9, 9), np.uint8)
    probability[4, 4] = 255
    drawn = draw_regions(DARK, [(RegionRecord(10, 10, 9, 9, probability.tobytes()), RED)])
    assert tuple(drawn[10, 10]) == (30, 30, 30)
    assert tuple(drawn[14, 14]) != (30, 30, 30)


def test_the_view_lies_at_its_origin_in_the_picture() -> None:
    drawn = draw_regions(DARK, [(square(0, 0), RED)], origin_px=(30, 20))
    assert tuple(drawn[22, 32]) != (30, 30, 30)
    assert tuple(drawn[2, 2]) == (30, 30, 30)


def test_a_region_that_reaches_beyond_the_picture_is_cut() -> None:
    drawn = draw_regions(DARK, [(square(57, 37), RED), (square(200, 200), RED)])
    assert tuple(drawn[38, 58]) != (30, 30, 30)


def test_a_region_whose_probabilities_do_not_fit_is_drawn_as_its_box() -> None:
    drawn = draw_regions(DARK, [(RegionRecord(20, 10, 6, 6, b"\xff"), RED)])
    assert tuple(drawn[12, 22]) != (30, 30, 30)


def test_the_picture_given_is_left_as_it_was() -> None:
    picture = DARK.copy()
    draw_regions(picture, [(square(20, 10), RED)])
    assert (picture == DARK).all()


def test_each_engine_keeps_its_own_colour_and_an_unknown_one_is_red() -> None:
    drawn = draw_regions(DARK, [(square(10, 10), RED), (square(30, 10), COLOURS["cyan"])])
    assert tuple(drawn[9, 12]) == RED
    assert tuple(drawn[9, 32]) == COLOURS["cyan"]
    assert colour_of("mauve") == RED


def test_a_jpeg_of_the_drawing_has_its_colours_in_the_right_order() -> None:
    decoded = cv2.imdecode(np.frombuffer(encode_jpeg(np.full((32, 32, 3), RED, np.uint8)), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(decoded[16, 16].astype(int) - RED).max() < 8
