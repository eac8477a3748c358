"""The purge (PackML: clearing): the belt runs with every gate shut until nothing unknown can be in the zone. Pure."""

from __future__ import annotations

from edge_inspector.domain.clock import travel_ns
from edge_inspector.line.belt_watch import SPIN_UP_NS, BeltWatch
from edge_inspector.station.station import Line

PATIENCE = 3  # it may take so many times what its way takes at full speed


class Purge:
    """The newest purge of one life of the line worker. Way, not time, counts: the belt may stand meanwhile."""

    def __init__(self, line: Line, belt: BeltWatch) -> None:
        self._belt = belt
        self._way_mm = line.zone_mm
        self._beyond_gate_mm = line.gate_to_confirm_mm + line.part_length_mm.max + line.stop_distance_mm
        self.patience_ns = SPIN_UP_NS + PATIENCE * travel_ns(self._way_mm, line.speed_mm_s)
        self._from_mm: float | None = None  # None until the first one
        self._since_ns = 0

    def begin(self, now_ns: int) -> None:
        """A purge begins here."""
        self._since_ns = now_ns
        self.extend()

    def extend(self) -> None:
        """The whole way once more: a part came in, or was lost, meanwhile. The time it may take stays."""
        self._from_mm = self._belt.position_mm

    def is_done(self, now_ns: int) -> bool:
        """Whether the zone must be empty."""
        if self._from_mm is None or not self._belt.is_steady(now_ns):
            return False
        return self._belt.position_mm - self._from_mm >= self._way_mm

    def is_overdue(self, now_ns: int) -> bool:
        """Whether it takes so long that somebody has to look: the belt does not move, or the feed does not stop."""
        return now_ns - self._since_ns > self.patience_ns

    @property
    def explains_the_good_lane(self) -> bool:
        """Whether a part of before the purge, beyond its gate already, may reach the good lane's sensor still."""
        return self._from_mm is None or self._belt.position_mm - self._from_mm <= self._beyond_gate_mm
