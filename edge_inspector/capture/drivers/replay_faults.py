"""What goes wrong with which frame of a recording, drawn by its place in the playing order: the same in every life."""

from __future__ import annotations

import random
from dataclasses import dataclass

from edge_inspector.domain.clock import ms_to_ns
from edge_inspector.station.station import ReplayFaults


@dataclass(frozen=True, slots=True)
class FrameFault:
    """One frame's fate. `jitter_ns` makes it late; `is_stale` repeats the picture delivered before it."""

    jitter_ns: int = 0
    is_dropped: bool = False
    is_stale: bool = False
    is_damaged: bool = False


NO_FAULT = FrameFault()


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """The faults of one camera. `position` counts the recording's frames from its start, over all its loops."""

    faults: ReplayFaults | None

    def at(self, position: int, recorded_ns: int) -> FrameFault:
        """Return the fate of a frame stamped `recorded_ns` in time of the recording."""
        faults = self.faults
        if faults is None:
            return NO_FAULT
        draw = random.Random(faults.seed << 40 | position)
        jitter_ms = draw.uniform(0.0, faults.jitter_ms)
        dropped, stale, damaged = (draw.random() for _ in range(3))
        return FrameFault(
            jitter_ns=ms_to_ns(jitter_ms),
            is_dropped=dropped < faults.drop_share or self._is_stalled(recorded_ns),
            is_stale=stale < faults.stale_share,
            is_damaged=damaged < faults.damage_share,
        )

    def _is_stalled(self, recorded_ns: int) -> bool:
        faults = self.faults
        if faults is None or faults.stall_from_ms is None:
            return False
        from_ns = ms_to_ns(faults.stall_from_ms)
        return from_ns <= recorded_ns < from_ns + ms_to_ns(faults.stall_for_ms)
