"""All workers of one daemon: performs what each worker's watch asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

import structlog

from edge_inspector.domain.clock import NS_PER_S, ms_to_ns
from edge_inspector.domain.health import WorkerBeat
from edge_inspector.station.station import Station
from edge_inspector.supervisor.locks import LineSuccession
from edge_inspector.supervisor.process import LINE, RECORDER, WorkerProcess, WorkerSpec
from edge_inspector.supervisor.restart_policy import RestartPolicy
from edge_inspector.supervisor.worker_watch import (
    Beat,
    Event,
    Exited,
    Kill,
    Limits,
    Note,
    Phase,
    Spawn,
    Spawned,
    Tick,
    WorkerWatch,
)

_log = structlog.get_logger()
# The belt has stopped by itself at the heartbeat's time-out; the margin keeps a starved box from costing a purge.
LINE_SILENCE_MARGIN_NS = NS_PER_S
_WARNINGS = frozenset({"worker_ended", "worker_stuck", "worker_killed", "worker_given_up", "worker_not_ready"})
Command = Callable[[WorkerSpec], Sequence[str]]


def limits_for(name: str, station: Station) -> Limits:
    """Return how long worker `name` may start, be silent, and have something pending."""
    supervision = station.supervision
    start_ns = ms_to_ns(supervision.start_timeout_ms)
    if name == LINE:
        silence_ns = ms_to_ns(station.line.heartbeat_timeout_ms) + LINE_SILENCE_MARGIN_NS
        return Limits(start_ns, silence_ns, pending_ns=None, any_beat_ends_start=True)
    return Limits(start_ns, ms_to_ns(supervision.beat_timeout_ms), ms_to_ns(supervision.pending_timeout_ms))


class Fleet:
    """The workers, their watches and their processes."""

    def __init__(self, specs: Sequence[WorkerSpec], station: Station, command: Command, succession: LineSuccession) -> None:
        supervision = station.supervision
        self.watches = {
            spec.name: WorkerWatch(
                spec.name,
                limits_for(spec.name, station),
                RestartPolicy(supervision.restarts, supervision.restart_window_s),
            )
            for spec in specs
        }
        self._specs = {spec.name: spec for spec in specs}
        self._processes: dict[str, WorkerProcess] = {}
        self._command = command
        self._succession = succession

    def turn(self, beats: Iterable[WorkerBeat], now_ns: int) -> None:
        """Take the beats that came in, reap what ended, and let time pass."""
        for beat in beats:
            watch = self.watches.get(beat.worker)
            if watch is not None:
                self.step(watch, Beat(beat), now_ns)
        for name, process in list(self._processes.items()):
            how = process.reap()
            if how is not None:
                del self._processes[name]
                self.step(self.watches[name], Exited(how), now_ns)
        for watch in self.watches.values():
            self.step(watch, Tick(), now_ns)
            if watch.phase is Phase.SPAWNING and (watch.name != LINE or self._succession.is_free(now_ns)):
                self._spawn(watch, now_ns)

    def step(self, watch: WorkerWatch, event: Event, now_ns: int) -> None:
        """Give a watch one event and do what it asks for. `Spawn` is done by `turn`, once the way is free."""
        for effect in watch.step(event, now_ns):
            match effect:
                case Kill(number):
                    if watch.name in self._processes:
                        self._processes[watch.name].signal(number)
                case Note(event_name, detail):
                    log = _log.warning if event_name in _WARNINGS else _log.info
                    log(event_name, worker=watch.name, detail=detail)
                case Spawn():
                    pass
                case _:
                    assert_never(effect)

    def _spawn(self, watch: WorkerWatch, now_ns: int) -> None:
        spec = self._specs[watch.name]
        try:
            process = WorkerProcess(spec, self._command(spec))
        except OSError as error:
            self.step(watch, Exited(f"could not be started ({error})"), now_ns)
            return
        self._processes[watch.name] = process
        self.step(watch, Spawned(process.pid), now_ns)

    def waiting_for(self, now_ns: int) -> list[str]:
        """Return who is not ready, with the reason. The recorder does not count: evidence never holds the line."""
        waiting = []
        for name, watch in self.watches.items():
            if name == RECORDER or (watch.is_heard(now_ns) if name == LINE else watch.is_ready(now_ns)):
                continue
            detail = watch.beat.detail if watch.beat else watch.why
            state = watch.beat.state.value if watch.beat and watch.phase is Phase.RUNNING else watch.phase.value
            waiting.append(f"{name}: {state}{f' ({detail})' if detail else ''}")
        return waiting
