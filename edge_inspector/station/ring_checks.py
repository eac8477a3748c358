"""Cameras around a rod whose views are put together on its surface: their places against each other, against the view,
against the line and against the surface that must be seen. Pure. (science.md §7.1, §7.2; line.md 26)
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from edge_inspector.station.arcs import arc, arc_span_deg, words
from edge_inspector.station.conflict import Conflict
from edge_inspector.station.coverage import Coverage, Eye, Hidden, Rod, surface_coverage
from edge_inspector.station.recipe import Recipe, SilhouettePresence
from edge_inspector.station.rule_checks import arc_text
from edge_inspector.station.station import CameraPlace, Station

LEAST_APART_DEG = 1.0
MOST_SCALE_DIFFERENCE = 0.15  # between mm_per_px and what distance and focal length make of it

POSES = {"rotating": "the part turns", "unknown": "the part may lie anyhow"}


def occlusion_conflicts(station: Station) -> Iterator[Conflict]:
    """Yield the occlusions that are nowhere, or hide from a camera that is not there."""
    for i, each in enumerate(station.occlusions):
        low, high = each.along_mm
        if not low < high:
            text = f"occlusions.{i}.along_mm: from {low:g} to {high:g}, allowed is from less to more"
            yield Conflict("station", ("occlusions", i, "along_mm"), text)
        text_of_arc = arc_text(each.angle_deg)
        if text_of_arc is not None:
            yield Conflict("station", ("occlusions", i, "angle_deg"), f"occlusions.{i}.angle_deg: {text_of_arc}")
        for name in each.cameras:
            if name not in station.cameras:
                text = f'occlusions.{i}.cameras: "{name}" is no camera, allowed are {", ".join(station.cameras)}'
                yield Conflict("station", ("occlusions", i, "cameras"), text)


def surface_conflicts(recipe: Recipe) -> Iterator[Conflict]:
    """Yield what the recipe lacks for putting views together."""
    if recipe.surface is None:
        if recipe.fusion != "any":
            text = f"fusion: {recipe.fusion} puts views together, allowed only with `surface`; without it, any"
            yield Conflict("recipe", ("fusion",), text)
    elif not isinstance(recipe.presence, SilhouettePresence):
        text = (
            f"surface: is laid on the part's silhouette, but presence is {recipe.presence.kind}, allowed is kind silhouette"
        )
        yield Conflict("recipe", ("surface",), text)


def ring_conflicts(station: Station, recipe: Recipe) -> Iterator[Conflict]:
    """Yield what does not go together between the cameras' places and the recipe."""
    if recipe.surface is not None:
        if station.pose != "ring":
            text = (
                f"surface: the station's pose is {station.pose} ({POSES[station.pose]}), allowed only with pose ring; "
                "otherwise each view is judged on its own, and nothing is said of how much of the part was seen"
            )
            yield Conflict("recipe", ("surface",), text)
        yield from _missing_or_double(station)
    places = {name: camera.place for name, camera in station.cameras.items() if camera.place is not None}
    sound = True
    for name, place in places.items():
        for key, text in _place_texts(place, recipe):
            sound = False
            yield Conflict("station", ("cameras", name, "place", key), f"cameras.{name}.place.{key}: {text}")
    if not sound or recipe.surface is None or not isinstance(recipe.presence, SilhouettePresence):
        return
    smallest = rods(station, recipe.presence)[0]
    for name, place in places.items():
        offset_text = _offset_text(station, name, place, recipe, smallest.length_mm)
        if offset_text is not None:
            sound = False
            yield Conflict("station", ("cameras", name, "offset_ms"), f"cameras.{name}.offset_ms: {offset_text}")
    if sound and len(places) == len(station.cameras) and not any(occlusion_conflicts(station)):
        yield from _coverage_conflicts(station, recipe, smallest)


def rods(station: Station, presence: SilhouettePresence) -> tuple[Rod, Rod]:
    """Return the smallest and the largest part that counts as one."""
    lengths = station.line.part_length_mm if presence.touches_border else presence.length_mm
    width = presence.width_mm
    return Rod(width.min / 2, lengths.min), Rod(width.max / 2, lengths.max)


def coverage_of(station: Station, recipe: Recipe, rod: Rod) -> Coverage | None:
    """Return how much of a part's surface the cameras see, each at its own instant; None without `surface` and places."""
    if recipe.surface is None:
        return None
    eyes = []
    for name, camera in station.cameras.items():
        place = camera.place
        if place is None:
            return None
        mm_per_px = place.distance_mm / place.focal_px
        left = place.along_mm - (place.centre_x_px + 0.5) * mm_per_px
        eyes.append(
            Eye(
                name=name,
                angle_deg=place.angle_deg,
                distance_mm=place.distance_mm,
                along_mm=place.along_mm,
                seen_mm=(left, left + recipe.view.width_px * mm_per_px),
                lead_mm=_lead_mm(station, name),
            )
        )
    hidden = [
        Hidden(each.along_mm, arc(each.angle_deg[0], arc_span_deg(*each.angle_deg)), tuple(each.cameras))
        for each in station.occlusions
    ]
    return surface_coverage(rod, recipe.surface.max_incidence_deg, eyes, hidden)


