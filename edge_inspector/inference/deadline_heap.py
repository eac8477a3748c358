"""What waits for the engine, by deadline: bounded, and it drops what can not make its deadline. Pure.

A dropped item is always handed back, so that the caller can say so; nothing vanishes here.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from edge_inspector.domain.clock import ms_to_ns
from edge_inspector.domain.health import QueueDepth

T = TypeVar("T")


@dataclass(order=True, slots=True)
class _Entry(Generic[T]):
    verdict_by_ns: int
    order: int  # equal deadlines: first come, first judged
    item: T = field(compare=False)


@dataclass(frozen=True, slots=True)
class Popped(Generic[T]):
    """What to judge now, earliest deadline first, and what could not have made its deadline."""

    batch: tuple[T, ...]
    too_late: tuple[T, ...]


class DeadlineHeap(Generic[T]):
    """At most `capacity` items. When full, the one with the latest deadline goes (it may be the newcomer)."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}, must be at least 1")
        self.capacity = capacity
        self.peak = 0
        self.dropped = 0
        self._entries: list[_Entry[T]] = []
        self._pushed = 0

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, item: T, verdict_by_ns: int) -> T | None:
        """Add an item; return the one that had to go for it, if any."""
        self._pushed += 1
        heapq.heappush(self._entries, _Entry(verdict_by_ns, self._pushed, item))
        if len(self._entries) <= self.capacity:
            self.peak = max(self.peak, len(self._entries))
            return None
        latest = max(self._entries)
        self._entries.remove(latest)
        heapq.heapify(self._entries)
        self.dropped += 1
        return latest.item

    def pop_batch(self, now_ns: int, max_batch: int, expected_ms: float) -> Popped[T]:
        """Take the items that the engine should judge now, at most `max_batch`, and all that are hopeless.

        `expected_ms` is what one item takes. An item is hopeless when it would miss its deadline even alone. The batch
        grows only as long as the whole of it makes the earliest deadline in it, since answers come when it is done.
        """
        expected_ns = ms_to_ns(expected_ms)
        too_late: list[T] = []
        while self._entries and now_ns + expected_ns > self._entries[0].verdict_by_ns:
            too_late.append(heapq.heappop(self._entries).item)
        self.dropped += len(too_late)
        batch: list[T] = []
        earliest_ns = self._entries[0].verdict_by_ns if self._entries else 0
        while self._entries and len(batch) < max_batch and now_ns + (len(batch) + 1) * expected_ns <= earliest_ns:
            batch.append(heapq.heappop(self._entries).item)
        return Popped(tuple(batch), tuple(too_late))

    def pop_all(self) -> tuple[T, ...]:
        """Empty the heap, earliest deadline first."""
        items = tuple(entry.item for entry in sorted(self._entries))
        self._entries.clear()
        return items

    @property
    def items(self) -> tuple[T, ...]:
        """What waits, in no order."""
        return tuple(entry.item for entry in self._entries)

    @property
    def depth(self) -> QueueDepth:
        """Depth, peak and drops (full or too late) since the start."""
        return QueueDepth(depth=len(self._entries), peak=self.peak, dropped=self.dropped)
