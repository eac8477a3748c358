"""Applies a recipe's rules to what was measured: findings, and reasons as sentences with numbers and limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge_inspector.decision.measured import Marked, Measured
from edge_inspector.decision.zone import touches
from edge_inspector.domain.finding import Finding
from edge_inspector.station.recipe import Rule


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What the rules say of one part: findings, why they reject it, and why it is in doubt. The last two empty: clean."""

    findings: tuple[Finding, ...]
    rejections: tuple[str, ...]
    doubts: tuple[str, ...]


def reaches(rule: Rule, place: Measured) -> bool | None:
    """Whether a place reaches the limits of the rule; None when a number is missing, so that nothing is known.

    The score is always needed. `combine: all`: every limit; `any`: one of those given of area, length and width is enough.
    """
    values = (place.area_mm2, place.length_mm, place.width_mm)
    limits = (rule.min_area_mm2, rule.min_length_mm, rule.min_width_mm)
    if not all(math.isfinite(value) for value in (place.score, *values)):
        return None
    reached = [value >= limit for value, limit in zip(values, limits, strict=True)]
    if rule.combine == "any" and any(limits):
        reached = [any(is_reached for is_reached, limit in zip(reached, limits, strict=True) if limit > 0)]
    return place.score >= rule.min_score and all(reached)


def apply_rules(rules: Sequence[Rule], marked: Marked) -> RuleResult:
    """Weigh what was marked on one part.

    A finding is what reaches its engine's lowest cut and its score; of what was measured at higher cuts (the same places
    again) only what rejects is added.

    Raises:
        KeyError: a rule's cut was not measured.
    """
    rejections: list[str] = []
    doubts: list[str] = []
    guilty: dict[tuple[str, float], set[int]] = {}  # engine and cut: which places there reject
    for rule in rules:
        measured = marked.places[rule.engine, rule.min_score]
        reached: list[int] = []
        for number, place in enumerate(measured):
            if not touches(rule.zone, place):
                continue
            is_reached = reaches(rule, place)
            if is_reached is None:
                doubts.append(
                    f"{', '.join(place.cameras)}: a region of {place.defect} could not be measured (rule {rule.name})"
                )
            elif is_reached:
                reached.append(number)
        if reached and len(reached) >= rule.min_count:
            guilty.setdefault((rule.engine, rule.min_score), set()).update(reached)
            rejections += _rejections(rule, [measured[number] for number in reached])
    return RuleResult(_findings(rules, marked, guilty), tuple(rejections), tuple(doubts))


def _findings(rules: Sequence[Rule], marked: Marked, guilty: dict[tuple[str, float], set[int]]) -> tuple[Finding, ...]:
    lowest: dict[str, float] = {}
    for rule in rules:
        lowest[rule.engine] = min(rule.min_score, lowest.get(rule.engine, math.inf))
    findings = []
    for engine, cut in sorted({(rule.engine, rule.min_score) for rule in rules}):
        for number, place in enumerate(marked.places[engine, cut]):
            rejects = number in guilty.get((engine, cut), ())
            if rejects or (cut == lowest[engine] and place.score >= cut):
                findings.append(place.finding(rejects=rejects))
    findings.sort(key=lambda finding: (not finding.rejects, -finding.length_mm))
    return tuple(findings)


def _rejections(rule: Rule, places: Sequence[Measured]) -> list[str]:
    if rule.min_count == 1:
        return [describe(rule, place) for place in places]
    largest = max(places, key=lambda place: place.length_mm)
    return [f"{len(places)} places of {largest.defect} (limit {rule.min_count}), the longest: {describe(rule, largest)}"]


def describe(rule: Rule, place: Measured) -> str:
    """Return why the rule rejects a place: each number with its limit, where it lies on the part, the cameras."""
    length = f"{place.length_mm:.1f} mm long"
    if rule.min_length_mm > 0:
        length += f" (limit {float(rule.min_length_mm)})"
    parts = [f"{place.defect} {length}"]
    if rule.min_width_mm > 0:
        parts.append(f"{place.width_mm:.2f} mm wide (limit {float(rule.min_width_mm)})")
    if rule.min_area_mm2 > 0:
        parts.append(f"area {place.area_mm2:.2f} mm² (limit {float(rule.min_area_mm2)})")
    parts.append(f"score {place.score:.2f} (limit {float(rule.min_score)})")
    parts.append(f"at {place.text_mm:.0f} mm")
    if place.angle_deg is not None:
        parts.append(f"{round(place.angle_deg.middle) % 360}°")
    parts.append(f"seen by {', '.join(place.cameras)}")
    return ", ".join(parts)
