"""When a part is where: from the sensor's leading edge, by travel at steady speed (valid only while the belt runs so)."""

from __future__ import annotations

from dataclasses import dataclass

from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S, ms_to_ns, travel_ns
from edge_inspector.station.station import Ejector, Line

COMMIT_LEAD_NS = 2 * NS_PER_MS  # the controller decides this long before the command is due; the rest is a short spin
VERDICT_LEAD_NS = 5 * NS_PER_MS  # a verdict needs this long to be read and applied


@dataclass(frozen=True, slots=True)
class Moment:
    """One part at one ejector; all in CLOCK_MONOTONIC ns.

    The gate is open from the tolerance before the leading edge reaches it until as long after the trailing edge left:
    due = arrival at the gate − tolerance − valve delay (science.md §9; line.md 3).
    """

    ejector: Ejector
    at_gate_ns: int  # leading edge reaches the gate
    due_ns: int  # the gate must be commanded
    commit_ns: int  # whether it is commanded is decided
    latest_ns: int  # a command after this is not given: half the tolerance is left for the way to the valve


@dataclass(frozen=True, slots=True)
class Schedule:
    """The instants of one part. `moments` are in the order of their commits, which is that along the belt or nearly so."""

    moments: tuple[Moment, ...]
    good: Moment  # that of the good lane's ejector
    commit_ns: int  # the first commit of all: a part that is not accepted by then can go anywhere but into the good lane
    verdict_by_ns: int  # an ACCEPT read later is only counted
    confirm_ns: int  # leading edge reaches the good lane's sensor
    window_end_ns: int  # the confirm window of the longest part is over, and it is beyond every gate


def schedule_of(line: Line, trigger_ns: int) -> Schedule:
    """Return the schedule of a part whose leading edge was seen at `trigger_ns`."""
    moments = sorted((_moment(ejector, line, trigger_ns) for ejector in line.ejectors), key=lambda m: m.commit_ns)
    good = next(moment for moment in moments if moment.ejector == line.good)
    confirm_ns = good.at_gate_ns + travel_ns(line.gate_to_confirm_mm, line.speed_mm_s)
    longest_ns = travel_ns(line.part_length_mm.max, line.speed_mm_s)
    return Schedule(
        moments=tuple(moments),
        good=good,
        commit_ns=moments[0].commit_ns,
        verdict_by_ns=moments[0].commit_ns - VERDICT_LEAD_NS,
        confirm_ns=confirm_ns,
        window_end_ns=max(
            confirm_ns + ms_to_ns(line.confirm_tolerance_ms),
            *(moment.at_gate_ns + longest_ns + ms_to_ns(moment.ejector.tolerance_ms) for moment in moments),
        ),
    )


def _moment(ejector: Ejector, line: Line, trigger_ns: int) -> Moment:
    at_gate_ns = trigger_ns + travel_ns(ejector.at_mm, line.speed_mm_s)
    due_ns = at_gate_ns - ms_to_ns(ejector.tolerance_ms) - ms_to_ns(ejector.valve_delay_ms)
    return Moment(
        ejector=ejector,
        at_gate_ns=at_gate_ns,
        due_ns=due_ns,
        commit_ns=due_ns - COMMIT_LEAD_NS,
        latest_ns=due_ns + ms_to_ns(ejector.tolerance_ms / 2),
    )


def drain_bound_ns(line: Line) -> int:
    """Return how long a drain may take in ns: the longest part's way from the sensor beyond gates and good lane's sensor.

    A drain that begins during a purge waits for that first, up to twice as long.
    """
    way_mm = line.zone_mm + line.part_length_mm.max
    return travel_ns(way_mm, line.speed_mm_s) + ms_to_ns(2 * line.confirm_tolerance_ms + 500)


def length_mm(leading_ns: int, trailing_ns: int, speed_mm_s: float) -> float:
    """Return a part's length from both edges of the sensor at steady speed."""
    return (trailing_ns - leading_ns) / NS_PER_S * speed_mm_s
