"""One part whose views are put together on its surface. Pictures and silhouettes are those of the slow reference."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import msgspec
import pytest

from edge_inspector.decision import Assessment, Criteria, Viewpoints, judge_part, surface_fusion
from edge_inspector.decision.criteria import Pair
from edge_inspector.domain.judgement import Judged, Judgement, Region
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.domain.view import Outline
from edge_inspector.geometry import Rod
from edge_inspector.station.recipe import Recipe
from edge_inspector.station.station import Occlusion
from tests.decision import builders as b
from tests.decision import ring
from tests.decision import slow_surface_fusion as slow

ACCEPT, UNINSPECTED, REJECT = VerdictKind.ACCEPT, VerdictKind.UNINSPECTED, VerdictKind.REJECT
MODES = ("any", "max", "weighted")
ENGINE = "crack-d2s2"
BENT = slow.SlowRod(20.0, (0.2, 0.1, 0.3), (-0.1, 0.2, 0.2), (3.0, 0.05), (0.06, 0.0))
OUTLINES = {view.name: ring.outline(BENT, view) for view in ring.slow_views()}


def crack(along: float, angle_deg: float, **fields: float) -> slow.Blob:
    shape = {"half_along": 2.5, "half_around": 0.5, "tilt": 0.3, "peak": 1.0, **fields}
    return slow.Blob(along, math.radians(angle_deg), **shape)


@cache
def painted(*blobs: slow.Blob) -> dict[str, Judged]:
    return {camera: ring.judged_of(picture) for camera, picture in ring.pictures(BENT, blobs).items()}


def part(*blobs: slow.Blob, outlines: Mapping[str, Outline | None] = OUTLINES) -> dict[Pair, Judgement]:
    return {(camera, ENGINE): ring.judgement(camera, result, outlines[camera]) for camera, result in painted(*blobs).items()}


def rule(**limits: object) -> dict[str, object]:
    return {"name": "r", "engine": ENGINE, "min_score": 0.5, **limits}


@pytest.mark.parametrize("mode", MODES)
def test_a_clean_part_is_accepted_with_its_surface_on_record(mode: str) -> None:
    result = ring.judge(part(), ring.recipe(mode))
    assert (result.kind, result.reasons, result.findings) == (ACCEPT, (), ())
    surface = result.surface
    assert surface is not None
    assert surface.length_mm == pytest.approx(20.0, abs=0.1)
    assert surface.diameter_mm == pytest.approx(6.0, abs=0.05)
    assert surface.bow_mm == pytest.approx(math.hypot(0.3, 0.2), abs=0.1)
    assert surface.coverage == pytest.approx(1.0)
    assert Rod.of_parameters(surface.rod).end_to_end_mm == surface.length_mm
    assert surface.lead_correction_mm == pytest.approx(0.0, abs=0.2)
    assert [view.camera for view in surface.views] == list(ring.CAMERAS)
    assert surface.views[0].lead_mm == pytest.approx(ring.LEAD_MM, abs=0.2)
    assert (result.length_mm, result.diameter_mm) == (None, None)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("angle_deg", [30.0, 90.0, 331.0])
def test_one_crack_in_two_views_is_one_finding_seen_by_both(angle_deg: float, mode: str) -> None:
    result = ring.judge(part(crack(8.0, angle_deg)), ring.recipe(mode, [rule(min_length_mm=2.0)]))
    assert result.kind is REJECT
    (finding,) = result.findings
    assert finding.place is not None
    assert finding.place.along_mm == pytest.approx(8.0, abs=0.3)
    assert abs((finding.place.angle_deg - angle_deg + 180) % 360 - 180) < 3.0
    assert finding.length_mm == pytest.approx(5.0, abs=0.5)
    assert finding.width_mm == pytest.approx(1.0, abs=0.3)
    assert len(finding.cameras) == 2
    (reason,) = result.reasons
    assert reason.endswith(
        f"at {finding.place.along_mm:.0f} mm, {finding.place.angle_deg:.0f}°, seen by {', '.join(finding.cameras)}"
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_crack_across_the_seam_is_one_finding(mode: str) -> None:
    (finding,) = ring.judge(part(crack(10.0, 0.0, tilt=1.2)), ring.recipe(mode)).findings
    assert finding.place is not None
    assert min(finding.place.angle_deg, 360 - finding.place.angle_deg) < 3.0
    assert finding.place.angle_extent_deg < 120
    assert finding.length_mm == pytest.approx(5.0, abs=0.5)


@pytest.mark.parametrize("mode", MODES)
def test_a_defect_all_around_is_one_finding_of_the_whole_circumference(mode: str) -> None:
    belt = [crack(10.0, 20.0 * i, half_along=0.9, half_around=0.9) for i in range(18)]
    (finding,) = ring.judge(part(*belt), ring.recipe(mode)).findings
    assert finding.place is not None
    assert finding.place.angle_extent_deg == pytest.approx(360, abs=0.01)
    assert finding.length_mm == pytest.approx(math.pi * 6, rel=0.1)
    assert set(finding.cameras) == set(ring.CAMERAS)


def test_the_box_lies_in_the_view_that_shows_the_finding_straightest() -> None:
    blob = crack(8.0, 66.0)
    (finding,) = ring.judge(part(blob)).findings
    assert finding.cameras[0] == "c2"  # at 60°
    view = next(view for view in ring.slow_views() if view.name == "c2")
    x, y = view.project(BENT.surface(blob.along, blob.angle))
    assert finding.x_px + finding.width_px / 2 == pytest.approx(x, abs=2)
    assert finding.y_px + finding.height_px / 2 == pytest.approx(y, abs=2)


@pytest.mark.parametrize("mode", MODES)
def test_two_cracks_farther_apart_than_same_defect_mm_are_two(mode: str) -> None:
    blobs = (crack(6.0, 80.0, half_along=1.0, tilt=0), crack(10.0, 80.0, half_along=1.0, tilt=0))  # 2 mm between them
    for same_defect_mm, count in [(1.0, 2), (3.0, 1)]:
        result = ring.judge(part(*blobs), ring.recipe(mode, surface={"same_defect_mm": same_defect_mm}))
        assert len(result.findings) == count


@pytest.mark.parametrize("mode", MODES)
def test_what_only_a_grazing_view_marks_does_not_count(mode: str) -> None:
    """c2 looks at 0° past 60°: its marks there are left to c1, which sees the place straight and finds nothing."""
    everywhere = part(crack(8.0, 5.0, half_along=1.5, tilt=0))
    assert painted(crack(8.0, 5.0, half_along=1.5, tilt=0))["c6"].regions  # at 300°: seen at 65° and more
    only_grazing = part() | {("c6", ENGINE): everywhere["c6", ENGINE]}
    assert ring.judge(only_grazing, ring.recipe(mode, surface={"max_incidence_deg": 55.0})).kind is ACCEPT
    assert ring.judge(everywhere, ring.recipe(mode, surface={"max_incidence_deg": 55.0})).kind is REJECT


def test_max_believes_the_one_view_and_weighted_the_mean_of_both() -> None:
    """Between c1 and c2 both look equally straight; what c1 marks with 0.65 and c2 not at all is (0.65 + t_low) / 2."""
    both = part(crack(8.0, 30.0, half_around=0.5, tilt=0, peak=0.65))
    one = both | {("c2", ENGINE): part()["c2", ENGINE]}
    assert ring.judge(one, ring.recipe("any")).kind is REJECT
    assert ring.judge(one, ring.recipe("max")).kind is REJECT
    assert ring.judge(one, ring.recipe("weighted")).kind is ACCEPT
    assert ring.judge(both, ring.recipe("weighted")).kind is REJECT
    (finding,) = ring.judge(with_t_low(one, 0.15), ring.recipe("weighted", [rule(min_score=0.33)])).findings
    assert finding.score == pytest.approx((0.65 + 0.15) / 2, abs=0.05)


def with_t_low(judgements: dict[Pair, Judgement], t_low: float) -> dict[Pair, Judgement]:
    changed = {}
    for pair, judgement in judgements.items():
        assert isinstance(judgement.result, Judged)
        changed[pair] = msgspec.structs.replace(judgement, result=msgspec.structs.replace(judgement.result, t_low=t_low))
    return changed


@pytest.mark.parametrize("mode", MODES)
def test_a_missing_view_is_a_doubt_and_the_others_still_reject(mode: str) -> None:
    gone = {"c4": b.missing(None, "c4")}
    clean = {pair: each for pair, each in part().items() if pair[0] != "c4"}
    result = ring.judge(clean, ring.recipe(mode), missing=gone)
    assert result.kind is UNINSPECTED
    assert result.reasons[0] == "c4: no view: no_frame (nearest 40 ms away)"
    cracked = {pair: each for pair, each in part(crack(8.0, 30.0)).items() if pair[0] != "c4"}
    result = ring.judge(cracked, ring.recipe(mode), missing=gone)
    assert result.kind is REJECT
    assert result.reasons[-1].startswith("only") or "c4: no view" in "".join(result.reasons)


def test_a_view_that_was_taken_back_forms_no_surface_and_may_still_reject() -> None:
    moved = replace_outline(OUTLINES["c4"], 20.0)
    judgements = part(crack(8.0, 180.0), outlines={**OUTLINES, "c4": moved})
    result = ring.judge(judgements, missing={"c4": b.missing(None, "c4")})
    assert result.kind is REJECT
    assert result.surface is not None
    assert result.surface.length_mm == pytest.approx(20.0, abs=0.1)
    assert not any("c4: shows the part's ends" in reason for reason in result.reasons)


def test_a_judgement_that_is_missing_leaves_the_rest_of_the_surface() -> None:
    cracked = part(crack(8.0, 30.0))
    del cracked["c5", ENGINE]
    result = ring.judge(cracked)
    assert result.kind is REJECT
    assert "c5: no judgement of crack in time" in result.reasons


def replace_outline(outline: Outline, right_px: float) -> Outline:
    columns = tuple(x + right_px for x in outline.columns_px)
    return msgspec.structs.replace(
        outline, start_px=outline.start_px + right_px, end_px=outline.end_px + right_px, columns_px=columns
    )


def test_a_view_without_an_outline_is_a_doubt_and_what_it_marks_still_counts() -> None:
    without = {**OUTLINES, "c1": None}
    result = ring.judge(part(outlines=without))
    assert result.kind is UNINSPECTED
    assert "c1: the view has no outline of the part, so that its place on the surface can not be checked" in result.reasons
    only_c1 = part(outlines=without) | {("c1", ENGINE): part(crack(8.0, 0.0), outlines=without)["c1", ENGINE]}
    result = ring.judge(only_c1)
    assert result.kind is REJECT
    assert result.findings[0].cameras == ("c1",)


def test_a_view_out_of_step_with_the_belt_is_a_doubt_with_both_numbers() -> None:
    outlines = {**OUTLINES, "c3": replace_outline(OUTLINES["c3"], 8.0)}  # 8 px = 2 mm
    result = ring.judge(part(outlines=outlines))
    assert result.kind is UNINSPECTED
    (reason,) = result.reasons
    assert reason.startswith("c3: shows the part's ends 2.")
    assert "mm from where belt speed and time put them (limit 1.5)" in reason
    assert ring.judge(part(outlines=outlines), ring.recipe(surface={"max_step_mm": 3.0})).kind is ACCEPT


@pytest.mark.parametrize(
    "wrong",
    [
        msgspec.structs.replace(OUTLINES["c2"], end_px=math.nan),
        msgspec.structs.replace(OUTLINES["c2"], upper_px=OUTLINES["c2"].lower_px, lower_px=OUTLINES["c2"].upper_px),
        msgspec.structs.replace(OUTLINES["c2"], upper_px=(math.nan,) * len(OUTLINES["c2"].upper_px)),
    ],
)
def test_an_outline_that_no_rod_fits_is_a_doubt_and_the_others_still_give_one(wrong: Outline) -> None:
    outlines = {**OUTLINES, "c2": wrong}
    result = ring.judge(part(outlines=outlines))
    assert result.kind is UNINSPECTED
    assert result.surface is not None
    assert result.surface.length_mm == pytest.approx(20.0, abs=0.1)
    assert result.reasons[0].startswith("c2: left out of the part's surface: the camera at 60°")
    assert ring.judge(part(crack(8.0, 180.0), outlines=outlines)).kind is REJECT


def test_two_outlines_that_no_rod_fits_leave_no_surface() -> None:
    broken = msgspec.structs.replace(OUTLINES["c2"], end_px=math.nan)
    result = ring.judge(part(outlines={**OUTLINES, "c2": broken, "c5": broken}))
    assert result.kind is UNINSPECTED
    assert result.surface is None
    assert result.reasons[0].startswith("the part's surface can not be laid out: the camera at 60°")


def moved_down(outline: Outline, by_px: float) -> Outline:
    upper, lower = (tuple(y + by_px for y in edge) for edge in (outline.upper_px, outline.lower_px))
    return msgspec.structs.replace(outline, upper_px=upper, lower_px=lower)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("camera", ring.CAMERAS)
def test_what_the_other_views_mark_rejects_a_part_although_one_shows_its_edges_elsewhere(camera: str, mode: str) -> None:
    cracked = part(crack(10.0, 0.0, half_along=4.0), outlines={**OUTLINES, camera: moved_down(OUTLINES[camera], 9.0)})
    result = ring.judge(cracked, ring.recipe(mode))
    assert result.kind is REJECT
    assert any(finding.rejects and set(finding.cameras) - {camera} for finding in result.findings)
    assert any(
        reason.startswith(f"{camera}: left out of the part's surface: the camera at {ring.PLACES[camera].angle_deg:g}°")
        for reason in result.reasons
    )
    clean = ring.judge(part(outlines={**OUTLINES, camera: moved_down(OUTLINES[camera], 9.0)}), ring.recipe(mode))
    assert clean.kind is UNINSPECTED


def shown_elsewhere(by_mm: float) -> dict[Pair, Judgement]:
    """All frames are stamped so much later than the pictures were taken."""
    late_ns = round(by_mm / ring.SPEED_MM_S * 1e9)
    return {
        pair: msgspec.structs.replace(each, view=msgspec.structs.replace(each.view, frame_ns=each.view.frame_ns + late_ns))
        for pair, each in part().items()
    }


@pytest.mark.parametrize("by_mm", [-400.0, -5.5, 5.5, 100.0])
def test_a_part_that_all_views_show_far_from_where_belt_and_time_put_it_is_in_doubt(by_mm: float) -> None:
    result = ring.judge(shown_elsewhere(by_mm))
    assert result.kind is UNINSPECTED
    (reason,) = result.reasons
    shown = re.match(r"all views show the part (\d+\.\d) mm from where belt speed and time put it \(limit 5\.0\)", reason)
    assert shown
    assert float(shown[1]) == pytest.approx(abs(by_mm), abs=0.2)
    assert "measure the belt's speed_mm_s and the cameras' offset_ms and latency_ms" in reason
    assert result.surface is not None
    assert result.surface.lead_correction_mm == pytest.approx(-by_mm, abs=0.2)


def test_the_recipe_says_how_far_belt_and_time_may_put_the_part_from_where_it_is_seen() -> None:
    assert ring.judge(shown_elsewhere(4.5)).kind is ACCEPT
    assert ring.judge(shown_elsewhere(4.5), ring.recipe(surface={"max_lead_error_mm": 4.0})).kind is UNINSPECTED
    assert ring.judge(shown_elsewhere(5.5), ring.recipe(surface={"max_lead_error_mm": 6.0})).kind is ACCEPT


def test_a_kinked_part_is_in_doubt_although_a_rod_fits_most_of_it() -> None:
    """The last quarter leaves the axis by 10 degrees, in the plane of c1 and c4, which do not see it."""
    outlines = {}
    for camera, outline in OUTLINES.items():
        aside = -math.sin(math.radians(ring.PLACES[camera].angle_deg))
        down = []
        for column in outline.columns_px:
            beyond = max(0.0, 0.25 - (column - outline.start_px) / (outline.end_px - outline.start_px))
            down.append(aside * beyond * (outline.end_px - outline.start_px) * math.tan(math.radians(10.0)))
        upper, lower = (
            tuple(y + by for y, by in zip(edge, down, strict=True)) for edge in (outline.upper_px, outline.lower_px)
        )
        outlines[camera] = msgspec.structs.replace(outline, upper_px=upper, lower_px=lower)
    result = ring.judge(part(outlines=outlines), ring.recipe(dimensions={"bow_mm": {"max": 0.6}}))
    assert result.kind is UNINSPECTED
    assert [reason[:2] for reason in result.reasons] == ["c2", "c3", "c5", "c6"]
    assert "on the rod that all views give together from 1" in result.reasons[0]
    assert result.reasons[0].endswith("the part is kinked, stepped or frayed, or something hides it")
    assert ring.judge(part(crack(8.0, 180.0), outlines=outlines)).kind is REJECT


def without_columns(*cameras: str) -> dict[str, Outline]:
    """The outlines, some without the columns of a stretch of 6 mm, as where shade makes an edge too soft to be placed."""
    left = dict(OUTLINES)
    for camera in cameras:
        outline = OUTLINES[camera]
        kept = [not 6 <= number <= 12 for number in range(len(outline.columns_px))]
        columns, upper, lower = (
            tuple(value for value, is_kept in zip(edge, kept, strict=True) if is_kept)
            for edge in (outline.columns_px, outline.upper_px, outline.lower_px)
        )
        left[camera] = msgspec.structs.replace(outline, columns_px=columns, upper_px=upper, lower_px=lower)
    return left


def test_edges_that_views_lack_are_no_doubt_where_others_hold_the_part_from_two_sides() -> None:
    for cameras in (("c2",), ("c2", "c5"), ("c1", "c2", "c3")):
        result = ring.judge(part(outlines=without_columns(*cameras)))
        assert (result.kind, result.reasons) == (ACCEPT, ()), cameras


def test_edges_that_all_but_one_direction_lack_are_a_doubt() -> None:
    result = ring.judge(part(outlines=without_columns("c1", "c2", "c4", "c5")))
    assert result.kind is UNINSPECTED
    assert [reason[:2] for reason in result.reasons] == ["c1", "c2", "c4", "c5"]


def test_the_length_of_a_part_that_leans_is_that_from_end_to_end() -> None:
    leaning = replace(ring.STRAIGHT, x=(0.0, 1.5, 0.0))  # 8.5 degrees
    true_mm = math.dist(leaning.axis(0.0), leaning.axis(20.0))
    assert true_mm > 20.2
    limits = {"length_mm": {"min": true_mm - 0.1, "max": true_mm + 0.1}}
    result = ring.judge(ring.judgements(leaning), ring.recipe(dimensions=limits))
    assert (result.kind, result.reasons) == (ACCEPT, ())
    assert result.surface is not None
    assert result.surface.length_mm == pytest.approx(true_mm, abs=0.05)


@pytest.mark.parametrize("mode", MODES)
def test_a_part_that_no_view_shows_is_uninspected(mode: str) -> None:
    result = ring.judge({}, ring.recipe(mode))
    assert result.kind is UNINSPECTED
    assert "the part's surface can not be laid out: no view has an outline of the part" in result.reasons


def test_surface_that_no_view_shows_well_is_a_doubt_with_both_numbers() -> None:
    result = ring.judge(part(), ring.recipe(surface={"max_incidence_deg": 25.0, "min_coverage": 0.99}))
    assert result.kind is UNINSPECTED
    (reason,) = result.reasons
    assert reason.startswith("only ")
    assert reason.endswith("% of the surface is shown well by 6 views (limit 99.0 %)")
    assert result.surface is not None
    assert reason.startswith(f"only {100 * result.surface.coverage:.1f} %")


def test_what_is_hidden_from_every_camera_is_not_covered() -> None:
    finger = Occlusion(along_mm=(45.0, 49.0), angle_deg=(330.0, 30.0))
    result = ring.judge(part(), ring.recipe(surface={"min_coverage": 0.99}), [finger])
    assert result.kind is UNINSPECTED
    assert result.surface is not None
    assert result.surface.coverage == pytest.approx(1 - 4 / 20 * 60 / 360, abs=0.01)
    assert ring.judge(part(), ring.recipe(surface={"min_coverage": 0.95}), [finger]).kind is ACCEPT


@pytest.mark.parametrize("mode", MODES)
def test_what_a_camera_marks_on_something_that_hides_the_part_does_not_count(mode: str) -> None:
    marked = part(crack(ring.LEAD_MM - 50.0, 0.0, half_along=1.0, tilt=0))  # at z = 50 mm before c1
    only_c1 = part() | {("c1", ENGINE): marked["c1", ENGINE]}
    finger = Occlusion(along_mm=(47.0, 53.0), angle_deg=(320.0, 40.0), cameras=["c1"])
    elsewhere = Occlusion(along_mm=(47.0, 53.0), angle_deg=(320.0, 40.0), cameras=["c2"])
    assert ring.judge(only_c1, ring.recipe("any"), [finger]).kind is ACCEPT
    assert ring.judge(only_c1, ring.recipe("any"), [elsewhere]).kind is REJECT
    assert ring.judge(marked, ring.recipe(mode), [elsewhere]).kind is REJECT


def test_the_rod_is_held_against_the_dimensions() -> None:
    good = {"length_mm": {"min": 19.8, "max": 20.2}, "diameter_mm": {"min": 5.9, "max": 6.1}, "bow_mm": {"max": 0.5}}
    assert ring.judge(part(), ring.recipe(dimensions=good)).kind is ACCEPT
    result = ring.judge(part(), ring.recipe(dimensions={"length_mm": {"min": 21.0, "max": 22.0}}))
    assert result.reasons == ("length 20.0 mm (allowed 21.0 to 22.0)",)
    assert result.kind is REJECT
    assert ring.judge(part(), ring.recipe(dimensions={"oval_mm": {"max": 0.1}})).kind is REJECT  # 0.24 mm


def seen_from(angles_deg: tuple[float, ...], rod: slow.SlowRod, recipe: Recipe) -> Assessment:
    """A clean part before cameras at these angles."""
    places = {
        f"c{k}": ring.PLACES["c1"].model_copy(update={"angle_deg": angle_deg}) for k, angle_deg in enumerate(angles_deg, 1)
    }
    plain = next(view for view in ring.slow_views() if view.name == "c1")
    clean = Judged(0.0, b.T_LOW, ())
    judgements = {
        (camera, ENGINE): ring.judgement(
            camera, clean, ring.outline(rod, replace(plain, name=camera, azimuth=math.radians(place.angle_deg)))
        )
        for camera, place in places.items()
    }
    return judge_part(Criteria(recipe, b.DEFECTS, Viewpoints(places, ring.SPEED_MM_S)), ring.TRIGGER_NS, judgements, {})


@pytest.mark.parametrize("angles_deg", [(0.0, 20.0), (80.0, 100.0), (-10.0, 10.0), (0.0, 180.0), (5.0,)])
def test_a_bow_that_the_cameras_can_hardly_see_is_not_measured_as_none(angles_deg: tuple[float, ...]) -> None:
    turn = math.radians(sum(angles_deg) / len(angles_deg)) if len(angles_deg) == 2 and angles_deg[1] < 180 else 0.0
    bowed = replace(ring.STRAIGHT, x=(0.0, 0.0, 0.9 * math.cos(turn)), y=(0.0, 0.0, 0.9 * math.sin(turn)))
    result = seen_from(angles_deg, bowed, ring.recipe(surface={"min_coverage": 0.0}, dimensions={"bow_mm": {"max": 0.5}}))
    assert (result.kind, result.reasons) == (UNINSPECTED, ("bow could not be measured (allowed at most 0.5)",))
    assert result.surface is not None
    assert result.surface.bow_mm is None


def test_an_oval_that_the_cameras_can_hardly_see_is_not_measured_as_none() -> None:
    oval = replace(ring.STRAIGHT, oval=(0.2, 0.0))
    recipe = ring.recipe(surface={"min_coverage": 0.0}, dimensions={"oval_mm": {"max": 0.5}})
    result = seen_from((0.0, 15.0, 30.0), oval, recipe)
    assert (result.kind, result.reasons) == (UNINSPECTED, ("oval could not be measured (allowed at most 0.5)",))
    assert result.surface is not None
    assert result.surface.oval_mm is None
    assert seen_from((0.0, 120.0, 240.0), oval, recipe).kind is REJECT


def judged_by(cameras: tuple[str, ...], recipe: Recipe) -> tuple[str, ...]:
    places = {camera: ring.PLACES[camera] for camera in cameras}
    judgements = {pair: each for pair, each in part().items() if pair[0] in cameras}
    return judge_part(
        Criteria(recipe, b.DEFECTS, Viewpoints(places, ring.SPEED_MM_S)), ring.TRIGGER_NS, judgements, {}
    ).reasons


def test_what_the_directions_of_the_views_can_not_tell_is_a_doubt() -> None:
    limits = {"oval_mm": {"max": 1.0}, "bow_mm": {"max": 2.0}}
    recipe = ring.recipe(surface={"min_coverage": 0.0}, dimensions=limits)
    oval, bow = "oval could not be measured (allowed at most 1.0)", "bow could not be measured (allowed at most 2.0)"
    assert judged_by(("c1", "c4"), recipe) == (bow, oval)  # from opposite sides
    assert judged_by(("c1", "c2"), recipe) == (oval,)
    assert judged_by(("c1", "c2", "c3"), recipe) == ()


def test_a_zone_is_on_the_part() -> None:
    cracked = part(crack(8.0, 350.0, half_along=1.0, tilt=0))  # 7..9 mm, some 20° wide
    for zone, kind in [
        ({"along_mm": (0.0, 6.5)}, ACCEPT),
        ({"along_mm": (0.0, 7.5)}, REJECT),
        ({"along_mm": (0.0, 10.5), "from_end": "trailing"}, ACCEPT),
        ({"along_mm": (0.0, 11.5), "from_end": "trailing"}, REJECT),
        ({"angle_deg": (5.0, 330.0)}, ACCEPT),
        ({"angle_deg": (355.0, 5.0)}, REJECT),
    ]:
        assert ring.judge(cracked, ring.recipe("max", [rule(zone=zone)])).kind is kind, zone


@pytest.mark.parametrize("mode", MODES)
def test_each_rule_weighs_what_lies_above_its_own_cut(mode: str) -> None:
    """A long faint place around a short bright one: the rule for bright long places must not see the faint one."""
    marked = part(
        crack(8.0, 30.0, half_along=3.0, half_around=0.9, peak=0.6, tilt=0),
        crack(8.0, 30.0, half_along=0.8, half_around=0.8),
    )
    bright, faint = rule(min_score=0.75, min_length_mm=3.0), rule(name="faint", min_length_mm=5.0)
    assert ring.judge(marked, ring.recipe(mode, [bright])).kind is ACCEPT
    result = ring.judge(marked, ring.recipe(mode, [bright, faint]))
    assert result.kind is REJECT
    assert "(limit 5.0)" in result.reasons[0]


@pytest.mark.parametrize("mode", MODES)
def test_places_are_counted_on_the_part_and_not_in_the_views(mode: str) -> None:
    """Two cracks, each in two views."""
    marked = part(crack(6.0, 30.0, half_along=1.0), crack(13.0, 150.0, half_along=1.0))
    assert ring.judge(marked, ring.recipe(mode, [rule(min_count=3)])).kind is ACCEPT
    result = ring.judge(marked, ring.recipe(mode, [rule(min_count=2)]))
    assert result.kind is REJECT
    assert result.reasons[0].startswith("2 places of crack (limit 2), the longest: crack")


def mark(camera: str, *boxes: tuple[int, int, int, int], level: int = 255) -> dict[Pair, Judgement]:
    """A clean part but for these boxes (x, y, width, height) in one view."""
    regions = tuple(Region(*box, bytes([level]) * (box[2] * box[3])) for box in boxes)
    return part() | {(camera, ENGINE): ring.judgement(camera, Judged(0.0, b.T_LOW, regions), OUTLINES[camera])}


@pytest.mark.parametrize("mode", MODES)
def test_what_is_marked_beside_the_part_is_a_doubt(mode: str) -> None:
    """The part begins at 21 px of its view; a fringe of three pixels at its end may be the part's, more can not."""
    far, near, fringe = (0, 14, 4, 6), (12, 14, 4, 6), (18, 14, 3, 6)
    result = ring.judge(mark("c5", far, near, fringe), ring.recipe(mode))
    assert result.kind is UNINSPECTED
    assert result.reasons[0].startswith("c5: crack is marked beside the part (2×); look at the picture")
    assert ring.judge(mark("c5", fringe), ring.recipe(mode)).kind is ACCEPT
    assert ring.judge(mark("c5", far, level=100), ring.recipe(mode)).kind is ACCEPT  # below every cut


