"""One change-over to another recipe: prepare on all workers, all ready, then the line switches between two parts. Pure.

`step(watches, now_ns)` says what follows. Rules of this file:
- Until every worker is ready for the new recipe nothing has changed, and the first that can not be, or that ends meanwhile,
  ends the change-over: what it prepares may be what ended it, and would end its next life too.
- Once the line was told there is no way back but another change-over: parts of both recipes are under way, and each is
  judged by the one in its key, until the last part of the old one has its outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge_inspector.domain.clock import NS_PER_S
from edge_inspector.supervisor.process import LINE, RECORDER
from edge_inspector.supervisor.worker_watch import WorkerWatch


class ChangePhase(StrEnum):
    """How far a change-over is."""

    READING = "reading"  # the daemon checks files and copies them aside
    PREPARING = "preparing"  # workers load the new recipe beside the one in force
    SWITCHING = "switching"  # the line is told
    FINISHING = "finishing"  # parts that arrive are inspected for the new one; some of the old one are under way
    DONE = "done"
    FAILED = "failed"  # nothing has changed


@dataclass(frozen=True, slots=True)
class Switch:
    """Every worker is ready: tell the line."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The last part of the old recipe has its outcome: let go of it."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Let go of the new recipe: nothing has changed."""

    why: str


class ChangeOver:
    """The way to recipe `digest`, from `now_ns` on; `bound_ns` is how long all workers may prepare."""

    def __init__(self, digest: str, watches: Mapping[str, WorkerWatch], now_ns: int, bound_ns: int) -> None:
        self.digest = digest
        self.phase = ChangePhase.PREPARING
        self._pids = {name: watch.pid for name, watch in watches.items() if name not in (LINE, RECORDER)}
        self._since_ns = now_ns
        self._bound_ns = bound_ns

    def step(self, watches: Mapping[str, WorkerWatch], now_ns: int) -> Switch | Finish | GiveUp | None:
        """Return what follows from what the workers say now; ask again in every turn of the loop."""
        match self.phase:
            case ChangePhase.PREPARING:
                return self._prepare(watches, now_ns)
            case ChangePhase.SWITCHING | ChangePhase.FINISHING:
                return self._finish(watches[LINE], now_ns)
            case _:
                return None

    def give_up(self, why: str) -> GiveUp:
        """End it before the switch."""
        self.phase = ChangePhase.FAILED
        return GiveUp(why)

    def _prepare(self, watches: Mapping[str, WorkerWatch], now_ns: int) -> Switch | GiveUp | None:
        waiting = []
        for name, pid in self._pids.items():
            watch = watches[name]
            if watch.pid is None or watch.pid != pid:
                return self.give_up(f"{name} is not running, or ended while it prepared")
            # what was said before the change-over began may be about an earlier try
            beat = watch.beat if watch.beat is not None and watch.beat.sent_ns >= self._since_ns else None
            refusal = beat.recipes.get(self.digest) if beat is not None else None
            if refusal:
                return self.give_up(f"{name}: {refusal}")
            if refusal is None or not watch.is_heard(now_ns):
                waiting.append(name)
        if not waiting:
            self.phase = ChangePhase.SWITCHING
            return Switch()
        if now_ns - self._since_ns > self._bound_ns:
            return self.give_up(f"{', '.join(waiting)} did not prepare it within {self._bound_ns / NS_PER_S:g} s")
        return None

    def _finish(self, line: WorkerWatch, now_ns: int) -> Finish | None:
        """A line worker that died is followed by one that begins with the new recipe, and has no part of the old one."""
        if line.beat is None or not line.is_heard(now_ns) or self.digest not in line.beat.recipes:
            return None
        self.phase = ChangePhase.FINISHING
        if set(line.beat.recipes) != {self.digest}:
            return None
        self.phase = ChangePhase.DONE
        return Finish()
