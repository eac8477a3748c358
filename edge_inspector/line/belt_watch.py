"""What is known of the belt: where it is, whether it runs steadily, and which of its edges nobody saw. Pure.

Edges and ticks come in order on one channel: a tick proves that every edge before it was heard.
"""

from __future__ import annotations

from edge_inspector.domain.belt import BeltTick
from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S

SILENT_NS = 500 * NS_PER_MS
FRESH_NS = 200 * NS_PER_MS  # ten ticks: an older word says nothing about the gate's moment
FIRST_WORD_NS = 5 * NS_PER_S  # a belt that is there has spoken by then
SPIN_UP_NS = 2 * NS_PER_S  # a permitted belt must run steadily by then


class BeltWatch:
    """Follows one belt through one life of the line worker. All instants in CLOCK_MONOTONIC ns."""

    def __init__(self) -> None:
        self._tick: BeltTick | None = None
        self._tick_at_ns = 0
        self._last_edge: int | None = None
        self._permit_since_ns: int | None = None
        self._has_run = False  # steadily, under this permit

    @property
    def has_spoken(self) -> bool:
        """Whether any tick came in this life."""
        return self._tick is not None

    def is_steady(self, now_ns: int) -> bool:
        """Whether its last word is fresh, and says that it runs at full speed."""
        tick = self._tick
        return tick is not None and tick.is_running and not tick.is_latched and now_ns - tick.t_ns <= FRESH_NS

    @property
    def position_mm(self) -> float:
        """Way of the belt by its last word; 0 before the first."""
        return self._tick.position_mm if self._tick is not None else 0.0

    @property
    def heard_until_ns(self) -> int:
        """Every edge before this instant was heard, or its loss is known."""
        return self._tick.t_ns if self._tick is not None else 0

    def is_silent(self, now_ns: int) -> bool:
        """Whether it said nothing for too long after it had spoken."""
        return self._tick is not None and now_ns - self._tick_at_ns > SILENT_NS

    def permit(self, permitted: bool, now_ns: int) -> None:
        """The permit to run was given or taken; doing so again changes nothing."""
        if not permitted:
            self._permit_since_ns = None
        elif self._permit_since_ns is None:
            self._permit_since_ns, self._has_run = now_ns, False

    def is_new_edge(self, number: int) -> bool:
        """Whether an edge of this number was not heard yet; it is from now on."""
        if self._last_edge is not None and number <= self._last_edge:
            return False
        self._last_edge = number
        return True

    def count_lost(self, last_known: int) -> int:
        """Return how many edges up to number `last_known` nobody saw; each is counted once.

        Those before the first word of this life are none: they are covered by its purge.
        """
        lost = last_known - self._last_edge if self._last_edge is not None else 0
        self._last_edge = max(last_known, self._last_edge or 0)
        return max(0, lost)

    def take(self, tick: BeltTick, now_ns: int) -> str:
        """Take the belt's word in; return why it has to be stopped, or nothing."""
        self._tick, self._tick_at_ns = tick, now_ns
        if self._last_edge is not None and tick.last_edge < self._last_edge:
            self._last_edge = tick.last_edge
            return "the belt's controller was restarted: its edges count anew"
        if self._permit_since_ns is None or tick.t_ns < self._permit_since_ns:
            return ""
        if tick.is_running:
            self._has_run = True
        elif self._has_run or tick.t_ns - self._permit_since_ns > SPIN_UP_NS:
            why = "its outputs dropped: no heartbeat" if tick.is_latched else "it does not run although it is permitted to"
            return f"the belt stopped by itself ({why})"
        return ""
