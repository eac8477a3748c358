"""Which frame is a part's view: the one whose mid-exposure lies nearest to the instant asked for (science.md §8.6).

Rules of this file:
- t* = trigger + offset; t_mid = stamp - latency. The nearest frame counts if |t_mid - t*| is within the tolerance.
- It is known once no later frame can be nearer: the newest has t_mid >= t*, or lies so short before t* that the next
  one, a period less its wobble later, will be farther. Waiting for that next one would cost a part a whole period.
- Otherwise the part is answered at t* + period + latency + margin with what is there.
- A frame serves one part. Chosen twice, every part that chose it is missing, also one whose view was sent already.
- Each arrival is answered once, by `Chosen` or `Missing`; only a shared frame takes a `Chosen` back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import assert_never

from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S, ns_to_ms
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.view import MissingReason

HISTORY_NS = 2 * NS_PER_S
MOST_FRAMES = 1024  # a bound on memory whatever the stamps say
MOST_PENDING = 64
MOST_REMEMBERED = 1024  # keys of arrivals already taken in
TRANSFER_MARGIN_NS = 20 * NS_PER_MS
WOBBLE_NS = 2 * NS_PER_MS  # a frame may come so much early; the same as in the default tolerance


@dataclass(frozen=True, slots=True)
class FrameArrived:
    """The driver delivered a frame."""

    number: int
    stamp_ns: int


@dataclass(frozen=True, slots=True)
class CameraLost:
    """No more frames until the next `FrameArrived`."""

    detail: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed, and every frame that is there has been told."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """This frame is the arrival's view. `skew_ns` is `frame_ns` minus the instant asked for."""

    arrival: Arrival
    number: int
    stamp_ns: int
    frame_ns: int
    skew_ns: int


@dataclass(frozen=True, slots=True)
class Missing:
    """The part has no view from this camera, or no longer has."""

    key: PartKey
    reason: MissingReason
    detail: str


Event = Arrival | FrameArrived | CameraLost | Tick
Effect = Chosen | Missing


@dataclass(slots=True)
class _RecentFrame:
    number: int
    stamp_ns: int
    frame_ns: int
    first_user: PartKey | None = None
    is_shared: bool = False


