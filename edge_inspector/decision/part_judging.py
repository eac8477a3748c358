"""Judges one part by all that was said of it. Pure: the daemon and whoever judges recorded parts again come to the same.

Trust the judgements → measure what they marked, view by view or on the surface → rules → the worst stands.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edge_inspector.decision.assessment import Assessment
from edge_inspector.decision.criteria import Criteria, Pair
from edge_inspector.decision.dimension_rules import UNMEASURED, Measures, apply_dimensions, outline_measures
from edge_inspector.decision.flat_fusion import measure_views
from edge_inspector.decision.mistrust import has_size, why_mistrusted
from edge_inspector.decision.rules import RuleResult, apply_rules
from edge_inspector.decision.surface_fusion import measure_surface
from edge_inspector.decision.surface_layout import lay_out
from edge_inspector.domain.judgement import Judged, Judgement, NotJudged
from edge_inspector.domain.records import SurfaceRecord
from edge_inspector.domain.view import View, ViewMissing


def judge_part(
    criteria: Criteria,
    trigger_ns: int,
    judgements: Mapping[Pair, Judgement],
    missing: Mapping[str, ViewMissing],
    doubts: Sequence[str] = (),
) -> Assessment:
    """Return the verdict on one part, with its reasons, findings and measures.

    ACCEPT needs a judgement that can be trusted of every camera × engine, no camera that has no view, the surface seen that
    the recipe asks for, and no rule that rejects. What is missing is a reason against the part; what is there may still
    reject it, but for marks where the outlines, one left out at most, give no surface to lay them on.

    Args:
        criteria: what parts are judged by.
        trigger_ns: when the part's leading end passed the sensor.
        judgements: by camera and engine; those of one camera are of one frame.
        missing: cameras without a good view, or that took one back.
        doubts: what else speaks against an ACCEPT.
    """
    trusted = _trusted(criteria, judgements, missing)
    seen = _seen_on_surface if criteria.recipe.surface is not None else _seen_flat
    found = seen(trusted, missing, criteria, trigger_ns)
    dimensions = apply_dimensions(criteria.recipe.dimensions, found.measures)
    assessment = Assessment.of(
        (*found.rules.rejections, *dimensions.rejections),
        (*doubts, *trusted.doubts, *found.doubts, *found.rules.doubts, *dimensions.doubts),
        found.rules.findings,
    )
    return replace(assessment, surface=found.surface, length_mm=found.length_mm, diameter_mm=found.diameter_mm)


@dataclass(frozen=True, slots=True)
class _Trusted:
    """What can be used of all that was said, and why the rest can not. `views`: those that have the right size."""

    judged: dict[Pair, tuple[Judgement, Judged]]
    views: dict[str, View]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the views show, weighed by the rules."""

    rules: RuleResult
    measures: Sequence[Measures]
    doubts: tuple[str, ...]
    surface: SurfaceRecord | None = None
    length_mm: float | None = None
    diameter_mm: float | None = None


def _trusted(criteria: Criteria, judgements: Mapping[Pair, Judgement], missing: Mapping[str, ViewMissing]) -> _Trusted:
    doubts = [f"{each.camera}: no view: {each.reason.value} ({each.detail})" for each in missing.values()]
    judged: dict[Pair, tuple[Judgement, Judged]] = {}
    views: dict[str, View] = {}
    for pair in criteria.pairs:
        camera, engine = pair
        defect = criteria.defects[engine].name
        judgement = judgements.get(pair)
        if judgement is None:
            if camera not in missing:
                doubts.append(f"{camera}: no judgement of {defect} in time")
            continue
        if has_size(judgement.view, criteria):
            view = views.setdefault(camera, judgement.view)
            if view.frame_ns != judgement.view.frame_ns or view.frame_number != judgement.view.frame_number:
                doubts.append(f"{camera}: judgement of {defect} is of another frame than the camera's first")
                continue
        result = judgement.result
        if isinstance(result, NotJudged):
            doubts.append(f"{camera}: {defect} not judged: {result.reason.value} ({result.detail})")
        elif mistrust := why_mistrusted(judgement, result, criteria):
            doubts.append(f"{camera}: judgement of {defect} not used: {mistrust}")
        else:
            judged[pair] = (judgement, result)
    return _Trusted(judged, views, tuple(doubts))


def _seen_flat(trusted: _Trusted, missing: Mapping[str, ViewMissing], criteria: Criteria, trigger_ns: int) -> _Seen:
    """Measure each view by itself."""
    marked = measure_views(trusted.judged, criteria)
    measures = outline_measures(trusted.views, criteria.recipe.mm_per_px)
    return _Seen(
        apply_rules(criteria.recipe.rules, marked),
        measures,
        marked.doubts,
        length_mm=_median([each.length_mm for each in measures]),
        diameter_mm=_median([each.diameter_mm for each in measures]),
    )


def _seen_on_surface(trusted: _Trusted, missing: Mapping[str, ViewMissing], criteria: Criteria, trigger_ns: int) -> _Seen:
    """Put the views together on the part's surface; where there is none, nothing can be measured."""
    surface = criteria.recipe.surface
    assert surface is not None
    laid = lay_out(trusted.views, missing, surface, criteria, trigger_ns)
    if laid.layout is None:
        return _Seen(RuleResult((), (), ()), [UNMEASURED], laid.doubts)
    marked = measure_surface(trusted.judged, laid.layout, surface, criteria)
    return _Seen(
        apply_rules(criteria.recipe.rules, marked),
        [laid.layout.measures],
        (*laid.doubts, *marked.doubts),
        surface=laid.layout.record,
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
