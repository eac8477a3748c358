"""When a camera's view is there and when the verdict must be; how long the exposure may be. Pure.

Sources: science.md §8.4, §8.6, §8.7; line.md 3, 24.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from edge_inspector.station.conflict import Conflict
from edge_inspector.station.line_checks import verdict_due_ms
from edge_inspector.station.station import Camera, Line, Station

INFERENCE_BUDGET_MS = 100.0  # least time for inference, decision and messages that a station must leave
MOST_BLUR_PX = 1.0
EXPOSURE_STEP_MS = 0.1  # cameras round their exposure to it (UVC)
FLICKER_MS = {"mains_50hz": 10.0, "mains_60hz": 25.0 / 3}  # a lamp flickers twice in a period of the mains


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


def time_conflicts(station: Station) -> Iterator[Conflict]:
    """Yield what does not go together in the times of the cameras and of the line."""
    for name, camera in station.cameras.items():
        for key, text in _frame_conflicts(station.line, camera):
            yield Conflict("station", ("cameras", name, key), f"cameras.{name}.{key}: {text}")


def _frame_conflicts(line: Line, camera: Camera) -> Iterator[tuple[str, str]]:
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
            f"{budget.commit_ms:.0f} ms; allowed are at least {INFERENCE_BUDGET_MS:g} ms between: move the ejectors "
            f"{math.ceil((INFERENCE_BUDGET_MS - budget.inference_ms) * speed / 1000)} mm farther away, or take the picture "
            "sooner",
        )
    if camera.exposure_ms is not None and not camera.exposure_ms <= camera.period_ms:
        yield (
            "exposure_ms",
            f"{camera.exposure_ms:g}, allowed is at most period_ms, {camera.period_ms:g}: no frame is exposed for longer",
        )


def exposure_conflicts(station: Station, mm_per_px: float) -> Iterator[Conflict]:
    """Yield the cameras whose exposure blurs the moving part or makes it flicker (line.md 24)."""
    for name, camera in station.cameras.items():
        if camera.exposure_ms is not None:
            for text in _exposure_texts(station, camera.exposure_ms, mm_per_px):
                yield Conflict("station", ("cameras", name, "exposure_ms"), f"cameras.{name}.exposure_ms: {text}")
        elif station.light in FLICKER_MS:
            text = f"cameras.{name}: `exposure_ms` is missing, needed with light {station.light}, which flickers"
            yield Conflict("station", ("cameras", name), text)


def blur_px(line: Line, exposure_ms: float, mm_per_px: float) -> float:
    """Return over how many pixels a point of the moving part is smeared."""
    return line.speed_mm_s * exposure_ms / 1000 / mm_per_px


def _exposure_texts(station: Station, exposure_ms: float, mm_per_px: float) -> Iterator[str]:
    speed, light = station.line.speed_mm_s, station.light
    longest_ms = 1000 * MOST_BLUR_PX * mm_per_px / speed
    period_ms = FLICKER_MS.get(light)
    is_sharp = exposure_ms <= longest_ms
    is_steady = period_ms is None or _is_multiple(exposure_ms, period_ms)
    blur = (
        f"{exposure_ms:g} ms are {blur_px(station.line, exposure_ms, mm_per_px):.2g} px of blur at {speed:g} mm/s and "
        f"{mm_per_px:g} mm/px, allowed is at most {MOST_BLUR_PX:g} px, {longest_ms:.3g} ms"
    )
    flicker = f"allowed with light {light} are whole periods of its flicker, {period_ms or 0:.4g} ms each"
    if is_sharp and is_steady:
        return
    if period_ms is not None and not longest_ms >= period_ms - EXPOSURE_STEP_MS / 2:
        slow = 1000 * MOST_BLUR_PX * mm_per_px / period_ms
        yield (
            f"{blur}; {flicker}: no exposure does both, only light that does not flicker (dc) or a belt of at most "
            f"{slow:.3g} mm/s helps"
        )
        return
    if not is_sharp:
        yield blur
    if not is_steady:
        yield f"{exposure_ms:g}, {flicker}"


def _is_multiple(exposure_ms: float, period_ms: float) -> bool:
    count = max(1, round(exposure_ms / period_ms))
    return abs(exposure_ms - count * period_ms) <= EXPOSURE_STEP_MS / 2
