from __future__ import annotations

import math

import numpy as np
import pytest

from edge_inspector.capture.absence import Absence
from edge_inspector.capture.presence import find_part, find_surface_fault
from edge_inspector.capture.silhouette import Silhouette
from edge_inspector.domain.view import MissingReason
from edge_inspector.station.recipe import FullFramePresence, SilhouettePresence, Window
from tests.capture import rods
from tests.capture.pictures import HEIGHT, MM_PER_PX, PART, WIDTH, Bar, picture
from tests.capture.rods import Rod, render

BARS = SilhouettePresence(kind="silhouette", length_mm=Window(min=35.0, max=45.0), width_mm=Window(min=6.0, max=10.0))
STRAWS = SilhouettePresence(
    kind="silhouette",
    length_mm=Window(min=55.0, max=65.0),
    width_mm=Window(min=5.6, max=10.4),
    max_tilt_deg=3.0,
    max_off_centre_mm=2.0,
    min_fill=0.6,
)


def look(*bars: Bar, presence: SilhouettePresence = BARS, belt: int = 60) -> Silhouette | Absence:
    return find_part(picture(*bars, belt=belt), presence, MM_PER_PX)


def look_at(*straws: Rod, presence: SilhouettePresence = STRAWS, **scene: float) -> Silhouette | Absence:
    return find_part(render(*straws, texture=3.0, **scene), presence, rods.MM_PER_PX)  # type: ignore[arg-type]


def absence(found: Silhouette | Absence) -> Absence:
    assert isinstance(found, Absence)
    return found


# One whole part


def test_one_whole_part_in_its_place_is_present_and_measured() -> None:
    part = look_at(Rod(tilt_deg=1.5, y=140.0))
    assert isinstance(part, Silhouette)
    assert part.length_mm == pytest.approx(1100 * rods.MM_PER_PX, abs=0.4)
    assert part.width_mm == pytest.approx(148 * rods.MM_PER_PX, abs=0.4)
    assert part.tilt_deg == pytest.approx(1.5, abs=0.1)
    assert part.off_centre_mm == pytest.approx((140 - 127.5) * rods.MM_PER_PX, abs=0.1)
    assert part.fill > 0.9


@pytest.mark.parametrize(
    "straw",
    [
        Rod(bow=30.0, radius=60.0),  # 1.6 mm
        Rod(bow=-30.0, radius=60.0),
        Rod(taper=0.25),
        Rod(radius=56.0),
        Rod(radius=94.0),
        Rod(skew_deg=20.0),
        Rod(glare=90.0, light_deg=35.0),
        Rod(level=130.0),
        Rod(tilt_deg=-2.5),
    ],
)
def test_a_straw_as_nature_makes_it_is_present(straw: Rod) -> None:
    assert isinstance(look_at(straw), Silhouette)


def test_a_tilted_part_is_as_long_and_as_wide_as_a_straight_one() -> None:
    straight, tilted = look_at(Rod(radius=52.0, length=1060.0)), look_at(Rod(radius=52.0, length=1060.0, tilt_deg=2.9))
    assert isinstance(straight, Silhouette)
    assert isinstance(tilted, Silhouette)
    assert tilted.length_mm == pytest.approx(straight.length_mm, abs=0.25)
    assert tilted.width_mm == pytest.approx(straight.width_mm, abs=0.15)


def test_dust_and_a_hair_change_nothing() -> None:
    def dirt(grey: rods.Plane, x: rods.Plane, y: rods.Plane) -> rods.Plane:
        hair = np.abs(y - 60 + 0.6 * (x - 400)) < 3
        dust = np.hypot(x - 900, y - 20) < 9
        return np.where(hair | dust, np.float32(190), grey)

    part = find_part(render(Rod(), paint=dirt), STRAWS, rods.MM_PER_PX)
    assert isinstance(part, Silhouette)
    assert part.fill > 0.9


def test_large_dark_stains_do_not_make_a_part_foreign() -> None:
    def stain(grey: rods.Plane, x: rods.Plane, y: rods.Plane) -> rods.Plane:
        return np.where(np.hypot(np.abs(x - 620) - 200, y - 126) < 62, np.float32(55), grey)

    part = find_part(render(Rod(), paint=stain), STRAWS.model_copy(update={"min_fill": 0.9}), rods.MM_PER_PX)
    assert isinstance(part, Silhouette)


