from __future__ import annotations

import math
from dataclasses import replace

import pytest

from edge_inspector.decision.measured import Extent, Marked, Measured, PixelBox
from edge_inspector.decision.rules import apply_rules, describe, reaches
from edge_inspector.station.recipe import Rule

ENGINE = "crack-d2s2"


def place(score: float = 0.93, area_mm2: float = 1.25, length_mm: float = 3.4, width_mm: float = 0.4) -> Measured:
    return Measured(ENGINE, "crack", score, area_mm2, length_mm, width_mm, ("c2",), PixelBox(393, 20, 34, 4), text_mm=41.0)


def on_surface() -> Measured:
    return replace(
        place(), cameras=("c2", "c3"), along_mm=Extent(39.3, 42.7), angle_deg=Extent(130, 134), part_length_mm=60.0
    )


def rule(**limits: object) -> Rule:
    return Rule.model_validate({"name": "r", "engine": ENGINE, "min_score": 0.5, **limits})


def marked(*places: Measured, cut: float = 0.5, **others: list[Measured]) -> Marked:
    return Marked({(ENGINE, cut): list(places), **{(ENGINE, float(key[1:]) / 10): value for key, value in others.items()}})


def test_the_reason_is_a_sentence_with_numbers_limits_place_and_camera() -> None:
    assert (
        describe(rule(min_length_mm=2.0), place())
        == "crack 3.4 mm long (limit 2.0), score 0.93 (limit 0.5), at 41 mm, seen by c2"
    )


def test_the_reason_on_a_surface_names_the_angle_and_every_camera_that_saw_it() -> None:
    assert (
        describe(rule(min_length_mm=2.0), on_surface())
        == "crack 3.4 mm long (limit 2.0), score 0.93 (limit 0.5), at 41 mm, 132°, seen by c2, c3"
    )


def test_an_angle_across_the_seam_is_named_between_0_and_360() -> None:
    assert "359°" in describe(rule(), replace(on_surface(), angle_deg=Extent(357, 361)))
    assert ", 0°," in describe(rule(), replace(on_surface(), angle_deg=Extent(358, 361.4)))


def test_the_reason_names_area_and_width_where_they_have_a_limit() -> None:
    assert (
        describe(rule(min_area_mm2=0.75, min_width_mm=0.3), place())
        == "crack 3.4 mm long, 0.40 mm wide (limit 0.3), area 1.25 mm² (limit 0.75), score 0.93 (limit 0.5), at 41 mm, "
        "seen by c2"
    )


@pytest.mark.parametrize(
    ("limits", "rejects"),
    [
        ({}, True),
        ({"min_length_mm": 3.4}, True),
        ({"min_length_mm": 3.5}, False),
        ({"min_area_mm2": 1.25}, True),
        ({"min_area_mm2": 1.3}, False),
        ({"min_width_mm": 0.4}, True),
        ({"min_width_mm": 0.41}, False),
        ({"min_score": 0.93}, True),
        ({"min_score": 0.94}, False),
        ({"min_area_mm2": 1.0, "min_length_mm": 9.0}, False),
        ({"combine": "any"}, True),
        ({"combine": "any", "min_area_mm2": 1.0, "min_length_mm": 9.0}, True),
        ({"combine": "any", "min_area_mm2": 2.0, "min_length_mm": 9.0}, False),
        ({"combine": "any", "min_area_mm2": 2.0, "min_length_mm": 9.0, "min_width_mm": 0.3}, True),
        ({"combine": "any", "min_length_mm": 9.0}, False),  # the limits that were not given do not help
        ({"combine": "any", "min_area_mm2": 1.0, "min_score": 0.94}, False),  # the score is always needed
    ],
)
def test_a_rule_rejects_what_reaches_its_limits(limits: dict[str, float], rejects: bool) -> None:
    assert reaches(rule(**limits), place()) is rejects


@pytest.mark.parametrize("combine", ["all", "any"])
@pytest.mark.parametrize("field", ["score", "area_mm2", "length_mm", "width_mm"])
def test_a_number_that_is_missing_is_a_doubt_and_never_clean(field: str, combine: str) -> None:
    broken = place(**{field: math.nan})
    result = apply_rules([rule(min_length_mm=99.0, combine=combine)], marked(broken))
    assert result.doubts == ("c2: a region of crack could not be measured (rule r)",)
    assert result.rejections == ()


def test_a_cut_that_was_not_measured_is_an_error_and_not_a_clean_part() -> None:
    with pytest.raises(KeyError):
        apply_rules([rule(), rule(min_score=0.8)], marked())


def test_findings_are_listed_whether_they_reject_or_not() -> None:
    result = apply_rules([rule(min_length_mm=2.0)], marked(place(length_mm=0.5), place()))
    assert [(f.length_mm, f.rejects) for f in result.findings] == [(3.4, True), (0.5, False)]
    assert len(result.rejections) == 1


def test_a_place_measured_again_at_a_higher_cut_is_a_finding_only_when_it_rejects() -> None:
    low, high = rule(min_length_mm=99.0), rule(min_score=0.8, min_area_mm2=2.0)
    not_twice = apply_rules([low, high], marked(place(), c8=[place(area_mm2=1.0)]))
    assert len(not_twice.findings) == 1
    rejected = apply_rules([low, high], marked(place(), c8=[place(area_mm2=3.0)]))
    assert [f.rejects for f in rejected.findings] == [True, False]


def test_fewer_places_than_the_count_do_not_reject() -> None:
    few = apply_rules([rule(min_count=3, min_length_mm=2.0)], marked(place(), place(), place(length_mm=1.0)))
    assert (few.rejections, [f.rejects for f in few.findings]) == ((), [False] * 3)


def test_as_many_places_as_the_count_reject_in_one_sentence() -> None:
    many = apply_rules(
        [rule(min_count=3, min_length_mm=2.0)], marked(place(), place(length_mm=4.0), place(), place(length_mm=1))
    )
    assert many.rejections == (
        "3 places of crack (limit 3), the longest: crack 4.0 mm long (limit 2.0), score 0.93 (limit 0.5), at 41 mm, "
        "seen by c2",
    )
    assert [f.rejects for f in many.findings] == [True, True, True, False]


def test_a_place_that_could_not_be_measured_is_a_doubt_also_where_places_are_counted() -> None:
    result = apply_rules([rule(min_count=3)], marked(place(), place(length_mm=math.nan)))
    assert len(result.doubts) == 1


def test_only_places_in_the_zone_count() -> None:
    zone = {"along_mm": (0.0, 5.0)}
    assert apply_rules([rule(zone=zone)], marked(on_surface())).rejections == ()
    assert len(apply_rules([rule(zone=zone, min_count=2), rule(name="r2")], marked(on_surface())).rejections) == 1


def test_a_number_that_is_missing_outside_the_zone_is_no_doubt() -> None:
    broken = replace(on_surface(), length_mm=math.nan)
    assert apply_rules([rule(zone={"along_mm": (0.0, 5.0)})], marked(broken)).doubts == ()
    assert apply_rules([rule(zone={"along_mm": (0.0, 39.5)})], marked(broken)).doubts != ()
