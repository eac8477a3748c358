"""The fit against outlines that an independent slow ray caster made, with noise, and against outlines that no rod gives."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from edge_inspector.geometry import RodFit, RodRefused, SeenOutline, fit_rod, surface_of_pixels
from tests.geometry.builders import AZIMUTHS, moved_down, random_tube, rod_of, seen_outlines, without_columns
from tests.geometry.slow_ray_caster import SlowCamera, SlowTube, picture_place

SEEDS = range(6)
STRAIGHT = SlowTube(60.0, 4.0)


def fitted(seen: list[SeenOutline]) -> RodFit:
    fit = fit_rod(seen)
    assert isinstance(fit, RodFit), fit
    return fit


def refused(seen: list[SeenOutline]) -> str:
    fit = fit_rod(seen)
    assert isinstance(fit, RodRefused), fit
    return fit.reason


def complaints(fit: RodFit) -> list[str]:
    return [complaint for edges in fit.edges if (complaint := edges.complaint)]


def with_outline(view: SeenOutline, **changes: object) -> SeenOutline:
    return replace(view, outline=msgspec.structs.replace(view.outline, **changes))


def test_exact_outlines_give_the_rod_exactly() -> None:
    tube = SlowTube(59.0, 3.6, (0.7, -0.9), (0.01, -0.02), (1.1, 1.4), 0.003, 0.5, 35.0)
    fit = fitted(seen_outlines(tube))
    assert fit.rod.parameters == pytest.approx(rod_of(tube).parameters, abs=0.004)
    assert fit.edge_rms_px < 0.02
    assert max(fit.max_end_residual_mm) < 0.01
    assert fit.lead_correction_mm == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("seed", SEEDS)
def test_noisy_outlines_of_any_straw_give_its_measures(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tube = random_tube(rng)
    late_mm = float(rng.uniform(-1, 1))
    seen = seen_outlines(tube, rng=rng, late_mm=late_mm)
    fit = fitted(seen)
    true = rod_of(tube)
    assert fit.rod.diameter_mm == pytest.approx(true.diameter_mm, abs=0.05)
    assert fit.rod.bow_mm == pytest.approx(true.bow_mm, abs=0.1)
    assert fit.rod.length_mm == pytest.approx(true.length_mm, abs=0.2)
    assert fit.rod.oval_mm == pytest.approx(true.oval_mm, abs=0.05)
    assert fit.rod.taper_mm == pytest.approx(true.taper_mm, abs=0.05)
    assert fit.lead_correction_mm == pytest.approx(late_mm, abs=0.1)
    assert fit.lead_mm == pytest.approx([view.lead_mm + late_mm for view in seen], abs=0.1)
    assert fit.edge_rms_px < 0.35
    assert max(fit.max_end_residual_mm) < 0.1
    assert complaints(fit) == []


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_mark_on_the_surface_has_one_place_in_all_views_that_show_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tube = random_tube(rng)
    late_mm = float(rng.uniform(-1, 1))
    seen = seen_outlines(tube, rng=rng, late_mm=late_mm)
    fit = fitted(seen)
    marks_along, marks_angle = rng.uniform(2, tube.length - 2, 60), rng.uniform(0, 360, 60)
    places = []
    for view, lead_mm, camera in zip(seen, fit.lead_mm, fit.cameras, strict=True):
        x_px, y_px = picture_place(tube, SlowCamera(camera.angle_deg), view.lead_mm + late_mm, marks_along, marks_angle)
        shown = np.abs((marks_angle - camera.angle_deg + 180) % 360 - 180) < 55
        place = surface_of_pixels(fit.rod, camera, lead_mm, x_px, y_px)
        places.append((np.where(shown, place.along_mm, np.nan), np.where(shown, place.angle_deg, np.nan)))
        assert np.all(np.isfinite(place.along_mm[shown]))
    along, angle = (np.stack(numbers) for numbers in zip(*places, strict=True))
    twice = np.sum(np.isfinite(along), axis=0) > 1
    assert twice.sum() > 20
    off_along, off_angle = along - marks_along, (angle - marks_angle + 180) % 360 - 180
    assert np.nanmax(np.abs(off_along)) < 0.2
    assert np.nanmax(np.abs(off_angle)) < 0.5
    assert np.max(np.nanmax(off_along[:, twice], axis=0) - np.nanmin(off_along[:, twice], axis=0)) < 0.2
    assert np.max(np.nanmax(off_angle[:, twice], axis=0) - np.nanmin(off_angle[:, twice], axis=0)) < 0.5


def test_a_thin_straw_bowed_by_more_than_it_is_thick_is_found() -> None:
    """A straight rod is the first guess, and parts of this one lie wholly beside it."""
    tube = SlowTube(60.0, 1.5, sag=(3.0, 4.5))
    fit = fitted(seen_outlines(tube))
    assert fit.rod.parameters == pytest.approx(rod_of(tube).parameters, abs=0.02)


def test_splinters_and_fibres_do_not_pull_the_rod() -> None:
    rng = np.random.default_rng(1)
    tube = random_tube(rng)
    seen = seen_outlines(tube, rng=rng)
    for k in (0, 2, 3):
        lower = np.array(seen[k].outline.lower_px)
        lower[4 * k + 4 : 4 * k + 7] += rng.uniform(6, 30, 3)
        seen[k] = with_outline(seen[k], lower_px=tuple(lower))
    fit = fitted(seen)
    assert fit.rod.diameter_mm == pytest.approx(2 * tube.radius, abs=0.05)
    assert fit.rod.bow_mm == pytest.approx(rod_of(tube).bow_mm, abs=0.1)
    assert fit.rod.oval_mm == pytest.approx(tube.oval, abs=0.08)
    long_ones = [bool(edges.complaint) for edges in fit.edges]
    assert long_ones == [k in (0, 2, 3) for k in range(6)]  # each hides 5 to 10 mm of an edge


def test_a_leaf_along_a_third_of_an_edge_in_every_view_does_not_pull_the_rod_but_is_told() -> None:
    rng = np.random.default_rng(1)
    tube = random_tube(rng)
    seen = []
    for view in seen_outlines(tube, rng=rng):
        upper, first = np.array(view.outline.upper_px), int(rng.integers(0, 17))
        upper[first : first + 7] -= rng.uniform(4, 30, 7)
        seen.append(with_outline(view, upper_px=tuple(upper)))
    fit = fitted(seen)
    assert fit.rod.parameters == pytest.approx(rod_of(tube).parameters, abs=0.02)
    assert fit.edge_rms_px < 0.35
    assert len(complaints(fit)) == len(seen)


def test_a_node_does_not_thicken_the_rod() -> None:
    tube = SlowTube(60.0, 4.0, sag=(0.5, 0.0))
    seen = []
    for view in seen_outlines(tube, rng=np.random.default_rng(10), skew_mm=0.0):
        upper, lower = np.array(view.outline.upper_px), np.array(view.outline.lower_px)
        upper[9:11] -= 7.0  # 0.4 mm of radius, on 5 mm, all around
        lower[9:11] += 7.0
        seen.append(with_outline(view, upper_px=tuple(upper), lower_px=tuple(lower)))
    fit = fitted(seen)
    assert fit.rod.parameters == pytest.approx(rod_of(tube).parameters, abs=0.05)
    assert fit.edge_rms_px < 0.35
    assert complaints(fit) == []


KINK = math.tan(math.radians(7.0))


@pytest.mark.parametrize("kink_at_deg", [0.0, 50.0, 90.0])
def test_a_straw_kinked_over_its_last_quarter_is_not_taken_for_a_straight_one(kink_at_deg: float) -> None:
    turn = math.radians(kink_at_deg)
    tube = SlowTube(60.0, 4.0, kink_at=45.0, kink=(KINK * math.cos(turn), KINK * math.sin(turn)))
    assert tube.bow() > 1.2
    fit = fitted(seen_outlines(tube))
    assert fit.rod.bow_mm < 0.5  # what the fit claims
    told = complaints(fit)
    assert len(told) >= 4  # the two that look along the kink do not see it
    assert all("mm beside" in complaint for complaint in told)


def test_a_kink_whose_columns_were_left_out_is_told_where_it_lies() -> None:
    """Whoever measures an outline drops columns that do not lie on one curve."""
    tube = SlowTube(60.0, 4.0, kink_at=45.0, kink=(KINK, 0.0))
    seen = [without_columns(view, 0.0, 0.25) for view in seen_outlines(tube)]
    told = complaints(fitted(seen))
    assert len(told) == len(seen)
    for complaint in told:
        found = re.search(
            r"no edge of the part lies on the rod .* from (\d+\.\d) to (\d+\.\d) mm \(limit 5\.\d mm\)", complaint
        )
        assert found, complaint
        assert (float(found[1]), float(found[2])) == pytest.approx((45.0, 60.0), abs=2.5)


def test_a_straw_of_two_diameters_is_not_taken_for_one_of_the_more_common_one() -> None:
    tube = SlowTube(60.0, 4.0, step_at=42.0, step=1.0)
    fit = fitted(seen_outlines(tube))
    assert fit.rod.diameter_mm < 8.3  # its mean is 8.6
    assert len(complaints(fit)) == 6


def test_one_column_left_out_here_and_there_is_no_reason_to_complain() -> None:
    seen = []
    for view in seen_outlines(random_tube(np.random.default_rng(12)), rng=np.random.default_rng(12)):
        for share in (0.0, 0.3, 0.55, 0.98):
            view = without_columns(view, share - 0.02, share + 0.02)
        seen.append(view)
    assert complaints(fitted(seen)) == []


def test_half_an_outline_says_nothing_of_the_other_half() -> None:
    seen = [without_columns(view, 0.4, 0.9) if k == 2 else view for k, view in enumerate(seen_outlines(STRAIGHT))]
    fit = fitted(seen)
    assert [bool(edges.complaint) for edges in fit.edges] == [k == 2 for k in range(6)]


@pytest.mark.parametrize("tilt_deg", [5.0, -8.5, 10.0])
@pytest.mark.parametrize("tilt_at_deg", [0.0, 70.0])
def test_a_straw_that_leans_is_as_long_as_from_end_to_end(tilt_at_deg: float, tilt_deg: float) -> None:
    slope, turn = math.tan(math.radians(tilt_deg)), math.radians(tilt_at_deg)
    tube = SlowTube(59.0, 4.0, tilt=(slope * math.cos(turn), slope * math.sin(turn)), sag=(0.4, 0.3))
    fit = fitted(seen_outlines(tube, rng=np.random.default_rng(11)))
    assert fit.rod.end_to_end_mm == pytest.approx(tube.end_to_end(), abs=0.1)
    assert fit.rod.end_to_end_mm - fit.rod.length_mm > 0.2
    assert complaints(fit) == []


def test_a_view_out_of_step_is_told_and_does_not_move_the_others() -> None:
    rng = np.random.default_rng(2)
    tube = random_tube(rng)
    seen = seen_outlines(tube, rng=rng)
    seen[4] = replace(seen[4], lead_mm=seen[4].lead_mm + 2.0)
    fit = fitted(seen)
    assert fit.max_end_residual_mm[4] == pytest.approx(2.0, abs=0.15)
    assert max(fit.max_end_residual_mm[:4]) < 0.2
    assert fit.rod.length_mm == pytest.approx(tube.length, abs=0.2)
    assert fit.lead_correction_mm == pytest.approx(0, abs=0.15)


def test_parts_that_shake_between_the_frames_are_laid_over_each_other() -> None:
    """Each view's camera is moved so that its silhouette lies over the rod's: what shaking adds to angles is taken out."""
    rng = np.random.default_rng(3)
    tube = random_tube(rng)
    still = seen_outlines(tube, rng=rng)
    shaken_px = np.array([4.0, -3.0, 0.0, 4.0, -3.0, 0.0])  # no rod lies so: opposite cameras see it on opposite sides
    fit = fitted([moved_down(view, by_px) for view, by_px in zip(still, shaken_px, strict=True)])
    quiet = fitted(still)
    moved_px = [camera.centre_y_px - 127.5 for camera in fit.cameras]
    assert moved_px == pytest.approx(shaken_px, abs=0.3)
    assert fit.rod.diameter_mm == pytest.approx(2 * tube.radius, abs=0.05)
    assert [camera.centre_y_px - 127.5 for camera in quiet.cameras] == pytest.approx([0] * 6, abs=0.3)


def test_a_camera_that_was_moved_is_named() -> None:
    for moved in range(6):
        seen = seen_outlines(STRAIGHT)
        seen[moved] = moved_down(seen[moved], 30.0)
        fit = fit_rod(seen)
        assert isinstance(fit, RodRefused)
        assert fit.view == moved
        assert fit.reason.startswith(f"the camera at {60 * moved}° shows the part's edges 1.")
        assert "(limit 0.5)" in fit.reason


@pytest.mark.parametrize("azimuth", [0.0, 120.0])
def test_one_camera_gives_a_round_rod_at_its_distance(azimuth: float) -> None:
    turn = math.radians(azimuth)
    aside = (-math.sin(turn), math.cos(turn))
    tube = SlowTube(60.0, 4.0, (0.8 * aside[0], 0.8 * aside[1]), sag=(1.2 * aside[0], 1.2 * aside[1]), growth=0.004)
    fit = fitted(seen_outlines(tube, azimuths=[azimuth], rng=np.random.default_rng(4)))
    assert fit.rod.parameters == pytest.approx(rod_of(tube).parameters, abs=0.1)
    assert fit.rod.oval_mm == 0.0
    assert fit.rod.centre_mm(30.0) @ np.array([math.cos(turn), math.sin(turn)]) == pytest.approx(0, abs=1e-9)


def test_what_one_camera_can_not_tell_does_not_become_garbage() -> None:
    """A straw off its distance, bowed towards the camera and oval: about as long and thick as it looks, and never more."""
    tube = SlowTube(60.0, 4.0, (1.0, 0.5), sag=(1.5, 0.3), oval=0.4)
    fit = fitted(seen_outlines(tube, azimuths=[0.0], rng=np.random.default_rng(5)))
    assert fit.rod.diameter_mm == pytest.approx(8.0 * 80 / 79, abs=0.4)
    assert fit.rod.length_mm == pytest.approx(60 * 80 / 79, abs=1.0)
    assert fit.rod.bow_mm == pytest.approx(0.3, abs=0.1)


def test_two_cameras_across_each_other_give_the_axis_and_a_round_rod() -> None:
    tube = SlowTube(60.0, 4.0, (0.8, -0.6), (0.01, 0.015), (1.0, 1.2), 0.004)
    fit = fitted(seen_outlines(tube, azimuths=[30.0, 90.0], rng=np.random.default_rng(6)))
    assert fit.rod.parameters == pytest.approx(rod_of(tube).parameters, abs=0.1)
    assert fit.rod.oval_mm == 0.0


def test_two_opposite_cameras_do_not_guess_what_neither_can_tell() -> None:
    tube = SlowTube(60.0, 4.0, (0.0, -0.6), sag=(0.0, 1.2))
    fit = fitted(seen_outlines(tube, azimuths=[0.0, 180.0], rng=np.random.default_rng(7)))
    assert fit.rod.parameters == pytest.approx(rod_of(tube).parameters, abs=0.1)
    assert fit.rod.centre_x_mm == pytest.approx((0, 0, 0), abs=1e-9)


@pytest.mark.parametrize(
    ("azimuths", "bow_is_known", "oval_is_known"),
    [
        ([0.0], False, False),
        ([0.0, 180.0], False, False),
        ([0.0, 20.0], False, False),
        ([0.0, 60.0], True, False),
        ([0.0, 15.0, 30.0], True, False),
        ([0.0, 120.0, 240.0], True, True),
        (list(AZIMUTHS), True, True),
    ],
)
def test_the_fit_says_what_the_directions_do_not_tell_and_has_none_of_it(
    azimuths: list[float], bow_is_known: bool, oval_is_known: bool
) -> None:
    tube = SlowTube(60.0, 4.0, sag=(0.9, 0.0), oval=0.4, oval_at=40.0)
    fit = fitted(seen_outlines(tube, azimuths=azimuths))
    assert (fit.bow_is_known, fit.oval_is_known) == (bow_is_known, oval_is_known)
    if bow_is_known:
        assert fit.rod.bow_mm == pytest.approx(0.9, abs=0.1)
    else:
        assert fit.rod.bow_mm < 0.3  # towards the cameras it has none
    assert fit.rod.oval_mm == pytest.approx(0.4 if oval_is_known else 0.0, abs=0.05)


def test_three_cameras_give_the_oval_too() -> None:
    tube = SlowTube(60.0, 4.0, (0.8, -0.6), sag=(1.0, 1.2), oval=0.5, oval_at=70.0)
    fit = fitted(seen_outlines(tube, azimuths=[0.0, 120.0, 240.0], rng=np.random.default_rng(8)))
    assert fit.rod.parameters == pytest.approx(rod_of(tube).parameters, abs=0.1)


def test_the_order_of_the_views_does_not_matter() -> None:
    seen = seen_outlines(random_tube(np.random.default_rng(9)), rng=np.random.default_rng(9))
    forwards, backwards = fitted(seen), fitted(seen[::-1])
    assert backwards.rod.parameters == pytest.approx(forwards.rod.parameters, abs=1e-6)
    assert backwards.max_end_residual_mm[::-1] == pytest.approx(forwards.max_end_residual_mm, abs=1e-6)


@pytest.fixture(scope="module")
def straight() -> list[SeenOutline]:
    return seen_outlines(STRAIGHT)


def test_no_view_is_no_rod() -> None:
    assert refused([]) == "no view has an outline of the part"


@pytest.mark.parametrize("place", ["start_px", "columns_px", "upper_px", "lead_mm"])
def test_a_number_that_is_not_finite_is_refused(straight: list[SeenOutline], place: str) -> None:
    view = straight[1]
    if place == "lead_mm":
        broken = replace(view, lead_mm=math.nan)
    elif place == "start_px":
        broken = with_outline(view, start_px=math.nan)
    else:
        broken = with_outline(view, **{place: (math.nan, *getattr(view.outline, place)[1:])})
    assert (
        refused([straight[0], broken, *straight[2:]]) == "the camera at 60° gave an outline with a number that is not finite"
    )


def test_an_outline_that_is_inside_out_is_refused(straight: list[SeenOutline]) -> None:
    outline = straight[1].outline
    crossed = with_outline(straight[1], upper_px=outline.lower_px, lower_px=outline.upper_px)
    assert refused([straight[0], crossed]) == "the camera at 60° gave an outline that is turned inside out"
    swapped = with_outline(straight[1], start_px=outline.end_px, end_px=outline.start_px)
    assert refused([straight[0], swapped]) == "the camera at 60° gave an outline that is turned inside out"


def test_an_outline_of_too_few_columns_is_refused(straight: list[SeenOutline]) -> None:
    outline = straight[1].outline
    few = with_outline(
        straight[1], columns_px=outline.columns_px[:3], upper_px=outline.upper_px[:3], lower_px=outline.lower_px[:3]
    )
    assert refused([straight[0], few]) == "the camera at 60° gave an outline of 3 columns; a rod needs at least 4"
    uneven = with_outline(straight[1], upper_px=outline.upper_px[:-1])
    assert "24 columns with 23 upper and 24 lower points" in refused([uneven])


def test_columns_at_one_place_fix_no_rod(straight: list[SeenOutline]) -> None:
    crowded = []
    for view in straight:
        middle = len(view.outline.columns_px) // 2
        upper, lower = (edge[middle] for edge in (view.outline.upper_px, view.outline.lower_px))
        crowded.append(with_outline(view, columns_px=(623.0,) * 8, upper_px=(upper,) * 8, lower_px=(lower,) * 8))
    assert "columns must be spread over the whole part" in refused(crowded)


def test_a_view_that_shows_another_place_than_the_others_is_named(straight: list[SeenOutline]) -> None:
    outline = straight[2].outline
    start, end = outline.start_px + 1500, outline.end_px + 1500
    gone = with_outline(straight[2], start_px=start, end_px=end, columns_px=tuple(x + 1500 for x in outline.columns_px))
    reason = refused([*straight[:2], gone, *straight[3:]])
    assert reason.startswith("the camera at 120° shows only 0 columns of an edge between the ends of the rod")


def test_a_thing_that_is_no_rod_is_refused(straight: list[SeenOutline]) -> None:
    """Every camera sees something of another width."""
    seen = []
    for k, view in enumerate(straight):
        outline = view.outline
        lower = tuple(y + 25.0 * k for y in outline.lower_px)
        seen.append(with_outline(view, lower_px=lower))
    assert "it was moved, or the part is no rod" in refused(seen)


def test_a_thing_as_near_as_the_camera_is_refused(straight: list[SeenOutline]) -> None:
    wide = [with_outline(view, upper_px=(-3000.0,) * 24, lower_px=(3000.0,) * 24) for view in straight]
    assert "stands 80 mm from it" in refused(wide)


@pytest.mark.parametrize("seed", range(40))
def test_outlines_of_chance_give_a_reason_or_a_rod_of_finite_numbers(seed: int, straight: list[SeenOutline]) -> None:
    rng = np.random.default_rng(seed)
    seen = []
    for azimuth in rng.choice(AZIMUTHS, rng.integers(1, 7), replace=False):
        columns = np.sort(rng.uniform(-2000, 3000, rng.integers(4, 30)))
        upper = rng.uniform(-32000, 32000) + rng.normal(0, 10 ** rng.uniform(-1, 3), columns.size)
        lower = upper + 10 ** rng.uniform(-2, 4)
        start = float(rng.uniform(-30000, 30000))
        view = straight[AZIMUTHS.index(azimuth)]
        edges = {"columns_px": tuple(columns), "upper_px": tuple(upper), "lower_px": tuple(lower)}
        end = start + 10 ** rng.uniform(0, 4)
        seen.append(with_outline(view, start_px=start, end_px=float(end), **edges))
    fit = fit_rod(seen)
    if isinstance(fit, RodFit):
        assert all(math.isfinite(number) for number in (*fit.rod.parameters, *fit.lead_mm, *fit.max_end_residual_mm))
        assert math.isfinite(fit.edge_rms_px)
    else:
        assert fit.reason
