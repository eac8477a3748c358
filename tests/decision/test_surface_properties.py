"""More said against a part never makes it better: fusion `any` and `max`, with random marks in random views."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.decision.criteria import Pair
from edge_inspector.domain.judgement import Judged, Judgement, Region
from edge_inspector.domain.verdict import VerdictKind
from tests.decision import builders as b
from tests.decision import ring

ENGINE = "crack-d2s2"
OUTLINES = {view.name: ring.outline(ring.STRAIGHT, view) for view in ring.slow_views()}


@st.composite
def regions(draw: st.DrawFn) -> Region:
    """A box of one brightness somewhere on the part: 3..30 by 3..8 px."""
    width, height = draw(st.integers(3, 30)), draw(st.integers(3, 8))
    x, y = draw(st.integers(13, 95 - width)), draw(st.integers(7, 32 - height))
    level = draw(st.integers(70, 255))
    return Region(x, y, width, height, bytes([level]) * (width * height))


def judged(marks: list[tuple[str, Region]], cameras: set[str]) -> dict[Pair, Judgement]:
    return {
        (camera, ENGINE): ring.judgement(
            camera,
            Judged(0.0, b.T_LOW, tuple(region for where, region in marks if where == camera)),
            OUTLINES[camera],
        )
        for camera in ring.CAMERAS
        if camera in cameras
    }


MARKS = st.lists(st.tuples(st.sampled_from(ring.CAMERAS), regions()), max_size=5)
RULES = st.sampled_from([{}, {"min_area_mm2": 1.0}, {"min_length_mm": 2.0}, {"min_width_mm": 1.0}, {"min_score": 0.7}])


@pytest.mark.parametrize("mode", ["any", "max"])
@settings(max_examples=40, deadline=None)
@given(MARKS, st.tuples(st.sampled_from(ring.CAMERAS), regions()), RULES)
def test_one_more_region_never_turns_a_reject_into_an_accept(
    mode: str, marks: list[tuple[str, Region]], more: tuple[str, Region], limits: dict[str, float]
) -> None:
    recipe = ring.recipe(mode, [{"name": "r", "engine": ENGINE, "min_score": 0.5, **limits}])
    before = ring.judge(judged(marks, set(ring.CAMERAS)), recipe).kind
    after = ring.judge(judged([*marks, more], set(ring.CAMERAS)), recipe).kind
    assert not (before is VerdictKind.REJECT and after is VerdictKind.ACCEPT)


@pytest.mark.parametrize("mode", ["any", "max"])
@settings(max_examples=40, deadline=None)
@given(MARKS, st.sets(st.sampled_from(ring.CAMERAS), min_size=1, max_size=5), RULES)
def test_more_views_never_turn_a_reject_into_an_accept(
    mode: str, marks: list[tuple[str, Region]], cameras: set[str], limits: dict[str, float]
) -> None:
    recipe = ring.recipe(mode, [{"name": "r", "engine": ENGINE, "min_score": 0.5, **limits}])
    before = ring.judge(judged(marks, cameras), recipe).kind
    after = ring.judge(judged(marks, set(ring.CAMERAS)), recipe).kind
    assert before is not VerdictKind.ACCEPT  # a required view is missing
    assert not (before is VerdictKind.REJECT and after is VerdictKind.ACCEPT)


@pytest.mark.parametrize("mode", ["any", "max"])
@settings(max_examples=25, deadline=None)
@given(
    MARKS,
    st.sampled_from(ring.CAMERAS),
    st.integers(24, 82),
    st.integers(14, 20),
    st.tuples(st.integers(5, 12), st.integers(5, 6)),
)
def test_what_one_view_marks_where_it_looks_straight_always_rejects(
    mode: str, marks: list[tuple[str, Region]], camera: str, x_px: int, y_px: int, size: tuple[int, int]
) -> None:
    bright = Region(x_px, y_px, *size, bytes([255]) * (size[0] * size[1]))
    recipe = ring.recipe(mode, [{"name": "r", "engine": ENGINE, "min_score": 0.5}])
    result = ring.judge(judged([*marks, (camera, bright)], set(ring.CAMERAS)), recipe)
    assert result.kind is VerdictKind.REJECT
    assert any(camera in finding.cameras and finding.rejects for finding in result.findings)
