"""When a worker that ended is started again: at once, then with back-off, at most R times in T seconds, then never."""

from __future__ import annotations

from dataclasses import dataclass

from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S

FIRST_BACKOFF_NS = 50 * NS_PER_MS
LONGEST_BACKOFF_NS = 5 * NS_PER_S


@dataclass(frozen=True, slots=True)
class RestartAt:
    """Start the worker again at `t_ns`."""

    t_ns: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not start the worker again: a person has to look."""

    reason: str


class RestartPolicy:
    """Grants at most `restarts` restarts in any `window_s` seconds.

    The first restart of a window comes after 50 ms, each further one after twice the time of the last, up to 5 s. After a
    window without an exit the back-off begins anew.
    """

    def __init__(self, restarts: int, window_s: float) -> None:
        self._restarts = restarts
        self._window_s = window_s
        self._granted_ns: list[int] = []

    def on_exit(self, now_ns: int) -> RestartAt | GiveUp:
        """Decide what follows an exit at `now_ns`."""
        self._forget_before(now_ns)
        if len(self._granted_ns) >= self._restarts:
            return GiveUp(f"ended again after {self._restarts} restarts in {self._window_s:g} s")
        # the exponent is bounded: 2 ** 1000 restarts is a number, but not a time
        backoff_ns = min(FIRST_BACKOFF_NS << min(len(self._granted_ns), 16), LONGEST_BACKOFF_NS)
        self._granted_ns.append(now_ns)
        return RestartAt(now_ns + backoff_ns)

    def restarts_left(self, now_ns: int) -> int:
        """Return how many restarts would still be granted."""
        self._forget_before(now_ns)
        return self._restarts - len(self._granted_ns)

    def _forget_before(self, now_ns: int) -> None:
        window_start_ns = now_ns - round(self._window_s * NS_PER_S)
        self._granted_ns = [t_ns for t_ns in self._granted_ns if t_ns > window_start_ns]
