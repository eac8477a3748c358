"""Assesses one judgement: whether it can be trusted, what it marked, and what the rules say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge_inspector.decision.regions import MAX_COMPONENTS, Component, ViewScale, crop_of, measure_regions
from edge_inspector.decision.rules import Seen, apply_rules
from edge_inspector.domain.finding import Finding
from edge_inspector.domain.judgement import Judged, Judgement, NotJudged
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.station.recipe import Recipe, Rule

MAX_REGIONS = 1024
_MAX_REGION_PX = 4 << 20  # of all boxes; inference's own bound is lower, so that this one never decides on a healthy line
_SCORE_TOLERANCE = 0.01  # a score is a mean of probabilities: above all of them by more than rounding, something is lost


@dataclass(frozen=True, slots=True)
class EngineDefect:
    """What decision must know of an engine: the defect's name and the area of the smallest one that matters, in px."""

    name: str
    smallest_px: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """One reason for or against a part: ACCEPT only means that nothing speaks against it here."""

    kind: VerdictKind
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @classmethod
    def doubt(cls, reason: str) -> Assessment:
        """Return UNINSPECTED for one reason."""
        return cls(VerdictKind.UNINSPECTED, (reason,))


def assess(judgement: Judgement, recipe: Recipe, defects: Mapping[str, EngineDefect]) -> Assessment:
    """Return what one engine's word on one view means for the part.

    ACCEPT needs a whole judgement of a view of the right size, whose numbers agree with each other, and no rule that
    rejects a region of it.
    """
    camera, defect = judgement.view.camera, defects[judgement.engine]
    result = judgement.result
    if isinstance(result, NotJudged):
        return Assessment.doubt(f"{camera}: {defect.name} not judged: {result.reason.value} ({result.detail})")
    rules = [rule for rule in recipe.rules if rule.engine == judgement.engine]
    mistrust = _mistrust(judgement, result, recipe, rules)
    if mistrust:
        return Assessment.doubt(f"{camera}: judgement of {defect.name} not used: {mistrust}")
    view = recipe.view
    scale = ViewScale(view.height_px, view.width_px, recipe.mm_per_px, result.t_low, defect.smallest_px)
    components_by_cut: dict[float, list[Component]] = {}
    for cut in {rule.min_score for rule in rules}:
        components = measure_regions(result.regions, cut, scale)
        if components is None:
            return Assessment.doubt(f"{camera}: more than {MAX_COMPONENTS} places of {defect.name} at score {cut}")
        components_by_cut[cut] = components
    return _weigh(judgement, recipe, defect, rules, components_by_cut)


def _mistrust(judgement: Judgement, result: Judged, recipe: Recipe, rules: list[Rule]) -> str:
    """Return why the numbers of a judgement can not be used, or an empty string. Comparisons fail towards mistrust."""
    view = judgement.view
    if (view.height_px, view.width_px) != (recipe.view.height_px, recipe.view.width_px):
        return f"view of {view.width_px} × {view.height_px} px, expected {recipe.view.width_px} × {recipe.view.height_px}"
    if not 0.0 <= result.score <= 1.0:
        return f"score {result.score} is outside 0..1"
    if not (rules and 0.0 <= result.t_low <= min(rule.min_score for rule in rules) / 2):
        return f"t_low {result.t_low:g} is above half the lowest min_score of the rules for {judgement.engine}"
    if len(result.regions) > MAX_REGIONS:
        return f"{len(result.regions)} regions, at most {MAX_REGIONS}"
    if (total_px := sum(r.width_px * r.height_px for r in result.regions)) > _MAX_REGION_PX:
        return f"regions of {total_px} px, at most {_MAX_REGION_PX}"
    for region in result.regions:
        if len(region.probability) != region.width_px * region.height_px:
            return f"a region of {region.width_px} × {region.height_px} px with {len(region.probability)} bytes"
        if region.x_px + region.width_px > view.width_px or region.y_px + region.height_px > view.height_px:
            return "a region reaches beyond the view"
    highest = max((int(crop_of(region).max()) / 255 for region in result.regions), default=0.0)
    if not result.score <= max(highest, result.t_low) + _SCORE_TOLERANCE:
        return f"score {result.score:.2f} is above every probability in its regions ({highest:.2f})"
    return ""


def _weigh(
    judgement: Judgement,
    recipe: Recipe,
    defect: EngineDefect,
    rules: list[Rule],
    components_by_cut: Mapping[float, list[Component]],
) -> Assessment:
    camera = judgement.view.camera
    seen = Seen(
        engine=judgement.engine,
        defect=defect.name,
        camera=camera,
        mm_per_px=recipe.mm_per_px,
        along_x=judgement.view.width_px >= judgement.view.height_px,
    )
    weighed = apply_rules(rules, components_by_cut, seen)
    if weighed.rejections:
        return Assessment(VerdictKind.REJECT, weighed.rejections + weighed.doubts, weighed.findings)
    if weighed.doubts:
        return Assessment(VerdictKind.UNINSPECTED, weighed.doubts, weighed.findings)
    return Assessment(VerdictKind.ACCEPT, (), weighed.findings)
