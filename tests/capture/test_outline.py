from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.capture.absence import Absence
from edge_inspector.capture.outline import COLUMNS, LEAST_COLUMNS, measure_outline
from edge_inspector.capture.presence import find_part
from edge_inspector.capture.silhouette import Grey, Silhouette, find_silhouettes
from edge_inspector.domain.view import MissingReason, Outline
from edge_inspector.station.recipe import SilhouettePresence, Window
from tests.capture.rods import MM_PER_PX, Paint, Plane, Rod, render

STRAWS = SilhouettePresence(
    kind="silhouette", length_mm=Window(min=50.0, max=66.0), width_mm=Window(min=4.0, max=11.0), max_tilt_deg=20.0
)
GOOD_RMS_PX = 0.3


def measure(grey: Grey, presence: SilhouettePresence = STRAWS) -> Outline | Absence:
    part = find_part(grey, presence, MM_PER_PX)
    assert isinstance(part, Silhouette), part
    return measure_outline(grey, part, presence)


def outline_of(grey: Grey, presence: SilhouettePresence = STRAWS) -> Outline:
    outline = measure(grey, presence)
    assert isinstance(outline, Outline), outline
    return outline


def misses_px(outline: Outline, rod: Rod) -> tuple[Plane, Plane]:
    """How far the upper and the lower edge are off, downwards."""
    columns = np.asarray(outline.columns_px, np.float32)
    return np.asarray(outline.upper_px) - rod.upper(columns), np.asarray(outline.lower_px) - rod.lower(columns)


def assert_right(outline: Outline, rod: Rod, *, rms_px: float = GOOD_RMS_PX, ends_px: float = 0.4) -> None:
    for side, off in zip(("upper", "lower"), misses_px(outline, rod), strict=True):
        assert np.sqrt(np.mean(off**2)) <= rms_px, f"{side} edge off by {np.round(off, 2)}"
    assert outline.start_px == pytest.approx(rod.start, abs=ends_px)
    assert outline.end_px == pytest.approx(rod.end, abs=ends_px)


# Accuracy


