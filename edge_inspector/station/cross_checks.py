"""What a station file, its recipe and its engines must keep to together. Pure.

Every conflict names the file and the key, and says both numbers and what is allowed. Each kind of check has a file of its
own; here stands which of them ask for which files. Sources: design.md §9; line.md 3, 9, 10, 24; science.md §7.2, §8.6, §8.7.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from edge_inspector.station.conflict import Conflict
from edge_inspector.station.engine_manifest import EngineManifest
from edge_inspector.station.line_checks import BEAT_INTERVAL_MS, line_conflicts
from edge_inspector.station.picture_checks import picture_conflicts
from edge_inspector.station.presence_checks import presence_conflicts
from edge_inspector.station.recipe import Recipe, SilhouettePresence
from edge_inspector.station.ring_checks import occlusion_conflicts, ring_conflicts, surface_conflicts
from edge_inspector.station.rule_checks import engine_conflicts, rule_conflicts
from edge_inspector.station.station import Station
from edge_inspector.station.time_checks import exposure_conflicts, time_conflicts


def station_conflicts(station: Station) -> Iterator[Conflict]:
    """Yield what does not go together within the station file."""
    yield from line_conflicts(station.line)
    yield from time_conflicts(station)
    yield from occlusion_conflicts(station)
    if not station.simulation:
        replays = ", ".join(name for name, camera in station.cameras.items() if camera.driver == "replay")
        yield Conflict(
            "station",
            ("simulation",),
            f"simulation: false, but cameras {replays} have driver replay and the belt is {station.line.belt}, "
            "allowed are cameras and a belt that exist, or simulation: true",
        )
    if station.recording is None:
        yield Conflict(
            "station",
            ("cameras",),
            "`recording` is missing, needed is the folder that cameras with driver replay show",
        )
    yield from _plain_conflicts(station)
    beat_ms = station.supervision.beat_timeout_ms
    if beat_ms < 2 * BEAT_INTERVAL_MS:
        yield Conflict(
            "station",
            ("supervision", "beat_timeout_ms"),
            f"supervision.beat_timeout_ms: {beat_ms:g}, allowed is at least {2 * BEAT_INTERVAL_MS:g} (two beats)",
        )


def _plain_conflicts(station: Station) -> Iterator[Conflict]:
    """Yield what makes the parts of plain pictures UNINSPECTED before anyone looks at them."""
    plain = station.recording.plain if station.recording is not None else None
    if plain is None:
        return
    length, line = station.line.part_length_mm, station.line
    if not length.min <= plain.length_mm <= length.max:
        allowed = f"allowed is line.part_length_mm, {length.min:g} to {length.max:g}"
        text = f"recording.plain.length_mm: {plain.length_mm:g}, {allowed}"
        yield Conflict("station", ("recording", "plain", "length_mm"), text)
    apart_mm = plain.spacing_ms * line.speed_mm_s / 1000
    if not apart_mm >= line.min_spacing_mm:
        least_ms = math.ceil(1000 * line.min_spacing_mm / line.speed_mm_s)
        text = (
            f"recording.plain.spacing_ms: {plain.spacing_ms:g} ms are {apart_mm:g} mm at {line.speed_mm_s:g} mm/s, allowed "
            f"is at least line.min_spacing_mm, {line.min_spacing_mm:g} mm, which are {least_ms} ms"
        )
        yield Conflict("station", ("recording", "plain", "spacing_ms"), text)


def recipe_conflicts(recipe: Recipe, manifests: Mapping[str, EngineManifest]) -> Iterator[Conflict]:
    """Yield what does not go together within the recipe and with the engines that could be read."""
    yield from presence_conflicts(recipe)
    yield from surface_conflicts(recipe)
    yield from rule_conflicts(recipe, manifests)
    yield from engine_conflicts(recipe, manifests)


def shared_conflicts(station: Station, recipe: Recipe) -> Iterator[Conflict]:
    """Yield what does not go together between station file and recipe."""
    yield from _length_conflicts(station, recipe)
    yield from picture_conflicts(station, recipe.view)
    yield from exposure_conflicts(station, recipe.mm_per_px)
    yield from ring_conflicts(station, recipe)


def _length_conflicts(station: Station, recipe: Recipe) -> Iterator[Conflict]:
    """Yield a part's length that sensor and pictures can not agree on."""
    presence, sensed = recipe.presence, station.line.part_length_mm
    if not isinstance(presence, SilhouettePresence) or presence.touches_border:
        return
    seen = presence.length_mm
    if not (seen.min <= sensed.max and sensed.min <= seen.max):
        text = (
            f"presence.length_mm: {seen.min:g} to {seen.max:g}, but the station's line.part_length_mm is {sensed.min:g} to "
            f"{sensed.max:g}, allowed are ranges that meet: no part could be within both"
        )
        yield Conflict("recipe", ("presence", "length_mm"), text)
