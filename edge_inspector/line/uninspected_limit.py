"""When too many parts went by unjudged, the feed stops: a line that ejects everything is not inspecting."""

from __future__ import annotations

from collections import deque

from edge_inspector.station.station import UninspectedLimit


class UninspectedCounter:
    """Counts verdicts as applied; `count` returns a sentence when the limit is passed, else nothing."""

    def __init__(self, limit: UninspectedLimit) -> None:
        self._limit = limit
        self._in_a_row = 0
        self._last: deque[bool] = deque(maxlen=limit.of_last)

    def count(self, *, is_uninspected: bool) -> str:
        """Take one part's verdict in."""
        self._in_a_row = self._in_a_row + 1 if is_uninspected else 0
        self._last.append(is_uninspected)
        if self._in_a_row >= self._limit.in_a_row:
            return f"{self._in_a_row} parts in a row were not inspected (limit {self._limit.in_a_row})"
        total = sum(self._last)
        if total > self._limit.most:
            limit = f"limit {self._limit.most} of {self._limit.of_last}"
            return f"{total} of the last {len(self._last)} parts were not inspected ({limit})"
        return ""

    def reset(self) -> None:
        """Begin anew, after an acknowledgement."""
        self._in_a_row = 0
        self._last.clear()