@dataclass(slots=True)
class FrameChooser:
    """One camera's choice of frames. All durations in nanoseconds."""

    offset_ns: int
    tolerance_ns: int
    period_ns: int
    latency_ns: int
    margin_ns: int = TRANSFER_MARGIN_NS
    pending_peak: int = 0
    overflow_count: int = 0
    _frames: deque[_RecentFrame] = field(default_factory=deque)
    _pending: list[Arrival] = field(default_factory=list)
    _known: dict[PartKey, None] = field(default_factory=dict)
    _lost: str | None = None

    def step(self, event: Event, now_ns: int) -> list[Effect]:
        """Take one event in and return what follows from it."""
        match event:
            case FrameArrived():
                if not self._take_frame(event, now_ns):
                    return []
                return self._answer(now_ns, only_if_settled=True)
            case Arrival():
                return self._take_arrival(event, now_ns)
            case Tick():
                return self._answer(now_ns, only_if_settled=False)
            case CameraLost():
                self._lost = event.detail
                return self._drop_pending(MissingReason.CAMERA_LOST, event.detail)
            case _:
                assert_never(event)

    @property
    def pending_count(self) -> int:
        """How many parts wait for their frame."""
        return len(self._pending)

    @property
    def oldest_number(self) -> int | None:
        """Number of the oldest frame that may still be chosen: what came before may be forgotten."""
        return self._frames[0].number if self._frames else None

    @property
    def newest_number(self) -> int | None:
        """Number of the newest frame that may be chosen: what came later was refused, and may be forgotten too."""
        return self._frames[-1].number if self._frames else None

    def longest_overdue_ns(self, now_ns: int) -> int:
        """How long ago the oldest pending part was in view; 0 while all of them still travel towards the camera."""
        return max([0, *(now_ns - self._due_ns(arrival) for arrival in self._pending)])

    def next_deadline_ns(self) -> int | None:
        """When the next pending part must be answered without a further frame."""
        return min((self._answer_by_ns(arrival) for arrival in self._pending), default=None)

    def _due_ns(self, arrival: Arrival) -> int:
        return arrival.trigger_ns + self.offset_ns

    def _answer_by_ns(self, arrival: Arrival) -> int:
        waited = self._due_ns(arrival) + self.period_ns + self.latency_ns + self.margin_ns
        return min(waited, arrival.verdict_by_ns + 1)

    def _take_frame(self, event: FrameArrived, now_ns: int) -> bool:
        """Remember the frame; False for one that a good driver never delivers: not newer than the newest, or of the future.

        After one taken from the future all that follow would be too old.
        """
        self._lost = None
        if event.stamp_ns > now_ns + TRANSFER_MARGIN_NS:
            return False
        if self._frames and event.stamp_ns <= self._frames[-1].stamp_ns:
            return False
        self._frames.append(_RecentFrame(event.number, event.stamp_ns, event.stamp_ns - self.latency_ns))
        while self._frames[0].stamp_ns < event.stamp_ns - HISTORY_NS or len(self._frames) > MOST_FRAMES:
            self._frames.popleft()
        return True

    def _take_arrival(self, arrival: Arrival, now_ns: int) -> list[Effect]:
        if arrival.key in self._known:
            return []
        self._known[arrival.key] = None
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        if self._lost is not None:
            return [Missing(arrival.key, MissingReason.CAMERA_LOST, self._lost)]
        if arrival.trigger_ns > now_ns:  # foreign or damaged: it would wait for its frame for ever
            ahead_ms = ns_to_ms(arrival.trigger_ns - now_ns)
            return [Missing(arrival.key, MissingReason.NO_FRAME, f"its trigger lies {ahead_ms:.1f} ms in the future")]
        if len(self._pending) >= MOST_PENDING:
            self.overflow_count += 1
            return [Missing(arrival.key, MissingReason.NOT_SENT, f"{MOST_PENDING} parts already wait for their frame")]
        self._pending.append(arrival)
        self.pending_peak = max(self.pending_peak, len(self._pending))
        return self._answer(now_ns, only_if_settled=True)

    def _drop_pending(self, reason: MissingReason, detail: str) -> list[Effect]:
        dropped, self._pending = self._pending, []
        return [Missing(arrival.key, reason, detail) for arrival in dropped]

    def _answer(self, now_ns: int, *, only_if_settled: bool) -> list[Effect]:
        newest_ns = self._frames[-1].frame_ns if self._frames else None
        effects: list[Effect] = []
        waiting: list[Arrival] = []
        for arrival in self._pending:
            if now_ns > arrival.verdict_by_ns:
                effects.append(self._too_late(arrival, now_ns))
                continue
            settled = newest_ns is not None and self._is_settled(newest_ns, self._due_ns(arrival))
            waited_enough = not only_if_settled and now_ns >= self._answer_by_ns(arrival)
            if settled or waited_enough:
                effects += self._choose(arrival)
            else:
                waiting.append(arrival)
        self._pending = waiting
        return effects

    def _is_settled(self, newest_ns: int, due_ns: int) -> bool:
        """Whether no frame after the newest can be nearer to `due_ns`."""
        return 2 * (due_ns - newest_ns) <= max(0, self.period_ns - WOBBLE_NS)

    def _too_late(self, arrival: Arrival, now_ns: int) -> Missing:
        late_ms = ns_to_ms(now_ns - arrival.verdict_by_ns)
        return Missing(arrival.key, MissingReason.LATE, f"{late_ms:.1f} ms after the verdict was due")

    def _choose(self, arrival: Arrival) -> list[Effect]:
        due_ns = self._due_ns(arrival)
        nearest = min(self._frames, key=lambda frame: abs(frame.frame_ns - due_ns), default=None)
        if nearest is None:
            return [Missing(arrival.key, MissingReason.NO_FRAME, "the camera has delivered no frame")]
        skew_ns = nearest.frame_ns - due_ns
        if abs(skew_ns) > self.tolerance_ns:
            detail = f"the nearest frame is {ns_to_ms(skew_ns):+.1f} ms off, allowed {ns_to_ms(self.tolerance_ns):.1f}"
            return [Missing(arrival.key, MissingReason.NO_FRAME, detail)]
        if nearest.first_user is None:
            nearest.first_user = arrival.key
            return [Chosen(arrival, nearest.number, nearest.stamp_ns, nearest.frame_ns, skew_ns)]
        effects: list[Effect] = []
        first = nearest.first_user
        if not nearest.is_shared:
            nearest.is_shared = True
            effects.append(self._shared(first, nearest.number, arrival.key))
        effects.append(self._shared(arrival.key, nearest.number, first))
        return effects

    def _shared(self, key: PartKey, number: int, other: PartKey) -> Missing:
        return Missing(key, MissingReason.FRAME_SHARED, f"frame {number} is also the nearest to part {other.name}")