@pytest.mark.parametrize("blur_px", [0.6, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("ambient", [0.35, 0.6, 1.0])
def test_the_outline_is_right_to_a_third_of_a_pixel_however_blurred_and_dark_at_its_sides(
    blur_px: float, ambient: float
) -> None:
    rod = Rod(ambient=ambient, tilt_deg=0.4, y=124.3, x=621.6)
    assert_right(outline_of(render(rod, blur_px=blur_px, texture=3.0)), rod, rms_px=0.3 if blur_px < 2 else 0.4)


@pytest.mark.parametrize(
    "rod",
    [
        Rod(tilt_deg=3.0, radius=64.0),
        Rod(tilt_deg=-8.0, radius=45.0, length=1000.0),
        Rod(bow=30.0, radius=60.0),
        Rod(bow=-25.0, radius=60.0, tilt_deg=-1.0),
        Rod(taper=0.2),
        Rod(light_deg=35.0),
        Rod(light_deg=-40.0, glare=60.0),
        Rod(glare=90.0),
        Rod(radius=40.0, length=1010.0),
        Rod(skew_deg=12.0),
    ],
)
def test_a_straw_as_nature_makes_it_has_its_outline_measured_right(rod: Rod) -> None:
    assert_right(outline_of(render(rod, texture=3.0)), rod)


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_jpeg_blocks_do_little(quality: int) -> None:
    rod = Rod(y=122.8)
    assert_right(outline_of(render(rod, jpeg_quality=quality)), rod)


def test_a_rough_belt_and_a_noisy_sensor_do_little() -> None:
    rod = Rod()
    assert_right(outline_of(render(rod, texture=8.0, noise=8.0)), rod, rms_px=0.4)


def test_a_rim_as_dark_as_the_belt_costs_half_a_pixel() -> None:
    rod = Rod(level=130.0)  # 58 at the rim, before a belt of 60
    assert_right(outline_of(render(rod)), rod, rms_px=0.6)


def test_a_dark_part_on_a_light_background_has_its_outline_too() -> None:
    rod = Rod()
    light = STRAWS.model_copy(update={"background": "light"})
    assert_right(outline_of(255 - render(rod), light), rod)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(100.0, 150.0),
    st.floats(600.0, 640.0),
    st.floats(42.0, 75.0),
    st.floats(-2.0, 2.0),
    st.floats(-12.0, 12.0),
    st.floats(-0.1, 0.1),
    st.integers(0, 10_000),
)
def test_wherever_a_rod_lies_columns_rise_and_edges_are_right(
    y: float, x: float, radius: float, tilt_deg: float, bow: float, taper: float, seed: int
) -> None:
    rod = Rod(x=x, y=y, radius=radius, tilt_deg=tilt_deg, bow=bow, taper=taper, length=1040.0)
    outline = outline_of(render(rod, seed=seed))
    assert LEAST_COLUMNS <= len(outline.columns_px) <= COLUMNS
    assert len(outline.upper_px) == len(outline.lower_px) == len(outline.columns_px)
    assert np.all(np.diff(outline.columns_px) > 0)
    assert outline.start_px < outline.columns_px[0]
    assert outline.columns_px[-1] < outline.end_px
    assert_right(outline, rod, rms_px=0.4)


# What lies at the edge


def crack_beside(rod: Rod) -> Paint:
    def paint(grey: Plane, x: Plane, y: Plane) -> Plane:
        return np.where((np.abs(y - rod.upper(x) - 5) < 1.5) & (x > 300) & (x < 800), grey * np.float32(0.5), grey)

    return paint


def stain_at(rod: Rod, x_px: float, reach_px: float, level: float) -> Paint:
    def paint(grey: Plane, x: Plane, y: Plane) -> Plane:
        return np.where((np.hypot(x - x_px, y - rod.upper(x)) < reach_px) & (y > rod.upper(x)), np.float32(level), grey)

    return paint


@pytest.mark.parametrize("level", [20.0, 58.0, 90.0])
@pytest.mark.parametrize(("x_px", "reach_px"), [(300.0, 40.0), (640.0, 60.0), (150.0, 50.0)])
def test_where_a_dark_stain_hides_the_edge_the_columns_are_left_out(x_px: float, reach_px: float, level: float) -> None:
    rod = Rod()
    outline = outline_of(render(rod, paint=stain_at(rod, x_px, reach_px, level)))
    for off in misses_px(outline, rod):
        assert np.abs(off).max() < 1.5
        assert np.sqrt(np.mean(off**2)) < 0.4


def test_a_stain_over_a_quarter_of_one_edge_does_not_bend_the_rest() -> None:
    rod = Rod()

    def stain(grey: Plane, x: Plane, y: Plane) -> Plane:
        return np.where((np.abs(x - 200) < 130) & (np.abs(y - rod.upper(x) - 10) < 10), np.float32(50), grey)

    outline = outline_of(render(rod, paint=stain))
    assert len(outline.columns_px) < COLUMNS
    assert_right(outline, rod)


def test_a_crack_along_the_rim_moves_the_edge_by_less_than_a_pixel() -> None:
    rod = Rod()
    for off in misses_px(outline_of(render(rod, paint=crack_beside(rod))), rod):
        assert np.abs(off).max() < 1.5
        assert np.sqrt(np.mean(off**2)) < 0.6


def test_a_hair_over_the_edge_and_dust_beside_it_do_little() -> None:
    rod = Rod()

    def dirt(grey: Plane, x: Plane, y: Plane) -> Plane:
        hair = np.abs(y - 60 + 0.6 * (x - 400)) < 2
        dust = np.hypot(x - 730, y - rod.upper(x) + 8) < 4
        return np.where(hair | dust, np.float32(170), grey)

    assert_right(outline_of(render(rod, paint=dirt)), rod)


def test_the_tip_of_a_neighbour_at_the_border_has_no_say() -> None:
    rod = Rod(x=605.0)
    tip = Rod(x=1248.0 + 545.0, y=126.0)  # 5 px of it in the picture
    assert_right(outline_of(render(rod, tip)), rod)


def test_a_bright_wire_along_the_part_is_not_its_edge() -> None:
    rod = Rod()

    def wire(grey: Plane, x: Plane, y: Plane) -> Plane:
        return np.where(np.abs(y - rod.lower(x) - 9.5) < 2, np.float32(170), grey)

    assert_right(outline_of(render(rod, paint=wire)), rod, rms_px=0.6)  # its light adds to the background's


def test_where_the_background_beside_the_edge_is_not_seen_the_column_is_left_out() -> None:
    rod = Rod()

    def clamp(grey: Plane, x: Plane, y: Plane) -> Plane:
        return np.where((np.abs(x - 600) < 60) & (np.abs(y - rod.lower(x) - 12) < 9), np.float32(110), grey)

    bright = STRAWS.model_copy(update={"min_contrast": 70})  # the clamp does not stand out by so much
    outline = outline_of(render(rod, paint=clamp), bright)
    assert_right(outline, rod)
    assert not any(560 < column < 640 for column in outline.columns_px)


def test_a_splinter_at_the_cut_does_not_lengthen_the_part() -> None:
    rod = Rod()

    def splinter(grey: Plane, x: Plane, y: Plane) -> Plane:
        return np.where((np.abs(y - 160) < 8) & (x > 1100) & (x < 1200), np.float32(170), grey)

    assert outline_of(render(rod, paint=splinter)).end_px == pytest.approx(rod.end, abs=0.5)


def test_the_end_is_where_the_near_side_of_a_cut_is_seen_in_the_row_of_the_axis() -> None:
    rod = Rod()
    grey = render(rod)
    rows = np.arange(grey.shape[0], dtype=np.float32)[:, None]
    inwards = 20 * np.clip((rows - rod.y) / rod.radius, -1, 1) ** 2  # as a lens close by sees a square cut
    columns = np.arange(grey.shape[1], dtype=np.float32)[None, :]
    stretched = columns + inwards * np.sign(columns - rod.x) * np.clip(np.abs(columns - rod.x) / 400, 0, 1)
    along = np.repeat(rows, grey.shape[1], axis=1)
    seen = cv2.remap(grey, stretched, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    outline = outline_of(np.asarray(seen, np.uint8))
    assert outline.start_px == pytest.approx(rod.start, abs=0.4)
    assert outline.end_px == pytest.approx(rod.end, abs=0.4)


# No outline


def reason_of(found: Outline | Absence) -> str:
    assert isinstance(found, Absence), found
    assert found.reason is MissingReason.UNHEALTHY
    return found.detail


def test_a_part_whose_edges_are_hidden_over_most_of_it_has_none() -> None:
    rod = Rod()

    def fog(grey: Plane, x: Plane, y: Plane) -> Plane:
        depth = np.minimum(y - rod.upper(x), rod.lower(x) - y)
        faded = 60 + (grey - 60) * np.clip((depth + 40) / 80, 0, 1)
        return np.where(
            (x > 200) & (x < 1000), np.where(depth < 0, 60 + 120 * np.clip((depth + 40) / 80, 0, 1), faded), grey
        )

    assert reason_of(measure(render(rod, paint=fog))).startswith("the part's edges are clear at ")


def test_a_part_cut_by_the_border_has_none() -> None:
    cut = STRAWS.model_copy(update={"touches_border": True})
    assert "cut by the picture's border" in reason_of(measure(render(Rod(x=500.0)), cut))


def test_a_part_of_a_few_pixels_has_none() -> None:
    presence = STRAWS.model_copy(update={"length_mm": Window(min=1.0, max=5.0), "width_mm": Window(min=1.0, max=3.0)})
    part = find_silhouettes(render(Rod(length=50.0, radius=16.0)), presence, MM_PER_PX)[0]
    assert "is too small for an outline" in reason_of(measure_outline(render(Rod(length=50.0, radius=16.0)), part, presence))


def test_a_part_out_of_focus_has_none() -> None:
    assert "not sharp enough" in reason_of(measure(render(Rod(), blur_px=6.0)))


def test_the_same_picture_shifted_gives_the_same_outline_shifted() -> None:
    rod = Rod(length=960.0)
    still, moved = (render(replace(rod, x=x), noise=0.0, jpeg_quality=None) for x in (600.0, 616.0))
    a, b = outline_of(still), outline_of(moved)
    assert np.allclose(np.asarray(b.columns_px) - 16, a.columns_px, atol=0.01)
    assert np.allclose(a.upper_px, b.upper_px, atol=0.05)
    assert b.start_px - 16 == pytest.approx(a.start_px, abs=0.05)
