"""Which frames of a recording are due at an instant. Pure: time is passed in.

Until the recording begins (`t0_ns` unknown, or its first frame not yet due) the lead-in is played: its first frames, one a
period, stamped now, for ever. Then each frame is due at its recorded stamp + t0, once; what was due before the timeline
started is skipped, never made up for. After the last frame of a recording that does not loop, the lead-in goes on.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from edge_inspector.capture.drivers.replay_faults import FaultPlan
from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.recordings import CameraTrack

BUFFERS = 8  # as a camera's driver has: after a pause no more than the newest frames are there
MOST_LEAD_IN_NS = 1 * NS_PER_S


@dataclass(frozen=True, slots=True)
class DueFrame:
    """A frame to deliver now. `number` counts this life's frames; those dropped count too, and leave a gap."""

    number: int
    stamp_ns: int
    path: Path
    is_cut: bool = False


@dataclass(slots=True)
class ReplayTimeline:
    """One camera's track against the clock. `loop_ns` is the recording's duration when it loops, else None."""

    track: CameraTrack
    loop_ns: int | None
    lead_in_ns: int
    plan: FaultPlan
    t0_ns: int | None = None
    dropped_count: int = 0
    _stamps_ns: list[int] = field(init=False)
    _lead_in_count: int = field(init=False)
    _next_number: int = 0
    _next_position: int | None = None
    _idle_count: int = 0
    _last_ns: int = 0
    _last: DueFrame | None = None

    def __post_init__(self) -> None:
        self._stamps_ns = [frame.stamp_ns for frame in self.track.frames]
        lead_in_ns = min(self.lead_in_ns or MOST_LEAD_IN_NS, MOST_LEAD_IN_NS)
        self._lead_in_count = max(1, bisect_right(self._stamps_ns, self._stamps_ns[0] + lead_in_ns))

    def start(self, now_ns: int) -> None:
        """Nothing before this instant is played."""
        self._last_ns = now_ns

    def begin_at(self, t0_ns: int | None) -> None:
        """The recording begins at `t0_ns`; what it holds for instants already played or past is skipped."""
        if t0_ns != self.t0_ns:
            self.t0_ns, self._next_position = t0_ns, None

    @property
    def longest_gap_ns(self) -> int:
        """The longest time between two frames when nothing goes wrong."""
        gaps = [b - a for a, b in pairwise(self._stamps_ns)]
        if self.loop_ns is not None:
            gaps.append(self.loop_ns - self._stamps_ns[-1] + self._stamps_ns[0])
        return max([self.track.period_ns, *gaps])

    @property
    def has_ended(self) -> bool:
        """Whether every frame of a recording that does not loop was due."""
        position = self._position()
        return position is not None and not self._exists(position)

    def next_due_ns(self, now_ns: int) -> int:
        """Return when the next frame is due."""
        idle_ns = self._last_ns + self.track.period_ns
        position = self._position()
        if position is None:
            return idle_ns
        due_ns = self._stamp_ns(position)
        return min(idle_ns, due_ns) if self._is_idle(now_ns) else due_ns

    def take_due(self, now_ns: int) -> list[DueFrame]:
        """Return the frames due since the last call, oldest first; each comes once."""
        due: list[DueFrame] = []
        position = self._position()
        if position is not None:
            position = max(position, self._position_after(now_ns - NS_PER_S))  # a long pause is skipped in one step
            while self._exists(position) and self._stamp_ns(position) <= now_ns:
                due += self._play(position)
                position += 1
            self._next_position = position
        if not due and self._is_idle(now_ns) and now_ns >= self._last_ns + self.track.period_ns:
            path = self.track.frames[self._idle_count % self._lead_in_count].path
            self._idle_count += 1
            self._last, self._last_ns = DueFrame(self._take_number(), now_ns, path), now_ns
            due.append(self._last)
        self.dropped_count += max(0, len(due) - BUFFERS)
        return due[-BUFFERS:]

    def _is_idle(self, now_ns: int) -> bool:
        return self.t0_ns is None or now_ns < self.t0_ns + self._stamps_ns[0] or self.has_ended

    def _position(self) -> int | None:
        if self.t0_ns is None:
            return None
        if self._next_position is None:
            self._next_position = self._position_after(self._last_ns)
        return self._next_position

    def _position_after(self, t_ns: int) -> int:
        """Return the position of the first frame recorded for later than `t_ns`."""
        assert self.t0_ns is not None
        since_ns = t_ns - self.t0_ns
        if since_ns < 0:
            return 0
        cycle, within_ns = divmod(since_ns, self.loop_ns) if self.loop_ns is not None else (0, since_ns)
        return cycle * len(self._stamps_ns) + bisect_right(self._stamps_ns, within_ns)

    def _exists(self, position: int) -> bool:
        return self.loop_ns is not None or position < len(self._stamps_ns)

    def _recorded_ns(self, position: int) -> tuple[int, int]:
        """Return a frame's stamp in time of the recording, and in time since t0."""
        cycle, index = divmod(position, len(self._stamps_ns))
        stamp_ns = self._stamps_ns[index]
        return stamp_ns, stamp_ns + cycle * (self.loop_ns or 0)

    def _stamp_ns(self, position: int) -> int:
        """Return a frame's stamp in CLOCK_MONOTONIC, jitter included."""
        assert self.t0_ns is not None
        if not self._exists(position):
            return self._last_ns + self.track.period_ns
        recorded_ns, since_t0_ns = self._recorded_ns(position)
        return self.t0_ns + since_t0_ns + self.plan.at(position, recorded_ns).jitter_ns

    def _play(self, position: int) -> list[DueFrame]:
        number = self._take_number()
        fault = self.plan.at(position, self._recorded_ns(position)[0])
        if fault.is_dropped:
            self.dropped_count += 1
            return []
        self._last_ns = max(self._stamp_ns(position), self._last_ns + 1)  # jitter must not turn time back
        if fault.is_stale and self._last is not None:
            path, is_cut = self._last.path, self._last.is_cut
        else:
            path, is_cut = self.track.frames[position % len(self._stamps_ns)].path, fault.is_damaged
        self._last = DueFrame(number, self._last_ns, path, is_cut)
        return [self._last]

    def _take_number(self) -> int:
        self._next_number += 1
        return self._next_number - 1
