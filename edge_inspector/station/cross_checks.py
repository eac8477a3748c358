"""What a station file, its recipe and its engines must keep to together: physics of the line, sizes, thresholds. Pure.

Every conflict names the file and the key, and says both numbers. Sources: design.md §9; line.md 3, 9, 10; science.md §8.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from edge_inspector.station.engine_manifest import EngineManifest
from edge_inspector.station.recipe import Recipe, SilhouettePresence
from edge_inspector.station.station import Camera, Line, Station

INFERENCE_BUDGET_MS = 100.0  # least time for inference, decision and messages that a station must leave
COMMIT_RESERVE_MS = 7.0  # the line worker reads a verdict 5 ms before the commit, and commits 2 ms before the gate is due
OUTPUT_INTERVAL_MS = 20.0  # the line worker refreshes its outputs so often
BEAT_INTERVAL_MS = 100.0  # decision and supervisor beat so often


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two values that do not go together, at the key `loc` of one of the files."""

    file: Literal["station", "recipe"]
    loc: tuple[str | int, ...]
    text: str


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
    travel_ms = 1000.0 * line.sensor_to_ejector_mm / line.speed_mm_s
    commit_ms = travel_ms - line.gate_tolerance_ms - line.valve_delay_ms - COMMIT_RESERVE_MS
    return TimeBudget(view_ms, commit_ms, commit_ms - view_ms)


def station_conflicts(station: Station) -> Iterator[Conflict]:
    """Yield what does not go together within the station file."""
    yield from _line_conflicts(station.line)
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


def _line_conflicts(line: Line) -> Iterator[Conflict]:
    def at(key: str, text: str, *deeper: str) -> Conflict:
        return Conflict("station", ("line", key, *deeper), f"line.{'.'.join((key, *deeper))}: {text}")

    length, speed = line.part_length_mm, line.speed_mm_s
    if not length.min < length.max:
        yield at("part_length_mm", f"{length.min:g}, allowed is less than max, {length.max:g}", "min")
    gap_mm = line.min_spacing_mm - length.max
    if not gap_mm > 0:
        yield at("min_spacing_mm", f"{line.min_spacing_mm:g}, allowed is more than the longest part, {length.max:g} mm")
        return  # every check below divides up this gap
    gate_mm = 2 * line.gate_tolerance_ms * speed / 1000
    if not gate_mm < gap_mm:
        yield at(
            "gate_tolerance_ms",
            f"{line.gate_tolerance_ms:g} opens the gate {gate_mm:g} mm longer than a part at {speed:g} mm/s, "
            f"allowed is less than the gap between parts, {gap_mm:g} mm (min_spacing_mm − part_length_mm.max)",
        )
    confirm_mm = 2 * line.confirm_tolerance_ms * speed / 1000
    if not confirm_mm < line.min_spacing_mm:
        yield at(
            "confirm_tolerance_ms",
            f"{line.confirm_tolerance_ms:g} is a window of {confirm_mm:g} mm at {speed:g} mm/s, allowed is less than "
            f"min_spacing_mm, {line.min_spacing_mm:g} mm, so that an edge belongs to one part",
        )
    if not line.gate_to_confirm_mm >= length.max:
        yield at(
            "gate_to_confirm_mm",
            f"{line.gate_to_confirm_mm:g}, allowed is at least the longest part, {length.max:g} mm: a part that is "
            "confirmed while it is still in the gate may yet be cut off",
        )
    lead_mm = (line.gate_tolerance_ms + line.valve_delay_ms + COMMIT_RESERVE_MS) * speed / 1000
    if not line.sensor_to_ejector_mm - lead_mm > line.min_spacing_mm:
        yield at(
            "sensor_to_ejector_mm",
            f"{line.sensor_to_ejector_mm:g}, of which {lead_mm:g} mm are left when the gate is decided, allowed is more "
            f"than {lead_mm + line.min_spacing_mm:g} mm (+ min_spacing_mm): a part that follows too closely must be seen by "
            "then",
        )
    yield from _heartbeat_conflicts(line, gap_mm)
    for key, timeout_ms in (
        ("decision_timeout_ms", line.decision_timeout_ms),
        ("supervisor_timeout_ms", line.supervisor_timeout_ms),
    ):
        if timeout_ms < 2 * BEAT_INTERVAL_MS:
            yield at(key, f"{timeout_ms:g}, allowed is at least {2 * BEAT_INTERVAL_MS:g} (two beats)")
    limit = line.uninspected_limit
    if not limit.most < limit.of_last:
        text = f"{limit.most} of the last {limit.of_last} can never be exceeded, allowed is less than of_last"
        yield at("uninspected_limit", text, "most")


def _heartbeat_conflicts(line: Line, gap_mm: float) -> Iterator[Conflict]:
    timeout_ms, speed = line.heartbeat_timeout_ms, line.speed_mm_s
    loc, key = ("line", "heartbeat_timeout_ms"), "line.heartbeat_timeout_ms"
    silent_mm = timeout_ms * speed / 1000
    if timeout_ms < 2 * OUTPUT_INTERVAL_MS:
        text = f"{key}: {timeout_ms:g}, allowed is at least {2 * OUTPUT_INTERVAL_MS:g} (two refreshes of the outputs)"
        yield Conflict("station", loc, text)
    if not silent_mm < gap_mm:  # line.md 9
        yield Conflict(
            "station",
            loc,
            f"{key}: {timeout_ms:g} ms are {silent_mm:g} mm at {speed:g} mm/s, allowed is less than the gap between parts, "
            f"{gap_mm:g} mm (min_spacing_mm − part_length_mm.max): a gate left open must be shut before the next part",
        )
    way_mm = line.sensor_to_ejector_mm - line.part_length_mm.max
    stop_mm = line.stop_distance_mm + silent_mm
    if not stop_mm < way_mm:  # line.md 10
        yield Conflict(
            "station",
            ("line", "stop_distance_mm"),
            f"line.stop_distance_mm: {line.stop_distance_mm:g} mm and {silent_mm:g} mm until the heartbeat is missed are "
            f"{stop_mm:g} mm, allowed is less than {way_mm:g} mm (sensor_to_ejector_mm − part_length_mm.max)",
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
