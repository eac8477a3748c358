from __future__ import annotations

import math

import pytest

from edge_inspector.decision.regions import Component
from edge_inspector.decision.rules import Seen, apply_rules, describe, reaches
from edge_inspector.station.recipe import Rule

SEEN = Seen(engine="crack-d2s2", defect="crack", camera="c2", mm_per_px=0.1, along_x=True)


def component(score: float = 0.93, area_mm2: float = 1.25, length_mm: float = 3.4) -> Component:
    return Component(score, area_mm2, length_mm, x_px=393, y_px=20, width_px=34, height_px=4)


def rule(**limits: float) -> Rule:
    return Rule.model_validate({"name": "r", "engine": "crack-d2s2", "min_score": 0.5, **limits})


def test_the_reason_is_a_sentence_with_numbers_limits_place_and_camera() -> None:
    assert (
        describe(rule(min_length_mm=2.0), component(), SEEN)
        == "crack 3.4 mm long (limit 2.0), score 0.93 (limit 0.5), at 41 mm, seen by c2"
    )


def test_the_reason_names_the_area_where_it_has_a_limit() -> None:
    assert (
        describe(rule(min_area_mm2=0.75), component(), SEEN)
        == "crack 3.4 mm long, area 1.25 mm² (limit 0.75), score 0.93 (limit 0.5), at 41 mm, seen by c2"
    )


def test_the_place_is_along_the_longer_side_of_the_view() -> None:
    upright = Seen("crack-d2s2", "crack", "c2", 0.1, along_x=False)
    assert "at 2 mm" in describe(rule(), component(), upright)


@pytest.mark.parametrize(
    ("limits", "rejects"),
    [
        ({}, True),
        ({"min_length_mm": 3.4}, True),
        ({"min_length_mm": 3.5}, False),
        ({"min_area_mm2": 1.25}, True),
        ({"min_area_mm2": 1.3}, False),
        ({"min_score": 0.93}, True),
        ({"min_score": 0.94}, False),
        ({"min_area_mm2": 1.0, "min_length_mm": 9.0}, False),
    ],
)
def test_a_rule_rejects_what_reaches_every_limit(limits: dict[str, float], rejects: bool) -> None:
    assert reaches(rule(**limits), component()) is rejects


@pytest.mark.parametrize("field", ["score", "area_mm2", "length_mm"])
def test_a_number_that_is_missing_is_a_doubt_and_never_clean(field: str) -> None:
    broken = component(**{field: math.nan})
    result = apply_rules([rule(min_length_mm=99.0)], {0.5: [broken]}, SEEN)
    assert result.doubts == ("c2: a region of crack could not be measured (rule r)",)
    assert result.rejections == ()


def test_a_cut_that_was_not_measured_is_an_error_and_not_a_clean_view() -> None:
    with pytest.raises(KeyError):
        apply_rules([rule(), rule(min_score=0.8)], {0.5: []}, SEEN)


def test_findings_are_listed_whether_they_reject_or_not() -> None:
    small = component(length_mm=0.5)
    result = apply_rules([rule(min_length_mm=2.0)], {0.5: [small, component()]}, SEEN)
    assert [(f.length_mm, f.rejects) for f in result.findings] == [(3.4, True), (0.5, False)]
    assert len(result.rejections) == 1


def test_a_place_measured_again_at_a_higher_cut_is_a_finding_only_when_it_rejects() -> None:
    low, high = rule(min_length_mm=99.0), rule(min_score=0.8, min_area_mm2=2.0)
    not_twice = apply_rules([low, high], {0.5: [component()], 0.8: [component(area_mm2=1.0)]}, SEEN)
    assert len(not_twice.findings) == 1
    rejected = apply_rules([low, high], {0.5: [component()], 0.8: [component(area_mm2=3.0)]}, SEEN)
    assert [f.rejects for f in rejected.findings] == [True, False]