def test_more_marks_than_can_be_measured_in_time_are_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = part(crack(6.0, 30.0), crack(13.0, 150.0))
    monkeypatch.setattr(surface_fusion, "MAX_CELLS", 10)
    result = ring.judge(marked)
    assert result.kind is UNINSPECTED
    assert "more than can be measured in time" in result.reasons[0]


def test_more_places_than_the_bound_are_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = part(crack(6.0, 30.0), crack(13.0, 150.0))
    monkeypatch.setattr(surface_fusion, "MAX_PLACES", 1)
    result = ring.judge(marked, ring.recipe("max", [rule(min_length_mm=15.0)]))
    assert result.kind is UNINSPECTED
    assert result.reasons == ("more than 1 places of crack at score 0.5",)
    assert ring.judge(marked).kind is REJECT


@pytest.mark.parametrize("half_along", [1.5, 4.0])
@pytest.mark.parametrize("tilt", [0.0, 0.6, 1.57])
@pytest.mark.parametrize("angle_deg", [0.0, 45.0])
def test_lengths_and_places_are_those_painted(angle_deg: float, tilt: float, half_along: float) -> None:
    blob = crack(10.0, angle_deg, half_along=half_along, tilt=tilt)
    (finding,) = ring.judge(part(blob)).findings
    assert finding.place is not None
    assert finding.length_mm == pytest.approx(2 * half_along, rel=0.1, abs=0.5)
    assert finding.width_mm == pytest.approx(1.0, abs=0.3)
    assert finding.area_mm2 == pytest.approx(math.pi * half_along * 0.5, rel=0.2)
    assert finding.place.along_mm == pytest.approx(10.0, abs=0.5)
    assert abs((finding.place.angle_deg - angle_deg + 180) % 360 - 180) < 3.0


def test_a_straight_and_a_bent_rod_measure_alike() -> None:
    """What is fitted is the rod, so that its bow does not change what a crack measures."""
    straight = replace(BENT, x=(0.0, 0.0, 0.0), y=(0.0, 0.0, 0.0))
    (bent,) = ring.judge(part(crack(8.0, 100.0))).findings
    (other,) = ring.judge(ring.judgements(straight, [crack(8.0, 100.0)])).findings
    assert other.length_mm == pytest.approx(bent.length_mm, abs=0.3)
    assert other.area_mm2 == pytest.approx(bent.area_mm2, rel=0.15)