def _missing_or_double(station: Station) -> Iterator[Conflict]:
    seen: dict[str, float] = {}
    for name, camera in station.cameras.items():
        if camera.place is None:
            text = f"cameras.{name}: `place` is missing, needed with the recipe's `surface` is where the camera stands"
            yield Conflict("station", ("cameras", name), text)
            continue
        angle = camera.place.angle_deg
        for other, at in seen.items():
            apart = abs((angle - at + 180) % 360 - 180)
            if not apart > LEAST_APART_DEG:
                text = (
                    f"cameras.{name}.place.angle_deg: {angle:g} is {apart:g}° from camera {other}, allowed is more than "
                    f"{LEAST_APART_DEG:g}°: two cameras can not stand at one place"
                )
                yield Conflict("station", ("cameras", name, "place", "angle_deg"), text)
        seen[name] = angle


def _place_texts(place: CameraPlace, recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield (key, text)."""
    width_px, height_px = recipe.view.width_px, recipe.view.height_px
    if not -width_px <= place.centre_x_px <= 2 * width_px:
        yield (
            "centre_x_px",
            f"{place.centre_x_px:g}, allowed is {-width_px} to {2 * width_px}, near the view of {width_px} px",
        )
    if not -0.5 <= place.centre_y_px <= height_px - 0.5:
        yield (
            "centre_y_px",
            f"{place.centre_y_px:g}, allowed is within the view's height, 0 to {height_px - 1}: the lens looks at the axis "
            "along which parts travel, so the part would lie outside the view",
        )
    implied = place.distance_mm / place.focal_px
    if not abs(implied - recipe.mm_per_px) <= MOST_SCALE_DIFFERENCE * recipe.mm_per_px:
        yield (
            "focal_px",
            f"{place.focal_px:g} px at distance_mm {place.distance_mm:g} show {implied:.4g} mm/px, allowed is within "
            f"{100 * MOST_SCALE_DIFFERENCE:g} % of the recipe's mm_per_px, {recipe.mm_per_px:g}: measure all three again",
        )
    if isinstance(recipe.presence, SilhouettePresence) and not place.distance_mm > recipe.presence.width_mm.max / 2:
        yield (
            "distance_mm",
            f"{place.distance_mm:g}, allowed is more than half of the widest part, {recipe.presence.width_mm.max / 2:g} mm",
        )


def _lead_mm(station: Station, name: str) -> float:
    """Where the part's leading end is at the instant of the camera's frame, from the sensor."""
    return station.line.speed_mm_s * station.cameras[name].offset_ms / 1000


def _offset_text(station: Station, name: str, place: CameraPlace, recipe: Recipe, length_mm: float) -> str | None:
    """Say where the smallest part would lie when its frame is due, if that is not within the view."""
    lead_mm = _lead_mm(station, name)
    px_per_mm = place.focal_px / place.distance_mm
    lead_px = place.centre_x_px + (lead_mm - place.along_mm) * px_per_mm
    trail_px = lead_px - length_mm * px_per_mm
    most_px = recipe.view.width_px - 0.5
    may_be_cut = recipe.presence.kind == "silhouette" and recipe.presence.touches_border
    is_in = trail_px < most_px and lead_px > -0.5 if may_be_cut else trail_px >= -0.5 and lead_px <= most_px
    if is_in:
        return None
    middle_ms = 1000 * (place.along_mm + length_mm / 2) / station.line.speed_mm_s
    return (
        f"{station.cameras[name].offset_ms:g} ms are {lead_mm:g} mm at {station.line.speed_mm_s:g} mm/s: a part of "
        f"{length_mm:g} mm then reaches from x = {trail_px:.0f} to {lead_px:.0f} px, allowed is within the view, 0 to "
        f"{recipe.view.width_px - 1} px; it lies before place.along_mm, {place.along_mm:g} mm, at {middle_ms:.0f} ms"
    )


def _coverage_conflicts(station: Station, recipe: Recipe, smallest: Rod) -> Iterator[Conflict]:
    coverage = coverage_of(station, recipe, smallest)
    if coverage is None or recipe.surface is None or coverage.share >= recipe.surface.min_coverage:
        return
    low, high = coverage.unseen_mm
    yield Conflict(
        "recipe",
        ("surface", "min_coverage"),
        f"surface.min_coverage: {recipe.surface.min_coverage:g} can never be reached, allowed is at most "
        f"{math.floor(1000 * coverage.share) / 1000:g}: of a part {2 * smallest.radius_mm:g} mm wide nobody sees "
        f"{words(coverage.unseen)} at {recipe.surface.max_incidence_deg:g}° or straighter, {low:.0f} to {high:.0f} mm "
        "behind its leading end; add a camera there, or allow a larger max_incidence_deg",
    )
