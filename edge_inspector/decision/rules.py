"""Applies a recipe's rules to what was measured: findings, and reasons as sentences with numbers and limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_inspector.decision.regions import Component
from edge_inspector.domain.finding import Finding
from edge_inspector.station.recipe import Rule


@dataclass(frozen=True, slots=True)
class Seen:
    """Where components come from: the engine, the defect that it marks, the camera, and how the view is measured."""

    engine: str
    defect: str
    camera: str
    mm_per_px: float
    along_x: bool  # the part lies along x (the view's longer side); reasons name the place along it


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What the rules say of one view: findings, why they reject it, and why it is in doubt. Both empty: clean."""

    findings: tuple[Finding, ...]
    rejections: tuple[str, ...]
    doubts: tuple[str, ...]


def reaches(rule: Rule, component: Component) -> bool | None:
    """Whether the component reaches every limit of the rule; None when a number is missing, so that nothing is known."""
    values = (component.score, component.area_mm2, component.length_mm)
    limits = (rule.min_score, rule.min_area_mm2, rule.min_length_mm)
    if not all(math.isfinite(value) for value in values):
        return None
    return all(value >= limit for value, limit in zip(values, limits, strict=True))


def apply_rules(rules: Sequence[Rule], components_by_cut: Mapping[float, Sequence[Component]], seen: Seen) -> RuleResult:
    """Weigh one view's components by the rules of its engine.

    `components_by_cut` holds what was measured at each rule's `min_score`. A finding is what reaches the lowest cut and its
    score; of what was measured at higher cuts (the same places again) only what rejects is added.

    Raises:
        KeyError: a rule's cut was not measured.
    """
    findings: list[Finding] = []
    rejections: list[str] = []
    doubts: list[str] = []
    lowest = min((rule.min_score for rule in rules), default=math.inf)
    for cut in sorted({rule.min_score for rule in rules}):
        for component in components_by_cut[cut]:
            is_rejected = False
            for rule in (rule for rule in rules if rule.min_score == cut):
                reached = reaches(rule, component)
                if reached is None:
                    doubts.append(f"{seen.camera}: a region of {seen.defect} could not be measured (rule {rule.name})")
                elif reached:
                    is_rejected = True
                    rejections.append(describe(rule, component, seen))
            if is_rejected or (cut == lowest and component.score >= cut):
                findings.append(_finding(component, seen, is_rejected))
    findings.sort(key=lambda finding: (not finding.rejects, -finding.length_mm))
    return RuleResult(tuple(findings), tuple(rejections), tuple(doubts))


def describe(rule: Rule, component: Component, seen: Seen) -> str:
    """Return why the rule rejects: each number with its limit, the place along the part from the view's edge, the camera."""
    length = f"{component.length_mm:.1f} mm long"
    if rule.min_length_mm > 0:
        length += f" (limit {float(rule.min_length_mm)})"
    area = f" area {component.area_mm2:.2f} mm² (limit {float(rule.min_area_mm2)})," if rule.min_area_mm2 > 0 else ""
    score = f"score {component.score:.2f} (limit {float(rule.min_score)})"
    middle_px = component.x_px + component.width_px / 2 if seen.along_x else component.y_px + component.height_px / 2
    return f"{seen.defect} {length},{area} {score}, at {middle_px * seen.mm_per_px:.0f} mm, seen by {seen.camera}"


def _finding(component: Component, seen: Seen, rejects: bool) -> Finding:
    return Finding(
        engine=seen.engine,
        defect=seen.defect,
        score=component.score,
        area_mm2=component.area_mm2,
        length_mm=component.length_mm,
        cameras=(seen.camera,),
        x_px=component.x_px,
        y_px=component.y_px,
        width_px=component.width_px,
        height_px=component.height_px,
        rejects=rejects,
    )