def test_a_dark_part_on_a_light_background_is_present() -> None:
    light = BARS.model_copy(update={"background": "light"})
    assert isinstance(find_part(255 - picture(PART), light, MM_PER_PX), Silhouette)
    assert isinstance(find_part(255 - picture(), light, MM_PER_PX), Absence)


def test_a_part_that_lies_across_the_rows_may_be_what_the_recipe_asks_for() -> None:
    upright = BARS.model_copy(
        update={
            "length_mm": Window(min=6.0, max=10.0),
            "width_mm": Window(min=9.0, max=12.0),
            "max_tilt_deg": 5.0,
        }
    )
    part = look((140, 6, 40, 52), presence=upright)  # 8 mm along the travel, 10.4 mm across: hardly longer than wide
    assert isinstance(part, Silhouette)
    wider = BARS.model_copy(update={"length_mm": Window(min=3.0, max=5.0), "width_mm": Window(min=9.0, max=12.0)})
    part = look((140, 6, 20, 52), presence=wider)
    assert isinstance(part, Silhouette)
    assert abs(part.tilt_deg) < 1
    assert part.length_mm == pytest.approx(4.0, abs=0.9)  # a reduced pixel is 0.8 mm


# EMPTY


def test_an_empty_belt_is_empty() -> None:
    assert look() == Absence(MissingReason.EMPTY, "nothing stands out from the background by 30 grey levels")


def test_a_part_that_hardly_stands_out_is_not_seen() -> None:
    found = find_part(picture(PART, belt=60, part=85), BARS, MM_PER_PX)
    assert absence(found).reason is MissingReason.EMPTY


# TWO_PARTS


def test_two_parts_apart_are_two_and_their_lengths_are_said() -> None:
    found = absence(look((60, 4, 200, 24), (72, 36, 180, 24)))
    assert found == Absence(MissingReason.TWO_PARTS, "2 silhouettes, 40.0, 36.0 mm long")


def test_two_parts_side_by_side_that_touch_are_two() -> None:
    found = absence(look_at(Rod(y=76.0, radius=52.0), Rod(y=179.0, radius=52.0, x=635.0)))
    assert found.reason is MissingReason.TWO_PARTS
    assert found.detail.endswith("allowed 5.6 to 10.4: as wide as two parts side by side")
    assert found.detail.startswith("width 11.2 mm")


def test_two_parts_end_to_end_that_touch_are_two() -> None:
    found = absence(look_at(Rod(x=80.0), Rod(x=1180.0)))
    assert found.reason is MissingReason.TWO_PARTS
    assert found.detail == "length 67.4 mm, allowed 55 to 65: as long as parts end to end"


def test_two_short_parts_end_to_end_are_two_also_where_both_ends_are_seen() -> None:
    short = BARS.model_copy(update={"length_mm": Window(min=15.0, max=20.0)})
    assert absence(look(PART, presence=short)).reason is MissingReason.TWO_PARTS


def test_two_parts_that_fill_the_picture_from_edge_to_edge_are_not_taken_for_the_background() -> None:
    assert absence(look((40, 0, 220, HEIGHT))).reason is MissingReason.TWO_PARTS


def test_a_picture_full_of_part_is_not_present() -> None:
    assert isinstance(look((0, 0, WIDTH, HEIGHT)), Absence)


# HALF_PART


def test_a_short_piece_is_half_a_part_and_its_length_is_said() -> None:
    assert look((100, 12, 120, 40)) == Absence(MissingReason.HALF_PART, "length 24.0 mm, allowed 35 to 45")


@pytest.mark.parametrize("bar", [(60, 0, 200, 34), (60, HEIGHT - 34, 200, 34)])
def test_a_part_of_which_the_border_cuts_a_strip_along_is_half_a_part(bar: Bar) -> None:
    found = absence(look(bar))
    assert found.reason is MissingReason.HALF_PART
    assert found.detail.startswith("cut by the picture's border, ")
    assert found.detail.endswith(" mm of its width in view")


