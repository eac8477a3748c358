"""One part with marks where nothing is measured: beside it, in a gap between its views, or more than there is time for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest

from edge_inspector.decision import surface_fusion
from edge_inspector.decision.criteria import Pair
from edge_inspector.domain.judgement import Judged, Judgement, Region
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.station.station import Occlusion
from tests.decision import builders as b
from tests.decision import ring
from tests.decision import slow_surface_fusion as slow

ACCEPT, UNINSPECTED, REJECT = VerdictKind.ACCEPT, VerdictKind.UNINSPECTED, VerdictKind.REJECT
MODES = ("any", "max", "weighted")
CRACK, STAIN = "crack-d2s2", "stain-d2s2"
OUTLINES = {view.name: ring.outline(ring.STRAIGHT, view) for view in ring.slow_views()}  # x 21..101 px, y 8..31 px
Box = tuple[int, int, int, int]  # x, y, width, height
SPLINTER: Box = (103, 17, 8, 4)


def rule(engine: str = CRACK, **limits: object) -> dict[str, object]:
    return {"name": engine, "engine": engine, "min_score": 0.5, "min_length_mm": 2.0, **limits}


def part(boxes: Mapping[str, Sequence[Box]], engine: str = CRACK) -> dict[Pair, Judgement]:
    """What one engine says of a part that it marks with these boxes, by camera."""
    judgements = {}
    for camera, outline in OUTLINES.items():
        regions = tuple(Region(*box, b"\xff" * (box[2] * box[3])) for box in boxes.get(camera, ()))
        judgements[camera, engine] = ring.judgement(camera, Judged(0.0, b.T_LOW, regions), outline, engine=engine)
    return judgements


def in_all(box: Box) -> dict[str, list[Box]]:
    return {camera: [box] for camera in ring.CAMERAS}


def crack(along: float, angle_deg: float, half_along: float = 2.5, peak: float = 1.0) -> slow.Blob:
    return slow.Blob(along, math.radians(angle_deg), half_along, 0.3, 0.0, peak)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "box",
    [
        pytest.param(SPLINTER, id="two px beyond the leading end"),
        pytest.param((96, 17, 15, 4), id="rooted in the part's last millimetre"),
        pytest.param((10, 17, 9, 4), id="beyond the trailing end"),
        pytest.param((40, 0, 40, 7), id="one px above the upper limb"),
        pytest.param((40, 32, 40, 8), id="one px below the lower limb"),
    ],
)
def test_what_all_views_mark_just_beside_the_part_is_a_doubt(box: Box, mode: str) -> None:
    result = ring.judge(part(in_all(box)), ring.recipe(mode, [rule()]))
    assert result.kind is UNINSPECTED
    assert len(result.reasons) == 6
    assert result.reasons[0].startswith("c1: crack is marked beside the part (1×); look at the picture")


@pytest.mark.parametrize("mode", MODES)
def test_a_splinter_out_of_the_side_in_one_view_is_a_doubt(mode: str) -> None:
    result = ring.judge(part({"c1": [(60, 0, 5, 10)]}), ring.recipe(mode, [rule()]))
    assert result.kind is UNINSPECTED
    assert result.reasons[0].startswith("c1: crack is marked beside the part (1×)")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("box", [(40, 6, 40, 2), (102, 12, 2, 16)], ids=["along the limb", "at the end"])
def test_a_fringe_of_some_pixels_beside_the_part_is_no_doubt(box: Box, mode: str) -> None:
    assert ring.judge(part(in_all(box)), ring.recipe(mode, [rule()])).kind is ACCEPT


@pytest.mark.parametrize("mode", MODES)
def test_a_defect_rejects_although_something_is_marked_beside_the_part(mode: str) -> None:
    result = ring.judge(part({"c1": [(50, 18, 20, 3), SPLINTER]}), ring.recipe(mode, [rule()]))
    assert result.kind is REJECT
    assert result.reasons[1].startswith("c1: crack is marked beside the part (1×)")


@pytest.mark.parametrize("mode", MODES)
def test_a_defect_that_reaches_over_the_end_still_rejects(mode: str) -> None:
    assert ring.judge(part(in_all((80, 17, 26, 4))), ring.recipe(mode, [rule()])).kind is REJECT


GAPS = {"max_incidence_deg": 25.0, "min_coverage": 0.75}  # six views, each shows some 46 of its 60 degrees


@pytest.mark.parametrize("mode", MODES)
def test_what_is_marked_in_a_gap_between_the_views_is_a_doubt(mode: str) -> None:
    """A crack 5 mm long, half way between two cameras, which both mark it and both look too flatly."""
    cracked = ring.judgements(ring.STRAIGHT, [crack(10.0, 30.0)])
    result = ring.judge(cracked, ring.recipe(mode, [rule()], surface=GAPS))
    assert result.kind is UNINSPECTED
    (reason,) = result.reasons
    assert reason.startswith("crack is marked where no view shows the surface well, at 10 mm, 30°, by c1, c2; look at")
    assert ring.judge(cracked, ring.recipe(mode, [rule()])).kind is REJECT  # shown well by both


@pytest.mark.parametrize("mode", MODES)
def test_with_gaps_elsewhere_a_mark_that_is_too_flat_is_still_left_to_the_view_that_looks_well(mode: str) -> None:
    cracked = ring.judgements(ring.STRAIGHT, [crack(10.0, 0.0)])
    only_flat = ring.judgements(ring.STRAIGHT) | {("c2", CRACK): cracked["c2", CRACK]}
    of_c2 = only_flat["c2", CRACK].result
    assert isinstance(of_c2, Judged)
    assert of_c2.regions
    assert ring.judge(only_flat, ring.recipe(mode, [rule()], surface=GAPS)).kind is ACCEPT


@pytest.mark.parametrize("mode", MODES)
def test_what_is_marked_on_a_declared_occlusion_is_no_doubt(mode: str) -> None:
    finger = Occlusion(along_mm=(48.0, 55.0), angle_deg=(330.0, 30.0))  # 6.5 to 13.5 mm from the leading end
    cracked = ring.judgements(ring.STRAIGHT, [crack(10.0, 0.0)])
    assert ring.judge(cracked, ring.recipe(mode, [rule()]), [finger]).kind is ACCEPT


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("clearest", [0, 1])
def test_of_more_marks_than_can_be_measured_in_time_the_clearest_may_still_reject(
    clearest: int, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [(3.0, 60.0), (17.0, 240.0)]
    blobs = [crack(*place, half_along=1.4, peak=1.0 if number == clearest else 0.7) for number, place in enumerate(places)]
    monkeypatch.setattr(surface_fusion, "MAX_CELLS", 32_000)  # each of the cracks takes some 20,000 to 30,000
    result = ring.judge(ring.judgements(ring.STRAIGHT, blobs), ring.recipe(mode, [rule(min_length_mm=1.0)]))
    assert result.kind is REJECT
    (finding,) = result.findings
    assert finding.place is not None
    assert finding.place.along_mm == pytest.approx(places[clearest][0], abs=0.5)
    assert "more than can be measured in time" in result.reasons[1]


def test_all_engines_of_a_part_share_what_can_be_measured_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    box, smaller = (50, 18, 20, 3), (50, 18, 16, 3)  # in one view they take some 7,000 cells, the second a little less
    both = part({"c1": [box]}) | part({"c4": [smaller]}, STAIN)
    alone = part({"c1": [box]}) | part({}, STAIN)
    recipe = ring.recipe("max", [rule(), rule(STAIN)], engines={CRACK: "engines/crack", STAIN: "engines/stain"})
    monkeypatch.setattr(surface_fusion, "MAX_CELLS", 10_000)
    assert [finding.engine for finding in ring.judge(alone, recipe).findings] == [CRACK]
    result = ring.judge(both, recipe)
    assert result.kind is REJECT
    assert [finding.engine for finding in result.findings] == [STAIN]
    assert result.reasons[1].startswith("crack is marked on about")
    monkeypatch.setattr(surface_fusion, "MAX_CELLS", 20_000)
    assert not any("in time" in reason for reason in ring.judge(both, recipe).reasons)
