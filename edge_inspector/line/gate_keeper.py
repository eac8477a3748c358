"""Which ejector opens for which part: the only file in which a gate is commanded. Pure.

- `_decide_fate` is the only place where the good lane's gate is commanded, and it asks `why_not_passed`, the neighbours and
  the belt first.
- `_lead_aside` commands the others, only for parts that the good lane is shut for.
"""

from __future__ import annotations

from collections.abc import Callable

from edge_inspector.domain.clock import ms_to_ns
from edge_inspector.line.events import CommandGate
from edge_inspector.line.schedule import Moment
from edge_inspector.line.tracked_part import Fate, TrackedPart
from edge_inspector.line.zone import Zone
from edge_inspector.station.station import Line


class GateKeeper:
    """Decides about the parts of one zone; `is_vouched` says whether the worker that gave a part's verdict still lives."""

    def __init__(self, line: Line, zone: Zone, is_vouched: Callable[[TrackedPart, int], bool]) -> None:
        self._line = line
        self._zone = zone
        self._is_vouched = is_vouched

    def next_commit_ns(self) -> int | None:
        """When the next ejector is decided about for the next part; None while there is no part before one."""
        return min((part.ahead[0].commit_ns for part in self._zone if part.ahead), default=None)

    def decide(self, now_ns: int, *, belt_is_steady: bool) -> list[CommandGate]:
        """Decide about each ejector whose moment for a part has come."""
        commands = []
        for part in self._zone:
            while part.ahead and (part.in_lost_zone or now_ns >= part.ahead[0].commit_ns):
                moment = part.ahead.popleft()
                is_opened = False
                if part.fate is Fate.ARMED:
                    is_opened = self._decide_fate(part, moment, now_ns, belt_is_steady)
                if part.fate is Fate.SHUT and moment is not part.schedule.good:
                    is_opened = self._lead_aside(part, moment, now_ns, belt_is_steady)
                if is_opened:
                    commands.append(self._command(part, moment))
        return commands

    def _decide_fate(self, part: TrackedPart, moment: Moment, now_ns: int, belt_is_steady: bool) -> bool:
        """Shut the good lane for this part, or open it, which is only done at the good lane's own moment.

        Asked at every ejector from the first on: a part that is not accepted by then may be led aside there, so that it can
        not become accepted later. One that is accepted by then can still be shut out.
        """
        reason = part.why_not_passed(beat_is_fresh=self._is_vouched(part, now_ns), now_ns=now_ns)
        if not reason and moment is not part.schedule.good:
            return False
        neighbour = self._zone.neighbour_at_fault(part)
        if not reason and neighbour is not None:
            reason = f"shares the gate's window with part {neighbour.key.name}, which may not pass"
        if not reason and not belt_is_steady:
            reason = "the belt was not running steadily at the gate's moment"
        if reason:
            part.shut(reason)
            return False
        part.open()
        return True

    def _lead_aside(self, part: TrackedPart, moment: Moment, now_ns: int, belt_is_steady: bool) -> bool:
        """Open an ejector that is for the verdict of a part that the good lane is shut for.

        A convenience, and never more: such an ejector only ever takes parts away from the good lane's gate, which stays shut
        for them by itself. One that fails, or is not opened for some doubt, leaves its parts to the last bin.
        """
        is_for_it = part.applied in moment.ejector.verdicts and not part.lane
        if part.in_lost_zone or not is_for_it or now_ns > moment.latest_ns or not belt_is_steady:
            return False
        if self._zone.neighbour_led_astray(part, moment.ejector) is not None:
            return False
        part.lane = moment.ejector.name
        return True

    def _command(self, part: TrackedPart, moment: Moment) -> CommandGate:
        _, closes_ns = part.open_interval_ns(moment.ejector, self._line)
        valid_until_ns = moment.due_ns + ms_to_ns(moment.ejector.tolerance_ms)
        return CommandGate(part.key, moment.ejector.name, moment.due_ns, closes_ns, valid_until_ns)
