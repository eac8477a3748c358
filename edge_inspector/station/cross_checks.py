"""What a station file, its recipe and its engines must keep to together. Pure.

Every conflict names the file and the key, and says both numbers and what is allowed. Each kind of check has a file of its
own; here stands which of them ask for which files. Sources: design.md §9; line.md 3, 9, 10, 24; science.md §7.2, §8.6, §8.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edge_inspector.station.conflict import Conflict
from edge_inspector.station.engine_manifest import EngineManifest
from edge_inspector.station.line_checks import BEAT_INTERVAL_MS, line_conflicts
from edge_inspector.station.picture_checks import picture_conflicts
from edge_inspector.station.presence_checks import presence_conflicts
from edge_inspector.station.recipe import Recipe
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
    beat_ms = station.supervision.beat_timeout_ms
    if beat_ms < 2 * BEAT_INTERVAL_MS:
        yield Conflict(
            "station",
            ("supervision", "beat_timeout_ms"),
            f"supervision.beat_timeout_ms: {beat_ms:g}, allowed is at least {2 * BEAT_INTERVAL_MS:g} (two beats)",
        )


def recipe_conflicts(recipe: Recipe, manifests: Mapping[str, EngineManifest]) -> Iterator[Conflict]:
    """Yield what does not go together within the recipe and with the engines that could be read."""
    yield from presence_conflicts(recipe)
    yield from surface_conflicts(recipe)
    yield from rule_conflicts(recipe, manifests)
    yield from engine_conflicts(recipe, manifests)


def shared_conflicts(station: Station, recipe: Recipe) -> Iterator[Conflict]:
    """Yield what does not go together between station file and recipe."""
    yield from picture_conflicts(station, recipe.view)
    yield from exposure_conflicts(station, recipe.mm_per_px)
    yield from ring_conflicts(station, recipe)
