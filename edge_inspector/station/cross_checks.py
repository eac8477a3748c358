"""What a station file, its recipe and its engines must keep to together: physics of the line, sizes, thresholds. Pure.

Every conflict names the file and the key, and says both numbers. Sources: design.md §9; line.md 3, 9, 10; science.md §8.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edge_inspector.station.conflict import Conflict
from edge_inspector.station.engine_manifest import EngineManifest
from edge_inspector.station.line_checks import BEAT_INTERVAL_MS, line_conflicts, verdict_due_ms
from edge_inspector.station.recipe import Recipe, SilhouettePresence
from edge_inspector.station.station import Camera, Line, Station

INFERENCE_BUDGET_MS = 100.0  # least time for inference, decision and messages that a station must leave


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """Where one camera's time goes, in ms from the sensor's leading edge."""

    view_ms: float  # the frame is chosen at the latest
    commit_ms: float  # the verdict must be there
    inference_ms: float  # what lies between


def time_budget(line: Line, camera: Camera) -> TimeBudget:
    """Return when the camera's frame is there at the latest and when the verdict must be.

    The frame due at `offset` is the nearest one within the tolerance; that no nearer one follows is known one period later.
    """
    view_ms = camera.offset_ms + camera.tolerance_or_default_ms + camera.period_ms + camera.latency_ms
    commit_ms = verdict_due_ms(line)
    return TimeBudget(view_ms, commit_ms, commit_ms - view_ms)


def station_conflicts(station: Station) -> Iterator[Conflict]:
    """Yield what does not go together within the station file."""
    yield from line_conflicts(station.line)
    for name, camera in station.cameras.items():
        for key, text in _camera_conflicts(station.line, camera):
            yield Conflict("station", ("cameras", name, key), f"cameras.{name}.{key}: {text}")
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
    yield from _presence_conflicts(recipe)
    names: dict[str, int] = {}
    for i, rule in enumerate(recipe.rules):
        where = f"rules.{i}"
        if rule.name in names:
            text = f'{where}.name: "{rule.name}" is the name of rules.{names[rule.name]} too, allowed is a name of its own'
            yield Conflict("recipe", ("rules", i, "name"), text)
        names.setdefault(rule.name, i)
        if rule.engine not in recipe.engines:
            text = f'{where}.engine: "{rule.engine}" is no engine of this recipe, allowed are {", ".join(recipe.engines)}'
            yield Conflict("recipe", ("rules", i, "engine"), text)
        manifest = manifests.get(rule.engine)
        if manifest is not None and not manifest.t_low <= rule.min_score / 2:
            yield Conflict(
                "recipe",
                ("rules", i, "min_score"),
                f"{where}.min_score: {rule.min_score:g}, allowed is at least {2 * manifest.t_low:g} "
                f"(twice t_low {manifest.t_low:g}, below which engine {rule.engine} reports nothing)",
            )
    for name in recipe.engines:
        if all(rule.engine != name for rule in recipe.rules):
            text = f"engines.{name}: no rule uses it, allowed is an engine with at least one rule"
            yield Conflict("recipe", ("engines", name), text)
        if name in manifests:
            yield from _engine_conflicts(recipe, name, manifests[name])


def shared_conflicts(station: Station, recipe: Recipe) -> Iterator[Conflict]:
    """Yield what does not go together between station file and recipe."""
    view = recipe.view
    for name, camera in station.cameras.items():
        if camera.roi is not None and (camera.roi.width_px, camera.roi.height_px) != (view.width_px, view.height_px):
            yield Conflict(
                "station",
                ("cameras", name, "roi"),
                f"cameras.{name}.roi: {camera.roi.width_px} × {camera.roi.height_px} px (width × height), "
                f"allowed is the recipe's view, {view.width_px} × {view.height_px} px",
            )


def _camera_conflicts(line: Line, camera: Camera) -> Iterator[tuple[str, str]]:
    """Yield (key, text)."""
    tolerance_ms, speed = camera.tolerance_or_default_ms, line.speed_mm_s
    if not tolerance_ms >= camera.period_ms / 2:
        yield (
            "tolerance_ms",
            f"{tolerance_ms:g}, allowed is at least half of period_ms, {camera.period_ms / 2:g}: "
            "a part between two frames would have none",
        )
    apart_mm = 2 * tolerance_ms * speed / 1000
    if not apart_mm < line.min_spacing_mm:  # line.md 3
        yield (
            "tolerance_ms" if camera.tolerance_ms is not None else "period_ms",
            f"frames up to {tolerance_ms:g} ms away count, which is a window of {apart_mm:g} mm at {speed:g} mm/s, "
            f"allowed is less than line.min_spacing_mm, {line.min_spacing_mm:g} mm",
        )
    budget = time_budget(line, camera)
    if not budget.inference_ms >= INFERENCE_BUDGET_MS:
        yield (
            "offset_ms",
            f"{camera.offset_ms:g} brings the view {budget.view_ms:.0f} ms after the sensor, and the verdict is due at "
            f"{budget.commit_ms:.0f} ms; allowed are at least {INFERENCE_BUDGET_MS:g} ms between: move the gate",
        )


def _presence_conflicts(recipe: Recipe) -> Iterator[Conflict]:
    presence = recipe.presence
    if not isinstance(presence, SilhouettePresence):
        least, most = presence.mean_grey
        if not least < most:
            text = f"presence.mean_grey: least is {least:g}, allowed is less than most, {most:g}"
            yield Conflict("recipe", ("presence", "mean_grey"), text)
        return
    picture_mm = max(recipe.view.width_px, recipe.view.height_px) * recipe.mm_per_px
    for key, window in (("length_mm", presence.length_mm), ("width_mm", presence.width_mm)):
        where = f"presence.{key}.min"
        if not window.min < window.max:
            text = f"{where}: {window.min:g}, allowed is less than max, {window.max:g}"
            yield Conflict("recipe", ("presence", key, "min"), text)
        if not window.min < picture_mm:
            text = f"{where}: {window.min:g}, allowed is less than the picture's {picture_mm:g} mm"
            yield Conflict("recipe", ("presence", key, "min"), text)


def _engine_conflicts(recipe: Recipe, name: str, manifest: EngineManifest) -> Iterator[Conflict]:
    loc = ("engines", name)
    if manifest.name != name:
        text = f'engines.{name}: the package there is "{manifest.name}", allowed is its own name'
        yield Conflict("recipe", loc, text)
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
