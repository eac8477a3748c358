"""When a golden picture is judged again. Pure."""

from __future__ import annotations


class GoldenSchedule:
    """Names the golden picture that is due now: all of them one by one, a round every `period_ns`.

    A picture waits for an idle moment, but no longer than another `period_ns`: a line that is never idle is checked too.
    One picture at a time, so that a view that arrives meanwhile waits for one picture only.
    """

    def __init__(self, picture_count: int, period_ns: int, started_ns: int) -> None:
        self._picture_count = picture_count
        self._period_ns = period_ns
        self._round_due_ns = started_ns + period_ns
        self._next = 0

    def due(self, now_ns: int, *, is_idle: bool) -> int | None:
        """Return the number of the picture to judge now, or None. Each call that returns one counts as done."""
        if now_ns < self._round_due_ns or not (is_idle or now_ns >= self._round_due_ns + self._period_ns):
            return None
        picture = self._next
        self._next = (picture + 1) % self._picture_count
        if self._next == 0:
            self._round_due_ns = now_ns + self._period_ns
        return picture
