"""The states of the line (after PackML) and its alarms, each with a remedy for the person who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class LineState(StrEnum):
    """What the line does. Feed and belt follow from it alone: see `outputs_of`."""

    STARTING = "starting"  # waits for the workers and the belt; nothing moves
    CLEARING = "clearing"  # purge: the belt runs with the gate shut until the zone must be empty
    ARMED = "armed"  # parts come in; the gate opens for accepted ones
    HELD = "held"  # no new parts; the belt runs, parts under way get their verdict and their moment at the gate
    STOPPED = "stopped"  # latched: the belt stands until somebody acknowledges
    DRAINING = "draining"  # like held, then off
    OFF = "off"


def outputs_of(state: LineState) -> tuple[bool, bool]:
    """Return (feed_enable, run_permit) of a state."""
    match state:
        case LineState.ARMED:
            return True, True
        case LineState.CLEARING | LineState.HELD | LineState.DRAINING:
            return False, True
        case LineState.STARTING | LineState.STOPPED | LineState.OFF:
            return False, False
        case _:
            assert_never(state)


class AlarmCode(StrEnum):
    """Alarms latch: they stay until acknowledged, whatever happens to their cause."""

    LINE_WORKER_DIED = "line_worker_died"
    SUPERVISOR_LOST = "supervisor_lost"
    LEDGER_FAULT = "ledger_fault"
    LEDGER_LOW = "ledger_low"
    LEDGER_DAMAGED = "ledger_damaged"
    BELT_STOPPED = "belt_stopped"
    BELT_SILENT = "belt_silent"
    PURGE_ENDLESS = "purge_endless"
    SENSOR_BLOCKED = "sensor_blocked"
    EJECTION_FAILED = "ejection_failed"
    GOOD_LANE_UNEXPECTED = "good_lane_unexpected"
    CONFIRM_MISSING = "confirm_missing"
    UNINSPECTED_LIMIT = "uninspected_limit"


REMEDIES: dict[AlarmCode, str] = {
    AlarmCode.LINE_WORKER_DIED: "see the log for why the line worker ended, then acknowledge; the zone is purged",
    AlarmCode.SUPERVISOR_LOST: "see the log for why the supervisor ended, then acknowledge",
    AlarmCode.LEDGER_FAULT: "free or repair the disk of the state folder, restart the daemon",
    AlarmCode.LEDGER_LOW: "free space on the disk of the state folder, then acknowledge",
    AlarmCode.LEDGER_DAMAGED: "keep the damaged file for analysis, check the disk, then acknowledge",
    AlarmCode.BELT_STOPPED: "find out why the belt stopped, then acknowledge; the zone is purged",
    AlarmCode.BELT_SILENT: "check the belt's controller and its link, then acknowledge",
    AlarmCode.PURGE_ENDLESS: "see that the belt moves and that nothing is fed, then acknowledge",
    AlarmCode.SENSOR_BLOCKED: "clear the jam at the arrival sensor, then acknowledge",
    AlarmCode.EJECTION_FAILED: "take the rejected part out of the good bin, check the gate, then acknowledge",
    AlarmCode.GOOD_LANE_UNEXPECTED: "take the last part out of the good bin, check gate and sensors, then acknowledge",
    AlarmCode.CONFIRM_MISSING: "check the gate and the good lane's sensor, then acknowledge",
    AlarmCode.UNINSPECTED_LIMIT: "see `edge-inspector parts list STATION --verdict UNINSPECTED` for why, then acknowledge",
}

STOPS_BELT = frozenset(AlarmCode) - {AlarmCode.UNINSPECTED_LIMIT, AlarmCode.LEDGER_LOW}  # those two stop the feed alone


@dataclass(frozen=True, slots=True)
class Alarm:
    """One latched alarm."""

    code: AlarmCode
    text: str
    raised_ns: int

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.code]
