"""A recipe's rules against its engines, its zones and its picture; engines against the picture. Pure. (science.md §6.4)"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from edge_inspector.station.arcs import arc_span_deg
from edge_inspector.station.conflict import Conflict
from edge_inspector.station.engine_manifest import EngineManifest
from edge_inspector.station.recipe import Recipe, Rule, SilhouettePresence, Zone


def rule_conflicts(recipe: Recipe, manifests: Mapping[str, EngineManifest]) -> Iterator[Conflict]:
    """Yield what is wrong with rules: names, engines, limits that nothing can reach, zones that are nowhere."""
    names: dict[str, int] = {}
    for i, rule in enumerate(recipe.rules):
        if rule.name in names:
            text = f'"{rule.name}" is the name of rules.{names[rule.name]} too, allowed is a name of its own'
            yield _at(i, "name", text)
        names.setdefault(rule.name, i)
        if rule.engine not in recipe.engines:
            yield _at(i, "engine", f'"{rule.engine}" is no engine of this recipe, allowed are {", ".join(recipe.engines)}')
        manifest = manifests.get(rule.engine)
        if manifest is not None and not manifest.t_low <= rule.min_score / 2:
            yield _at(
                i,
                "min_score",
                f"{rule.min_score:g}, allowed is at least {2 * manifest.t_low:g} "
                f"(twice t_low {manifest.t_low:g}, below which engine {rule.engine} reports nothing)",
            )
        for key, text in _limit_texts(recipe, rule):
            yield _at(i, key, text)
        if rule.zone is not None:
            for key, text in _zone_texts(recipe, rule.zone):
                yield _at(i, f"zone.{key}" if key else "zone", text)


def engine_conflicts(recipe: Recipe, manifests: Mapping[str, EngineManifest]) -> Iterator[Conflict]:
    """Yield the engines that no rule uses, that are others than they are called, or that were made for other pictures."""
    for name in recipe.engines:
        if all(rule.engine != name for rule in recipe.rules):
            text = f"engines.{name}: no rule uses it, allowed is an engine with at least one rule"
            yield Conflict("recipe", ("engines", name), text)
        if name in manifests:
            yield from _made_for_others(recipe, name, manifests[name])


def _at(number: int, key: str, text: str) -> Conflict:
    return Conflict("recipe", ("rules", number, *key.split(".")), f"rules.{number}.{key}: {text}")


def _limit_texts(recipe: Recipe, rule: Rule) -> Iterator[tuple[str, str]]:
    limits = {"min_area_mm2": rule.min_area_mm2, "min_length_mm": rule.min_length_mm, "min_width_mm": rule.min_width_mm}
    if rule.combine == "any" and not any(limits.values()):
        yield "combine", f"any, but no limit is given, allowed with any is at least one of {', '.join(limits)} above 0"
    where, along_mm, across_mm = _largest_place(recipe)
    farthest_mm, most_mm2 = math.hypot(along_mm, across_mm), along_mm * across_mm
    for key, most, unit in (
        ("min_area_mm2", most_mm2, "mm²"),
        ("min_length_mm", farthest_mm, "mm"),
        ("min_width_mm", farthest_mm, "mm"),
    ):
        if not limits[key] < most:
            yield key, f"{limits[key]:g}, allowed is less than {where} {most:.4g} {unit}: no finding is larger"
    if rule.combine == "all" and rule.min_count > 1 and limits["min_area_mm2"] < most_mm2 <= _needed_mm2(rule):
        text = f"{rule.min_count} findings of min_area_mm2 {rule.min_area_mm2:g} are {_needed_mm2(rule):g} mm²"
        yield "min_count", f"{text}, allowed is less than {where} {most_mm2:.4g} mm²: there is no room for more"


def _needed_mm2(rule: Rule) -> float:
    return rule.min_count * rule.min_area_mm2


def _largest_place(recipe: Recipe) -> tuple[str, float, float]:
    """Return the largest thing that a finding can lie on: its name, its length and its breadth in mm."""
    picture = "the picture's", recipe.view.width_px * recipe.mm_per_px, recipe.view.height_px * recipe.mm_per_px
    presence = recipe.presence
    if not isinstance(presence, SilhouettePresence) or presence.touches_border:
        return picture if recipe.surface is None else ("any part's", math.inf, math.inf)
    if recipe.surface is not None:
        return "the largest part's", presence.length_mm.max, math.pi * presence.width_mm.max
    name, long_mm, wide_mm = "the largest part's", presence.length_mm.max, presence.width_mm.max
    return (name, long_mm, wide_mm) if long_mm * wide_mm < picture[1] * picture[2] else picture


def _zone_texts(recipe: Recipe, zone: Zone) -> Iterator[tuple[str, str]]:
    if zone.along_mm is None and zone.angle_deg is None:
        yield "", "says nowhere, allowed is along_mm, angle_deg or both; without `zone` a rule holds everywhere"
    if zone.along_mm is not None:
        low, high = zone.along_mm
        presence = recipe.presence
        if not low < high:
            yield "along_mm", f"from {low:g} to {high:g}, allowed is from less to more"
        if recipe.surface is None and not isinstance(presence, SilhouettePresence):
            yield (
                "along_mm",
                f"counts from an end of the part, but presence is {presence.kind}, allowed with kind silhouette",
            )
        elif isinstance(presence, SilhouettePresence) and not low < presence.length_mm.max:
            longest = presence.length_mm.max
            yield "along_mm", f"from {low:g}, allowed is less than the longest part, {longest:g} mm (presence.length_mm.max)"
    if zone.angle_deg is not None:
        if recipe.surface is None:
            yield "angle_deg", "counts around the part, allowed only with `surface`"
        text = arc_text(zone.angle_deg)
        if text is not None:
            yield "angle_deg", text


def arc_text(angle_deg: tuple[float, float]) -> str | None:
    """Return what is wrong with an arc [from, to]."""
    low, high = angle_deg
    if 0 < arc_span_deg(low, high) <= 360:
        return None
    return f"from {low:g}° to {high:g}°, allowed are two different angles, at most 360° apart; [350, 10] goes through 0"


def _made_for_others(recipe: Recipe, name: str, manifest: EngineManifest) -> Iterator[Conflict]:
    if manifest.name != name:
        text = f'engines.{name}: the package there is "{manifest.name}", allowed is its own name'
        yield Conflict("recipe", ("engines", name), text)
    if bands := manifest.input.other_bands:
        text = f"engines.{name}: takes the bands {bands}, allowed is an engine for colours: cameras give nothing else"
        yield Conflict("recipe", ("engines", name), text)
    made_for = (manifest.input.height, manifest.input.width)
    if made_for != (recipe.view.height_px, recipe.view.width_px):
        yield Conflict(
            "recipe",
            ("view",),
            f"view: {recipe.view.height_px} × {recipe.view.width_px} px (height × width), allowed is what engine {name} "
            f"was made for, {made_for[0]} × {made_for[1]} px",
        )
    scale = manifest.input.mm_per_px
    if not scale.min <= recipe.mm_per_px <= scale.max:
        yield Conflict(
            "recipe",
            ("mm_per_px",),
            f"mm_per_px: {recipe.mm_per_px:g}, allowed is {scale.min:g} to {scale.max:g} (engine {name})",
        )
