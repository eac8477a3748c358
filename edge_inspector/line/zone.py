"""The parts between sensor and good lane: their order, their neighbours, and which of them a confirm edge belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from edge_inspector.domain.clock import ms_to_ns, travel_ns
from edge_inspector.domain.identity import PartKey
from edge_inspector.line.tracked_part import Fate, TrackedPart
from edge_inspector.station.station import Ejector, Line


class Zone:
    """Every part that has arrived and has no outcome yet, in the order of arrival."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._parts: dict[PartKey, TrackedPart] = {}

    def __iter__(self) -> Iterator[TrackedPart]:
        return iter(list(self._parts.values()))

    def __len__(self) -> int:
        return len(self._parts)

    def add(self, part: TrackedPart) -> None:
        """Take a new part in."""
        self._parts[part.key] = part

    def remove(self, part: TrackedPart) -> None:
        """Let a part with an outcome go."""
        del self._parts[part.key]

    def find(self, key: PartKey) -> TrackedPart | None:
        """Return the part of exactly this run, seq, nonce and recipe."""
        return self._parts.get(key)

    @property
    def last(self) -> TrackedPart | None:
        """The part that arrived last, if it is still under way."""
        return next(reversed(self._parts.values()), None)

    def neighbour_at_fault(self, part: TrackedPart) -> TrackedPart | None:
        """Return a part that the good lane's gate, open for `part`, would let through although it may not pass.

        A neighbour inside the window that has no verdict yet counts as guilty; so a whole train shares the worst verdict. So
        does one that another ejector was opened for: had that failed, the neighbour would still be there.
        """
        for other in self._sharing_window(part, self._line.good):
            if other.fate is Fate.SHUT or not (other.fate is Fate.OPENED or other.is_acceptable):
                return other
        return None

    def neighbour_led_astray(self, part: TrackedPart, ejector: Ejector) -> TrackedPart | None:
        """Return a part that `ejector`, open for `part`, would take along although it was not opened for that one too.

        What is not decided yet counts: an accepted part must not vanish in another lane, and no part's lane be a guess.
        """
        return next((other for other in self._sharing_window(part, ejector) if other.lane != ejector.name), None)

    def _sharing_window(self, part: TrackedPart, ejector: Ejector) -> Iterator[TrackedPart]:
        opens_ns, closes_ns = part.open_interval_ns(ejector, self._line)
        for other in self:
            first_ns, last_ns = other.passage_ns(ejector, self._line)
            if other is not part and first_ns < closes_ns and last_ns > opens_ns:
                yield other

    def confirmed_by(self, t_ns: int) -> TrackedPart | None:
        """Return the part that the good lane's sensor saw at `t_ns`: the nearest expected one within the tolerance.

        Where the zone was lost times mean nothing any more: then the first part that the gate was opened for.
        """
        tolerance_ns = ms_to_ns(self._line.confirm_tolerance_ms)
        waiting = [part for part in self if part.confirm_seen_ns is None]
        near = [p for p in waiting if not p.in_lost_zone and abs(t_ns - p.schedule.confirm_ns) <= tolerance_ns]
        if near:
            return min(near, key=lambda p: abs(t_ns - p.schedule.confirm_ns))
        return next((p for p in waiting if p.in_lost_zone and p.fate is Fate.OPENED), None)

    def shares_spacing(self, trigger_ns: int) -> TrackedPart | None:
        """Return the part before, if one arriving at `trigger_ns` is closer to it than the minimum spacing."""
        last = self.last
        spacing_ns = travel_ns(self._line.min_spacing_mm, self._line.speed_mm_s)
        return last if last is not None and trigger_ns - last.trigger_ns < spacing_ns else None
