from __future__ import annotations

import numpy as np
import pytest

from edge_inspector.capture.presence import Absence, find_absence
from edge_inspector.domain.view import MissingReason
from edge_inspector.station.recipe import FullFramePresence, SilhouettePresence, Window
from tests.capture.pictures import HEIGHT, MM_PER_PX, PART, WIDTH, Bar, picture

SILHOUETTE = SilhouettePresence(kind="silhouette", length_mm=Window(min=35.0, max=45.0), width_mm=Window(min=6.0, max=10.0))


def look(*bars: Bar, presence: SilhouettePresence = SILHOUETTE, belt: int = 60) -> Absence | None:
    return find_absence(picture(*bars, belt=belt), presence, MM_PER_PX)


def test_one_whole_part_in_its_place_is_present() -> None:
    assert look(PART) is None


def test_an_empty_belt_is_empty() -> None:
    assert look() == Absence(MissingReason.EMPTY, "nothing stands out from the background by 30 grey levels")


def test_dust_beside_the_part_is_no_second_part() -> None:
    assert look(PART, (288, 32, 4, 4)) is None


def test_two_parts_apart_are_two_and_their_lengths_are_said() -> None:
    absence = look((60, 4, 200, 24), (72, 36, 180, 24))
    assert absence is not None
    assert absence.reason is MissingReason.TWO_PARTS
    assert absence.detail == "2 silhouettes, 40.0, 36.0 mm long"


def test_two_parts_that_touch_are_too_wide() -> None:
    absence = look((60, 4, 200, 56))
    assert absence is not None
    assert absence.reason is MissingReason.OUT_OF_PLACE
    assert absence.detail.startswith("width 11.2 mm, allowed 6 to 10: tilted, or two parts side by side")


def test_two_parts_that_fill_the_picture_from_edge_to_edge_are_not_taken_for_the_background() -> None:
    absence = look((40, 0, 220, HEIGHT))
    assert absence is not None
    assert absence.reason is MissingReason.OUT_OF_PLACE


def test_a_picture_full_of_part_is_not_present() -> None:
    assert look((0, 0, WIDTH, HEIGHT)) is not None


def test_a_short_piece_is_half_a_part_and_its_length_is_said() -> None:
    assert look((100, 12, 120, 40)) == Absence(MissingReason.HALF_PART, "length 24.0 mm, allowed 35 to 45")


@pytest.mark.parametrize("bar", [(60, 0, 200, 34), (60, HEIGHT - 34, 200, 34)])
def test_a_part_of_which_the_border_cuts_a_strip_along_is_half_a_part(bar: Bar) -> None:
    assert look(bar) == Absence(MissingReason.HALF_PART, "cut by the picture's border, 7.2 mm of its width in view")


@pytest.mark.parametrize("bar", [(0, 12, 200, 40), (120, 12, 200, 40)])
def test_a_part_cut_by_the_border_is_half_a_part_however_long_it_looks(bar: Bar) -> None:
    absence = look(bar)
    assert absence is not None
    assert absence.reason is MissingReason.HALF_PART
    assert "cut by the picture's border" in absence.detail


def test_a_part_cut_by_the_border_is_present_where_the_recipe_says_so() -> None:
    allowed = SILHOUETTE.model_copy(update={"touches_border": True})
    assert look((0, 12, 200, 40), presence=allowed) is None


@pytest.mark.parametrize(
    ("bar", "what"), [((20, 12, 280, 40), "length 56.0 mm"), ((60, 20, 200, 20), "width 4"), ((60, 4, 200, 56), "width 11")]
)
def test_a_part_outside_the_windows_is_out_of_place(bar: Bar, what: str) -> None:
    absence = look(bar)
    assert absence is not None
    assert absence.reason is MissingReason.OUT_OF_PLACE
    assert absence.detail.startswith(what)


def test_a_tilted_part_is_out_of_place() -> None:
    bars = [(60 + 20 * i, 2 + 3 * i, 20, 30) for i in range(10)]
    absence = look(*bars)
    assert absence is not None
    assert absence.reason is MissingReason.OUT_OF_PLACE


def test_a_dark_part_on_a_light_background_is_present() -> None:
    light = SILHOUETTE.model_copy(update={"background": "light"})
    grey = 255 - picture(PART)
    assert find_absence(grey, light, MM_PER_PX) is None
    assert find_absence(255 - picture(), light, MM_PER_PX) is not None


def test_a_part_that_hardly_stands_out_is_not_seen() -> None:
    absence = find_absence(picture(PART, belt=60, part=85), SILHOUETTE, MM_PER_PX)
    assert absence is not None
    assert absence.reason is MissingReason.EMPTY


SURFACE = FullFramePresence(kind="full_frame", mean_grey=(80.0, 200.0), min_grey_deviation=2.0)


@pytest.mark.parametrize(
    ("mean", "deviation", "is_present"), [(120, 3, True), (60, 3, False), (220, 3, False), (120, 1, False)]
)
def test_a_surface_is_present_when_grey_level_and_texture_are_right(mean: float, deviation: float, is_present: bool) -> None:
    noise = np.random.default_rng(1).standard_normal((HEIGHT, WIDTH))
    grey = np.clip(mean + deviation * noise, 0, 255).astype(np.uint8)
    absence = find_absence(grey, SURFACE, MM_PER_PX)
    assert (absence is None) == is_present
    assert absence is None or absence.reason is MissingReason.EMPTY