@pytest.mark.parametrize("bar", [(0, 12, 200, 40), (120, 12, 200, 40)])
def test_a_part_cut_by_the_border_is_half_a_part_however_long_it_looks(bar: Bar) -> None:
    found = absence(look(bar))
    assert found == Absence(MissingReason.HALF_PART, "cut by the picture's border, 40.0 mm of its length in view")


def test_a_part_cut_by_the_border_is_present_where_the_recipe_says_so() -> None:
    allowed = BARS.model_copy(update={"touches_border": True})
    assert isinstance(look((0, 12, 200, 40), presence=allowed), Silhouette)


# OUT_OF_PLACE


@pytest.mark.parametrize(
    ("straws", "detail"),
    [
        ([Rod(tilt_deg=5.0, radius=60.0, length=1040.0)], "tilted by 5.0°, at most 3"),
        ([Rod(tilt_deg=-5.0, radius=60.0, length=1040.0)], "tilted by 5.0°, at most 3"),
        ([Rod(radius=500.0, length=148.0)], "tilted by 90.0°, at most 3"),  # across, and cut by both borders
        ([Rod(y=84.0)], "2.3 mm above the picture's middle, at most 2"),
        ([Rod(y=171.0)], "2.3 mm below the picture's middle, at most 2"),
        ([Rod(radius=40.0)], "width 4.3 mm, allowed 5.6 to 10.4"),
        ([Rod(radius=100.0)], "width 10.8 mm, allowed 5.6 to 10.4"),
        ([Rod(length=1228.0)], "length 66.5 mm, allowed 55 to 65"),
    ],
)
def test_a_part_outside_the_recipes_window_is_out_of_place_with_number_and_limit(straws: list[Rod], detail: str) -> None:
    assert look_at(*straws) == Absence(MissingReason.OUT_OF_PLACE, detail)


# FOREIGN


def test_a_thing_that_fills_too_little_of_its_box_is_foreign() -> None:
    bent = Rod(bow=50.0, radius=52.0, y=110.0)
    found = absence(look_at(bent, presence=STRAWS.model_copy(update={"min_fill": 0.75})))
    assert found.reason is MissingReason.FOREIGN
    assert found.detail.endswith(" % of the box around it, at least 75: not of a part's form")


def test_a_triangle_of_the_right_size_is_foreign() -> None:
    def triangle(grey: rods.Plane, x: rods.Plane, y: rods.Plane) -> rods.Plane:
        return np.where((x > 70) & (x < 1150) & (np.abs(y - 127) < 90 * (1150 - x) / 1080), np.float32(180), grey)

    found = absence(find_part(render(paint=triangle), STRAWS.model_copy(update={"min_fill": 0.7}), rods.MM_PER_PX))
    assert found.reason in (MissingReason.FOREIGN, MissingReason.HALF_PART)


def test_a_measure_that_is_no_number_is_never_inside_a_window() -> None:
    for name in ("max_tilt_deg", "max_off_centre_mm", "min_fill"):
        assert isinstance(look(PART, presence=BARS.model_copy(update={name: math.nan})), Absence)
    assert isinstance(
        look(PART, presence=BARS.model_copy(update={"width_mm": Window.model_construct(min=0, max=math.nan)})), Absence
    )


# A surface that fills the picture


SURFACE = FullFramePresence(kind="full_frame", mean_grey=(80.0, 200.0), min_grey_deviation=2.0)


@pytest.mark.parametrize(
    ("mean", "deviation", "is_present"), [(120, 3, True), (60, 3, False), (220, 3, False), (120, 1, False)]
)
def test_a_surface_is_present_when_grey_level_and_texture_are_right(mean: float, deviation: float, is_present: bool) -> None:
    noise = np.random.default_rng(1).standard_normal((HEIGHT, WIDTH))
    grey = np.clip(mean + deviation * noise, 0, 255).astype(np.uint8)
    absence = find_surface_fault(grey, SURFACE)
    assert (absence is None) == is_present
    assert absence is None or absence.reason is MissingReason.EMPTY
