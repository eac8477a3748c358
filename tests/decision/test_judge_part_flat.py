"""One part whose views stay apart."""

from __future__ import annotations

import msgspec
import pytest

from edge_inspector.decision import Assessment, judge_part
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.judgement import Judged, Judgement, Region
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.domain.view import Outline
from edge_inspector.station.recipe import Recipe
from tests.decision import builders as b

ACCEPT, UNINSPECTED, REJECT = VerdictKind.ACCEPT, VerdictKind.UNINSPECTED, VerdictKind.REJECT


def judged(*judgements: Judgement, recipe: Recipe | None = None, without: tuple[str, ...] = ()) -> Assessment:
    """Judge a part that these judgements, and missing views, are everything of."""
    by_pair = {(each.view.camera, each.engine): each for each in judgements}
    cameras = [*dict.fromkeys(camera for camera, _ in by_pair), *without]
    missing = {camera: b.missing(None, camera) for camera in without}
    return judge_part(b.criteria(recipe, cameras), 1000 * NS_PER_MS, by_pair, missing)


def with_rules(*rules: dict[str, object]) -> Recipe:
    return b.recipe(rules=[{"name": f"r{i}", "engine": "crack-d2s2", **rule} for i, rule in enumerate(rules)])


def with_outline(judgement: Judgement, start_px: float = 10.0, end_px: float = 110.0, **edges: list[float]) -> Judgement:
    columns = [20.0, 60.0, 100.0]
    outline = Outline(
        start_px,
        end_px,
        tuple(edges.get("columns", columns)),
        tuple(edges.get("upper", [6.0, 6.0, 6.0])),
        tuple(edges.get("lower", [26.0, 26.0, 26.0])),
    )
    return msgspec.structs.replace(judgement, view=msgspec.structs.replace(judgement.view, outline=outline))


def test_a_clean_view_speaks_against_nothing() -> None:
    assert judged(b.judgement()) == Assessment(ACCEPT)


def test_a_crack_rejects_with_its_reason_and_finding() -> None:
    result = judged(b.judgement(result=b.CRACKED))
    assert result.kind is REJECT
    assert result.reasons == ("crack 4.0 mm long (limit 1.0), score 1.00 (limit 0.5), at 5 mm, seen by c1",)
    (finding,) = result.findings
    assert (finding.cameras, finding.rejects, finding.place) == (("c1",), True, None)
    assert (finding.length_mm, finding.width_mm) == (pytest.approx(4.0), pytest.approx(0.3))


def test_a_crack_below_the_length_limit_is_a_finding_of_a_clean_view() -> None:
    result = judged(b.judgement(result=msgspec.structs.replace(b.CRACKED, regions=(b.region(width_px=6, height_px=6),))))
    assert result.kind is ACCEPT
    assert [f.rejects for f in result.findings] == [False]


def test_a_view_that_was_not_judged_is_in_doubt_and_says_why() -> None:
    assert judged(b.judgement(result=b.NOT_JUDGED)) == Assessment(
        UNINSPECTED, ("c1: crack not judged: too_late (12 ms short)",)
    )


def test_a_judgement_that_can_not_be_trusted_is_in_doubt_and_says_why() -> None:
    result = judged(b.judgement(width_px=b.WIDTH_PX - 1))
    assert result.kind is UNINSPECTED
    assert result.reasons == ("c1: judgement of crack not used: view of 127 × 32 px, expected 128 × 32",)


def test_judgements_of_two_frames_are_no_view() -> None:
    recipe = b.recipe(("crack-d2s2", "stain-d2s2"))
    result = judged(b.judgement(), b.judgement(engine="stain-d2s2", frame=6), recipe=recipe)
    assert result == Assessment(UNINSPECTED, ("c1: judgement of stain is of another frame than the camera's first",))


def test_a_missing_view_is_in_doubt_and_the_others_may_still_reject() -> None:
    assert judged(b.judgement(), without=("c2",)).reasons == ("c2: no view: no_frame (nearest 40 ms away)",)
    result = judged(b.judgement(result=b.CRACKED), without=("c2",))
    assert result.kind is REJECT
    assert result.reasons[-1] == "c2: no view: no_frame (nearest 40 ms away)"


def test_a_part_of_which_nothing_was_said_is_uninspected() -> None:
    result = judge_part(b.criteria(), 0, {}, {})
    assert result == Assessment(UNINSPECTED, ("c1: no judgement of crack in time", "c2: no judgement of crack in time"))


def test_a_view_full_of_specks_is_a_doubt() -> None:
    specks = bytes(255 if x % 2 == 0 and y % 2 == 0 else 0 for y in range(32) for x in range(128))
    regions = tuple(Region(0, 0, 128, 32, specks) for _ in range(3))  # 3 × 1024 places
    result = judged(b.judgement(result=Judged(score=0.4, t_low=0.1, regions=regions)), recipe=with_rules({"min_score": 0.2}))
    assert result == Assessment(UNINSPECTED, ("c1: more than 1024 places of crack at score 0.2",))


