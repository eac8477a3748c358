"""The order in which a daemon ends: the line worker by itself, then those it needed, the recorder last. All bounded."""

from __future__ import annotations

from collections.abc import Mapping

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.supervisor.process import LINE, RECORDER
from edge_inspector.supervisor.worker_watch import Stop, WorkerWatch

END_NS = 3 * NS_PER_S  # from SIGTERM to SIGKILL
RECORDER_END_NS = 10 * NS_PER_S  # it catches up with ledger and journal first; nothing waits for it any more
LINE_MARGIN_NS = 5 * NS_PER_S  # beyond its own bound


class Drain:
    """Says which workers are to be stopped now; ask again in every turn of the loop."""

    def __init__(self, watches: Mapping[str, WorkerWatch], line_drain_ns: int) -> None:
        self._line_ns = line_drain_ns + LINE_MARGIN_NS
        middle = [watch for name, watch in watches.items() if name not in (LINE, RECORDER)]
        self._stages = [
            [watches[LINE]] if LINE in watches else [],
            middle,
            [watches[RECORDER]] if RECORDER in watches else [],
        ]
        self._begun = 0

    @property
    def is_finished(self) -> bool:
        """Whether every worker is over."""
        return all(watch.is_over for stage in self._stages for watch in stage)

    def due(self, now_ns: int) -> list[tuple[WorkerWatch, Stop]]:
        """Return what to tell whom: the next stage, once all workers of the one before are over."""
        for number, stage in enumerate(self._stages):
            if number == self._begun:
                self._begun += 1
                # the line worker ends by itself, told by the supervisor's beat; the others on SIGTERM
                term_at_ns = now_ns + self._line_ns if number == 0 else now_ns
                kill_at_ns = term_at_ns + (RECORDER_END_NS if number == 2 else END_NS)
                return [(watch, Stop(term_at_ns, kill_at_ns)) for watch in stage]
            if not all(watch.is_over for watch in stage):
                return []
        return []

    def hurry(self, now_ns: int) -> list[tuple[WorkerWatch, Stop]]:
        """Return the order to kill everything at once: what is armed stays ejected, and the belt stops by itself."""
        self._begun = len(self._stages)
        return [(watch, Stop(now_ns, now_ns)) for stage in self._stages for watch in stage]
