"""What a station's line must keep to: gaps between parts, ejectors, heartbeat and stopping distance. Pure.

Sources: line.md 3, 5, 9, 10; design.md §9.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_inspector.station.conflict import Conflict
from edge_inspector.station.station import Ejector, Line

COMMIT_RESERVE_MS = 7.0  # the line worker reads a verdict 5 ms before the commit, and commits 2 ms before the gate is due
OUTPUT_INTERVAL_MS = 20.0  # the line worker refreshes its outputs so often
BEAT_INTERVAL_MS = 100.0  # decision and supervisor beat so often
LONGEST_SILENCE_MS = 5000.0
LONGEST_TRAVEL_S = 600.0  # sensor to gate; slower is a speed in m/s or m/min


def verdict_due_ms(line: Line) -> float:
    """Return when the verdict must be there, in ms from the sensor's leading edge: before any ejector is decided about."""
    due_ms = (1000.0 * each.at_mm / line.speed_mm_s - each.tolerance_ms - each.valve_delay_ms for each in line.ejectors)
    return min(due_ms) - COMMIT_RESERVE_MS


def line_conflicts(line: Line) -> Iterator[Conflict]:
    """Yield what does not go together within `line`."""

    def at(key: str, text: str, *deeper: str) -> Conflict:
        return Conflict("station", ("line", key, *deeper), f"line.{'.'.join((key, *deeper))}: {text}")

    length, speed = line.part_length_mm, line.speed_mm_s
    travel_s = max(ejector.at_mm for ejector in line.ejectors) / speed
    if not travel_s <= LONGEST_TRAVEL_S:
        yield at(
            "speed_mm_s",
            f"{speed:g} brings a part to its gate after {travel_s:.0f} s, allowed are at most {LONGEST_TRAVEL_S:g} s: the "
            "speed is in millimetres a second",
        )
    if not length.min < length.max:
        yield at("part_length_mm", f"{length.min:g}, allowed is less than max, {length.max:g}", "min")
    gap_mm = line.min_spacing_mm - length.max
    if not gap_mm > 0:
        yield at("min_spacing_mm", f"{line.min_spacing_mm:g}, allowed is more than the longest part, {length.max:g} mm")
        return  # every check below divides up this gap
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
    for i, ejector in enumerate(line.ejectors):
        yield from _gate_conflicts(line, i, ejector, gap_mm)
    yield from _lane_conflicts(line)
    yield from _heartbeat_conflicts(line, gap_mm)
    for key, timeout_ms in (
        ("decision_timeout_ms", line.decision_timeout_ms),
        ("supervisor_timeout_ms", line.supervisor_timeout_ms),
    ):
        if timeout_ms < 2 * BEAT_INTERVAL_MS:
            yield at(key, f"{timeout_ms:g}, allowed is at least {2 * BEAT_INTERVAL_MS:g} (two beats)")
        if timeout_ms > LONGEST_SILENCE_MS:
            yield at(
                key,
                f"{timeout_ms:g}, allowed is at most {LONGEST_SILENCE_MS:g}: for so long parts would pass on the word of a "
                "process that is dead",
            )
    limit = line.uninspected_limit
    if not limit.most < limit.of_last:
        text = f"{limit.most} of the last {limit.of_last} can never be exceeded, allowed is less than of_last"
        yield at("uninspected_limit", text, "most")


def _gate_conflicts(line: Line, i: int, ejector: Ejector, gap_mm: float) -> Iterator[Conflict]:
    """Yield what one ejector can not keep to at this speed and spacing."""
    speed = line.speed_mm_s

    def at(key: str, text: str) -> Conflict:
        return Conflict("station", ("line", "ejectors", i, key), f"line.ejectors.{i}.{key}: {text}")

    gate_mm = 2 * ejector.tolerance_ms * speed / 1000
    if not gate_mm < gap_mm:
        yield at(
            "tolerance_ms",
            f"{ejector.tolerance_ms:g} opens the gate {gate_mm:g} mm longer than a part at {speed:g} mm/s, "
            f"allowed is less than the gap between parts, {gap_mm:g} mm (min_spacing_mm − part_length_mm.max)",
        )
    lead_mm = (ejector.tolerance_ms + ejector.valve_delay_ms + COMMIT_RESERVE_MS) * speed / 1000
    if not ejector.at_mm - lead_mm > line.min_spacing_mm:
        yield at(
            "at_mm",
            f"{ejector.at_mm:g}, allowed is more than {lead_mm + line.min_spacing_mm:g} mm: the gate is decided {lead_mm:g} "
            f"mm before it, and a part closer behind than min_spacing_mm, {line.min_spacing_mm:g} mm, must be seen by then",
        )
    before = line.ejectors[i - 1]
    apart_mm = ejector.at_mm - before.at_mm
    if i > 0 and not apart_mm >= line.part_length_mm.max:
        yield at(
            "at_mm",
            f"{ejector.at_mm:g} is {apart_mm:g} mm behind ejector {before.name}, allowed is at least the longest part, "
            f"{line.part_length_mm.max:g} mm: ejectors stand in their order along the belt, and no part is in two gates",
        )


def _lane_conflicts(line: Line) -> Iterator[Conflict]:
    """Yield what makes it doubtful into which lane a part goes."""
    names: dict[str, int] = {}
    lanes: dict[str, int] = {}
    for i, ejector in enumerate(line.ejectors):
        where = f"line.ejectors.{i}"
        if ejector.name in names:
            text = (
                f"{where}.name: {ejector.name} is the name of ejectors.{names[ejector.name]} too, allowed is one of its own"
            )
            yield Conflict("station", ("line", "ejectors", i, "name"), text)
        names.setdefault(ejector.name, i)
        loc = ("line", "ejectors", i, "for")
        others = " and ".join(verdict for verdict in ejector.verdicts if verdict != "ACCEPT")
        if "ACCEPT" in ejector.verdicts and others:
            text = f"{where}.for: ACCEPT with {others}, allowed is [ACCEPT] alone: nothing else may be in the good lane"
            yield Conflict("station", loc, text)
        for verdict in ejector.verdicts:
            if verdict in lanes:
                text = (
                    f"{where}.for: {verdict} has a lane already (ejectors.{lanes[verdict]}), allowed is one for each verdict"
                )
                yield Conflict("station", loc, text)
            lanes.setdefault(verdict, i)
    if "ACCEPT" not in lanes:
        text = "line.ejectors: none is for ACCEPT, needed is one with `for: [ACCEPT]`: nothing could ever pass"
        yield Conflict("station", ("line", "ejectors"), text)


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
    way_mm = min(ejector.at_mm for ejector in line.ejectors) - line.part_length_mm.max
    stop_mm = line.stop_distance_mm + silent_mm
    if not stop_mm < way_mm:  # line.md 10
        yield Conflict(
            "station",
            ("line", "stop_distance_mm"),
            f"line.stop_distance_mm: {line.stop_distance_mm:g} mm and {silent_mm:g} mm until the heartbeat is missed are "
            f"{stop_mm:g} mm, allowed is less than {way_mm:g} mm (at_mm of the first ejector − part_length_mm.max)",
        )
