"""How long one view is expected to take, from what the last ones took. Pure."""

from __future__ import annotations

WEIGHT_OF_NEWEST = 0.2
MOST_GROWTH = 2.0
DECAY_PER_DROP = 0.8


class ExpectedDuration:
    """A moving average that can neither jump nor starve the engine.

    Who drops views by it must not let one bad measurement (a stopped process, a busy machine) drop all views that follow:
    nothing would be measured again. So one measurement counts for at most twice what was expected, and every round that
    judged nothing because all was too late lowers the expectation, until one view is tried.
    """

    def __init__(self, first_ms: float) -> None:
        self.per_view_ms = first_ms

    def measured(self, batch_ms: float, view_count: int) -> None:
        """A batch of `view_count` views took `batch_ms`, over all engines."""
        newest_ms = min(batch_ms / view_count, MOST_GROWTH * self.per_view_ms)
        self.per_view_ms += WEIGHT_OF_NEWEST * (newest_ms - self.per_view_ms)

    def nothing_judged(self) -> None:
        """Views waited and all were dropped as too late: nothing was measured."""
        self.per_view_ms *= DECAY_PER_DROP