def test_each_rule_weighs_what_lies_above_its_own_cut() -> None:
    """A long faint halo around a short bright core: the rule for bright long cracks must not see the halo."""
    halo = bytearray(b.region(width_px=60, height_px=5, value=140).probability)
    for y in range(5):
        halo[y * 60 + 20 : y * 60 + 28] = bytes([255] * 8)
    judgement = b.judgement(result=Judged(score=0.95, t_low=0.2, regions=(Region(10, 10, 60, 5, bytes(halo)),)))
    bright, faint = {"min_score": 0.9, "min_length_mm": 2.0}, {"min_score": 0.5, "min_length_mm": 5.0}
    assert judged(judgement, recipe=with_rules(bright)).kind is ACCEPT
    result = judged(judgement, recipe=with_rules(bright, faint))
    assert result.kind is REJECT
    assert "crack 6.0 mm long (limit 5.0)" in result.reasons[0]


def test_a_rule_weighs_only_what_its_own_engine_marked() -> None:
    rules: list[dict[str, object]] = [
        {"name": "long_cracks", "engine": "crack-d2s2", "min_score": 0.5, "min_length_mm": 9.0},
        {"name": "any_stain", "engine": "stain-d2s2", "min_score": 0.5},
    ]
    recipe = b.recipe(("crack-d2s2", "stain-d2s2"), rules)
    clean, cracked = b.judgement(), b.judgement(result=b.CRACKED)
    clean_stain = b.judgement(engine="stain-d2s2")
    assert judged(cracked, clean_stain, recipe=recipe).kind is ACCEPT
    assert judged(clean, b.judgement(result=b.CRACKED, engine="stain-d2s2"), recipe=recipe).kind is REJECT


def test_a_count_is_over_all_views() -> None:
    recipe = with_rules({"min_score": 0.5, "min_count": 3})
    one = b.judgement(result=b.CRACKED)
    two = msgspec.structs.replace(b.CRACKED, regions=(b.region(), b.region(y_px=20)))
    assert judged(one, b.judgement(None, "c2", b.CRACKED), recipe=recipe).kind is ACCEPT
    result = judged(one, b.judgement(None, "c2", two), recipe=recipe)
    assert result.kind is REJECT
    assert result.reasons[0].startswith("3 places of crack (limit 3), the longest: crack 4.0 mm long, score 1.00")
    assert [f.rejects for f in result.findings] == [True] * 3


def test_a_zone_along_is_reckoned_from_the_ends_that_the_outline_shows() -> None:
    """The crack lies at 30..70 px of a part from 10 to 110 px: 4.05 to 8.05 mm behind the leading end, 10 mm long."""
    judgement = with_outline(b.judgement(result=b.CRACKED))
    for from_end, along, kind in [
        ("leading", [0.0, 4.0], ACCEPT),
        ("leading", [0.0, 4.1], REJECT),
        ("leading", [8.1, 10.0], ACCEPT),
        ("trailing", [0.0, 1.9], ACCEPT),
        ("trailing", [0.0, 2.0], REJECT),
        ("trailing", [6.0, 9.0], ACCEPT),
    ]:
        zone = {"from_end": from_end, "along_mm": tuple(along)}
        assert judged(judgement, recipe=with_rules({"min_score": 0.5, "zone": zone})).kind is kind, zone
    assert "at 6 mm" in judged(judgement).reasons[0]


def test_a_zone_leaves_nothing_out_of_a_view_that_does_not_show_where_the_part_is() -> None:
    zone = {"along_mm": (50.0, 60.0), "angle_deg": (0.0, 1.0)}
    assert judged(b.judgement(result=b.CRACKED), recipe=with_rules({"min_score": 0.5, "zone": zone})).kind is REJECT


def with_dimensions(**limits: dict[str, float]) -> Recipe:
    return Recipe.model_validate({**b.recipe().model_dump(exclude_none=True), "dimensions": limits})


def test_the_part_is_measured_by_its_outlines() -> None:
    bent = {"upper": [6.0, 6.0 - 1.0, 6.0], "lower": [26.0, 26.0 - 1.0, 26.0], "columns": [10.0, 60.0, 110.0]}
    result = judged(with_outline(b.judgement()), with_outline(b.judgement(None, "c2"), end_px=112.0))
    assert (result.length_mm, result.diameter_mm) == (pytest.approx(10.1), pytest.approx(2.0))
    ok = with_dimensions(bow_mm={"max": 0.11}, diameter_mm={"min": 1.9, "max": 2.1}, taper_mm={"max": 0.01})
    assert judged(with_outline(b.judgement(), **bent), recipe=ok).kind is ACCEPT
    result = judged(with_outline(b.judgement(), **bent), recipe=with_dimensions(bow_mm={"max": 0.09}))
    assert result.reasons == ("bow 0.1 mm (allowed at most 0.09), seen by c1",)


def test_a_length_outside_its_limits_rejects_with_both_numbers() -> None:
    recipe = with_dimensions(length_mm={"min": 10.5, "max": 11.0})
    result = judged(with_outline(b.judgement()), recipe=recipe)
    assert result.kind is REJECT
    assert result.reasons == ("length 10.0 mm (allowed 10.5 to 11.0), seen by c1",)


def test_a_part_without_an_outline_can_not_be_measured_and_is_not_good() -> None:
    result = judged(b.judgement(), recipe=with_dimensions(length_mm={"max": 11.0}))
    assert result == Assessment(UNINSPECTED, ("length could not be measured (allowed at most 11.0), seen by c1",))
