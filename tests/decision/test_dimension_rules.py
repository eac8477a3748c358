from __future__ import annotations

import math
from dataclasses import replace

import pytest

from edge_inspector.decision.dimension_rules import Measures, apply_dimensions, outline_measures
from edge_inspector.domain.view import Outline
from edge_inspector.station.recipe import Dimensions
from tests.decision import builders as b

ROD = Measures(length_mm=57.2, diameter_mm=8.0, bow_mm=0.5, taper_mm=0.2, oval_mm=0.3)


def dimensions(**limits: dict[str, float]) -> Dimensions:
    return Dimensions.model_validate(limits)


def test_a_measure_outside_its_limits_rejects_with_both_numbers() -> None:
    result = apply_dimensions(dimensions(length_mm={"min": 58.0, "max": 62.0}), [ROD])
    assert result.rejections == ("length 57.2 mm (allowed 58.0 to 62.0)",)
    assert result.doubts == ()


@pytest.mark.parametrize("name", ["length", "diameter", "bow", "taper", "oval"])
def test_every_measure_has_limits_on_both_sides_which_are_good_themselves(name: str) -> None:
    value = getattr(ROD, f"{name}_mm")
    for limits, rejects in [
        ({"min": value}, False),
        ({"max": value}, False),
        ({"min": value + 0.1}, True),
        ({"max": value - 0.1}, True),
    ]:
        result = apply_dimensions(dimensions(**{f"{name}_mm": limits}), [ROD])
        assert bool(result.rejections) is rejects
        assert not result.doubts
    assert f"{name} {value} mm (allowed at most {value - 0.1})" in result.rejections


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
@pytest.mark.parametrize("name", ["length", "diameter", "bow", "taper", "oval"])
def test_a_measure_that_is_missing_is_a_doubt_only_where_it_has_a_limit(name: str, value: float | None) -> None:
    broken = replace(ROD, **{f"{name}_mm": value})
    assert apply_dimensions(dimensions(**{f"{name}_mm": {"max": 99.0}}), [broken]).doubts == (
        f"{name} could not be measured (allowed at most 99.0)",
    )
    assert apply_dimensions(Dimensions(), [broken]).doubts == ()


def test_nothing_measured_is_a_doubt() -> None:
    assert apply_dimensions(dimensions(bow_mm={"max": 1.0}), []).doubts == (
        "bow could not be measured (allowed at most 1.0)",
    )


def test_a_number_just_beyond_its_limit_is_not_rounded_onto_it() -> None:
    result = apply_dimensions(dimensions(diameter_mm={"max": 8.0}), [replace(ROD, diameter_mm=8.004)])
    assert result.rejections == ("diameter 8.004 mm (allowed at most 8.0)",)


def test_every_view_by_itself_must_be_within_the_limits() -> None:
    views = [replace(ROD, source="c1"), replace(ROD, source="c2", bow_mm=1.5)]
    assert apply_dimensions(dimensions(bow_mm={"max": 1.0}), views).rejections == (
        "bow 1.5 mm (allowed at most 1.0), seen by c2",
    )


def outlined(outline: Outline | None) -> Measures:
    view = b.view()
    view = type(view)(**{name: getattr(view, name) for name in view.__struct_fields__ if name != "outline"}, outline=outline)
    (measures,) = outline_measures({"c1": view}, mm_per_px=0.1)
    return measures


def test_an_outline_gives_length_diameter_bow_and_taper() -> None:
    columns = tuple(float(x) for x in range(20, 101, 5))
    place = [(x - 10) / 50 - 1 for x in columns]  # −1 at 10 px, 1 at 110 px
    middle = [30 + 2 * s - 4 * (1 - s * s) for s in place]  # tilted, and 4 px bent
    half = [10 + 1.5 * s for s in place]
    outline = Outline(
        10.0,
        110.0,
        columns,
        tuple(m - h for m, h in zip(middle, half, strict=True)),
        tuple(m + h for m, h in zip(middle, half, strict=True)),
    )
    measures = outlined(outline)
    assert measures.length_mm == pytest.approx(10.0, rel=0.001)
    assert measures.diameter_mm == pytest.approx(2.0, rel=0.001)
    assert measures.bow_mm == pytest.approx(0.4, rel=0.001)
    assert measures.taper_mm == pytest.approx(0.6, rel=0.001)
    assert measures.oval_mm is None
    assert measures.source == "c1"


@pytest.mark.parametrize("tilt_deg", [0.0, 5.0, -10.0])
def test_an_outline_that_leans_measures_like_one_that_does_not(tilt_deg: float) -> None:
    """A bar of 100 by 20 px, turned: its ends on its axis move, and its columns cut it askew."""
    turn = math.radians(tilt_deg)
    start, end = 200 - 50 * math.cos(turn), 200 + 50 * math.cos(turn)
    columns = tuple(start + 8 + (end - start - 16) * i / 16 for i in range(17))
    middle = [30 + (x - 200) * math.tan(turn) for x in columns]
    half = 10 / math.cos(turn)
    upper, lower = tuple(m - half for m in middle), tuple(m + half for m in middle)
    measures = outlined(Outline(start, end, columns, upper, lower))
    assert measures.length_mm == pytest.approx(10.0)
    assert measures.diameter_mm == pytest.approx(2.0)
    assert measures.bow_mm == pytest.approx(0.0, abs=1e-9)
    assert measures.taper_mm == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    "outline",
    [
        None,
        Outline(10.0, 10.0, (1.0, 2.0, 3.0), (1.0, 1.0, 1.0), (2.0, 2.0, 2.0)),
        Outline(10.0, 20.0, (11.0, 12.0), (1.0, 1.0), (2.0, 2.0)),
        Outline(10.0, 20.0, (11.0, 12.0, 13.0), (1.0, 1.0), (2.0, 2.0, 2.0)),
        Outline(10.0, 20.0, (11.0, 12.0, 12.0), (1.0, 1.0, 1.0), (2.0, 2.0, 2.0)),
        Outline(math.nan, 20.0, (11.0, 12.0, 13.0), (1.0, 1.0, 1.0), (2.0, 2.0, 2.0)),
    ],
)
def test_an_outline_that_is_none_measures_nothing(outline: Outline | None) -> None:
    assert outlined(outline) == Measures(None, None, None, None, None, "c1")
