from __future__ import annotations

import msgspec
import pytest

from edge_inspector.decision.assessment import MAX_REGIONS, Assessment, assess
from edge_inspector.domain.judgement import Judged, Region
from edge_inspector.domain.verdict import VerdictKind
from tests.decision import builders as b


def assessed(result: Judged | None = None, **fields: float | tuple[Region, ...]) -> Assessment:
    judged = msgspec.structs.replace(result or b.CLEAN, **fields)
    return assess(b.judgement(result=judged), b.recipe(), b.DEFECTS)


def test_a_clean_view_speaks_against_nothing() -> None:
    assert assessed() == Assessment(VerdictKind.ACCEPT)


def test_a_crack_rejects_with_its_reason_and_finding() -> None:
    result = assessed(b.CRACKED)
    assert result.kind is VerdictKind.REJECT
    assert result.reasons == ("crack 4.0 mm long (limit 1.0), score 1.00 (limit 0.5), at 5 mm, seen by c1",)
    assert [(f.cameras, f.rejects) for f in result.findings] == [(("c1",), True)]


def test_a_crack_below_the_length_limit_is_a_finding_of_a_clean_view() -> None:
    result = assessed(b.CRACKED, regions=(b.region(width_px=6, height_px=6),))
    assert result.kind is VerdictKind.ACCEPT
    assert [f.rejects for f in result.findings] == [False]


def test_a_view_that_was_not_judged_is_in_doubt_and_says_why() -> None:
    result = assess(b.judgement(result=b.NOT_JUDGED), b.recipe(), b.DEFECTS)
    assert result == Assessment.doubt("c1: crack not judged: too_late (12 ms short)")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"t_low": 0.2501}, "t_low 0.2501 is above half the lowest min_score"),
        ({"t_low": float("nan")}, "t_low nan is above half"),
        ({"score": float("nan")}, "score nan is outside 0..1"),
        ({"score": 1.5}, "score 1.5 is outside 0..1"),
        ({"score": 0.9}, "score 0.90 is above every probability in its regions (0.00)"),
        ({"score": 0.9, "regions": (b.region(value=100),)}, "score 0.90 is above every probability"),
        ({"regions": (b.region(),) * (MAX_REGIONS + 1)}, f"{MAX_REGIONS + 1} regions, at most {MAX_REGIONS}"),
        ({"regions": (Region(0, 0, 16000, 1, bytes(16000)),) * 300}, "regions of 4800000 px, at most"),
        ({"regions": (Region(0, 0, 3, 3, bytes(8)),)}, "a region of 3 × 3 px with 8 bytes"),
        ({"regions": (b.region(x_px=b.WIDTH_PX - 39),)}, "a region reaches beyond the view"),
    ],
)
def test_numbers_that_can_not_be_trusted_are_a_doubt(fields: dict[str, float], why: str) -> None:
    result = assessed(**fields)
    assert result.kind is VerdictKind.UNINSPECTED
    assert why in result.reasons[0]


def test_a_view_of_another_size_is_a_doubt() -> None:
    result = assess(b.judgement(width_px=b.WIDTH_PX - 1), b.recipe(), b.DEFECTS)
    assert result.reasons == ("c1: judgement of crack not used: view of 127 × 32 px, expected 128 × 32",)


def test_a_view_full_of_specks_is_a_doubt() -> None:
    specks = bytes(255 if x % 2 == 0 and y % 2 == 0 else 0 for y in range(32) for x in range(128))
    regions = tuple(Region(0, 0, 128, 32, specks) for _ in range(3))  # 3 × 1024 places
    rules = [{"name": "r", "engine": "crack-d2s2", "min_score": 0.2}]
    judged = Judged(score=0.4, t_low=0.1, regions=regions)
    result = assess(b.judgement(result=judged), b.recipe(rules=rules), b.DEFECTS)
    assert result == Assessment.doubt("c1: more than 1024 places of crack at score 0.2")


def test_each_rule_weighs_what_lies_above_its_own_cut() -> None:
    """A long faint halo around a short bright core: the rule for bright long cracks must not see the halo."""
    halo = bytearray(b.region(width_px=60, height_px=5, value=140).probability)
    for y in range(5):
        halo[y * 60 + 20 : y * 60 + 28] = bytes([255] * 8)
    region = Region(10, 10, 60, 5, bytes(halo))
    judged = Judged(score=0.95, t_low=0.2, regions=(region,))
    rules = [{"name": "bright", "engine": "crack-d2s2", "min_score": 0.9, "min_length_mm": 2.0}]
    assert assess(b.judgement(result=judged), b.recipe(rules=rules), b.DEFECTS).kind is VerdictKind.ACCEPT
    rules.append({"name": "faint", "engine": "crack-d2s2", "min_score": 0.5, "min_length_mm": 5.0})
    result = assess(b.judgement(result=judged), b.recipe(rules=rules), b.DEFECTS)
    assert result.kind is VerdictKind.REJECT
    assert "crack 6.0 mm long (limit 5.0)" in result.reasons[0]


def test_a_rule_weighs_only_what_its_own_engine_marked() -> None:
    rules = [
        {"name": "long_cracks", "engine": "crack-d2s2", "min_score": 0.5, "min_length_mm": 9.0},
        {"name": "any_stain", "engine": "stain-d2s2", "min_score": 0.5},
    ]
    recipe = b.recipe(("crack-d2s2", "stain-d2s2"), rules)
    assert assess(b.judgement(result=b.CRACKED), recipe, b.DEFECTS).kind is VerdictKind.ACCEPT
    stained = b.judgement(result=b.CRACKED, engine="stain-d2s2")
    assert assess(stained, recipe, b.DEFECTS).kind is VerdictKind.REJECT
