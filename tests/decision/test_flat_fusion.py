from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_inspector.decision.flat_fusion import MAX_PLACES, along_mm, measure_views
from edge_inspector.decision.measured import Measured, PixelBox
from edge_inspector.decision.regions import ViewScale, cut_level
from edge_inspector.domain.judgement import Judged, Region
from edge_inspector.domain.view import Outline
from tests.decision import builders as b
from tests.decision.test_regions import LEVELS, as_region, slow_score

ENGINE = "crack-d2s2"


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


def measured(*regions: Region, cut: float = 0.5, t_low: float = 0.2) -> list[Measured]:
    """Measure regions of one view of 32 × 128 px at 0.1 mm/px."""
    recipe = b.recipe(rules=[{"name": "r", "engine": ENGINE, "min_score": cut}])
    judgement = b.judgement(result=Judged(1.0, t_low, regions))
    assert isinstance(judgement.result, Judged)
    marked = measure_views({("c1", ENGINE): (judgement, judgement.result)}, b.criteria(recipe))
    assert not marked.doubts
    return list(marked.places[ENGINE, cut])


@settings(max_examples=60, deadline=None)
@given(crop=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 12)), elements=LEVELS))
def test_places_are_those_of_a_slow_flood_fill(crop: np.ndarray) -> None:
    cut, t_low = 0.02, 0.001  # below every level drawn, so that the score bars no region with a pixel in it
    expected = slow_components(crop, cut_level(cut))
    if slow_score(crop, 3, 4, ViewScale(b.HEIGHT_PX, b.WIDTH_PX, b.HEIGHT_PX, b.WIDTH_PX, 0.1, t_low, 9)) < cut:
        expected = []
    found = measured(as_region(crop), cut=cut, t_low=t_low)
    assert sorted((p.box.y_px, p.box.x_px, p.box.height_px, p.box.width_px, round(p.area_mm2, 9)) for p in found) == sorted(
        (
            4 + min(y for y, _ in component),
            3 + min(x for _, x in component),
            max(y for y, _ in component) - min(y for y, _ in component) + 1,
            max(x for _, x in component) - min(x for _, x in component) + 1,
            round(len(component) * 0.01, 9),
        )
        for component in expected
    )


def test_a_region_whose_score_is_below_the_cut_has_no_places() -> None:
    crop = np.zeros((5, 5))
    crop[2, 2] = 255  # one hot pixel: 0.29 after the filter
    assert measured(as_region(crop)) == []


def test_at_the_edge_of_what_the_camera_saw_a_region_has_the_score_it_has_at_the_views_edge() -> None:
    crop = np.full((20, 2), 150)
    recipe = b.recipe(rules=[{"name": "r", "engine": ENGINE, "min_score": 0.5}])
    found = []
    for seen_width_px in (b.WIDTH_PX, 50):
        result = Judged(1.0, 0.2, (as_region(crop, seen_width_px - 2, 4),))
        judgement = b.judgement(result=result)
        view = msgspec.structs.replace(judgement.view, seen_width_px=seen_width_px)
        marked = measure_views({("c1", ENGINE): (msgspec.structs.replace(judgement, view=view), result)}, b.criteria(recipe))
        found.append([place.score for place in marked.places[ENGINE, 0.5]])
    assert found[0] == found[1] != []


def test_a_pixel_quantised_down_at_the_cut_still_counts() -> None:
    crop = np.full((7, 12), 127)  # 0.5 rounded down
    crop[2:5, 2:10] = 255
    (place,) = measured(as_region(crop), cut=0.5)
    assert place.area_mm2 == pytest.approx(7 * 12 * 0.01)


def test_sizes_are_in_millimetres_and_places_in_view_pixels() -> None:
    crop = np.zeros((6, 14))
    crop[1:4, 2:12] = 255
    (place,) = measured(as_region(crop))
    assert place.area_mm2 == pytest.approx(30 * 0.01)
    assert place.length_mm == pytest.approx(1.0)
    assert place.width_mm == pytest.approx(0.3)
    assert place.box == PixelBox(5, 5, 10, 3)
    assert (place.along_mm, place.angle_deg, place.place) == (None, None, None)
    assert place.text_mm == pytest.approx(1.0)  # its middle, from the picture's left edge


def test_more_places_than_the_bound_are_not_measured() -> None:
    rows = 2 * math.isqrt(MAX_PLACES) + 4
    crop = np.zeros((rows, rows))
    crop[::2, ::2] = 255
    recipe = b.recipe(rules=[{"name": "r", "engine": ENGINE, "min_score": 0.2}])
    judgement = b.judgement(result=Judged(1.0, 0.001, (as_region(crop, 0, 0),)))
    high = msgspec.structs.replace(judgement.view, height_px=80, seen_height_px=80)
    judgement = msgspec.structs.replace(judgement, view=high)
    assert isinstance(judgement.result, Judged)
    marked = measure_views({("c1", ENGINE): (judgement, judgement.result)}, b.criteria(recipe))
    assert marked.doubts == (f"c1: more than {MAX_PLACES} places of crack at score 0.2",)


def test_a_place_along_counts_from_the_leading_end_which_is_at_higher_x() -> None:
    outline = Outline(-0.5, 99.5, (), (), ())  # the outer edges of pixels 0 and 99
    first, last = along_mm(PixelBox(0, 3, 1, 5), outline, 0.1), along_mm(PixelBox(99, 3, 1, 5), outline, 0.1)
    assert first is not None
    assert last is not None
    assert (first.start, first.end) == (pytest.approx(9.9), pytest.approx(10.0))
    assert (last.start, last.end) == (pytest.approx(0.0), pytest.approx(0.1))


def test_the_text_names_the_place_from_the_leading_end_where_the_outline_shows_it() -> None:
    judgement = b.judgement(result=b.CRACKED)
    outline = Outline(10.0, 110.0, (), (), ())
    judgement = msgspec.structs.replace(judgement, view=msgspec.structs.replace(judgement.view, outline=outline))
    marked = measure_views({("c1", ENGINE): (judgement, b.CRACKED)}, b.criteria())
    (place,) = marked.places[ENGINE, 0.5]
    assert place.text_mm == pytest.approx((110.5 - 50) * 0.1)
    assert place.part_length_mm == pytest.approx(10.0)


def test_the_place_is_along_the_longer_side_of_an_upright_view() -> None:
    crop = np.full((4, 10), 255)
    judged = Judged(1.0, 0.2, (as_region(crop, 3, 40),))
    judgement = b.judgement(result=judged)
    view = msgspec.structs.replace(judgement.view, height_px=128, width_px=32, seen_height_px=128, seen_width_px=32)
    judgement = msgspec.structs.replace(judgement, view=view)
    marked = measure_views({("c1", ENGINE): (judgement, judged)}, b.criteria(b.recipe()))
    assert [place.text_mm for place in marked.places[ENGINE, 0.5]] == [pytest.approx(4.2)]
