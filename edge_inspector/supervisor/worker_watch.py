"""One worker as the supervisor sees it: when it is started, stuck, killed, started again, given up, or over.

Pure: `step(event, now_ns) -> effects`. Rules of this file:
- Only a reaped worker (`Exited`) is started again: two lives of one worker never overlap.
- Only beats of the pid that was started count; a beat of an older life changes nothing.
- Idle is healthy. Stuck is: no beat for `silence_ns`, or something pending for longer than `pending_ns`.
- A time in which the supervisor itself was away (stopped, starved) is not held against a worker.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from edge_inspector.domain.clock import NS_PER_MS, NS_PER_S, ns_to_ms
from edge_inspector.domain.health import WorkerBeat, WorkerState
from edge_inspector.supervisor.restart_policy import GiveUp, RestartAt, RestartPolicy

AWAY_NS = 500 * NS_PER_MS  # ticks come every 20 ms; a longer pause was the supervisor's own
FRESH_NS = NS_PER_S  # an older beat does not make a worker ready


class Phase(StrEnum):
    """Where a worker's process is in its life."""

    WAITING = "waiting"  # to be started at a given time
    SPAWNING = "spawning"  # to be started now; the line worker waits here for the lock of the one before
    STARTING = "starting"  # runs, loads, has not been ready yet
    RUNNING = "running"
    KILLED = "killed"  # SIGKILL is sent, not reaped yet
    STOPPING = "stopping"  # is to end
    FAILED = "failed"  # given up
    ENDED = "ended"  # over, as was asked


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker is given time for. `pending_ns` None: never replaced for a slow answer (line)."""

    start_ns: int
    silence_ns: int
    pending_ns: int | None
    any_beat_ends_start: bool = False  # the line worker loads nothing: silence counts from its first beat


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; expected at least every 100 ms."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat was received."""

    beat: WorkerBeat


@dataclass(frozen=True, slots=True)
class Spawned:
    """The process was started."""

    pid: int


@dataclass(frozen=True, slots=True)
class Exited:
    """The process is reaped, or could not be started. `how` for people: `exit code 1`, `SIGKILL`."""

    how: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The worker is to end: SIGTERM at `term_at_ns`, SIGKILL at `kill_at_ns`. A later Stop can only shorten the times."""

    term_at_ns: int
    kill_at_ns: int


Event = Tick | Beat | Spawned | Exited | Stop


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start the process now."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Send a signal to the process."""

    signal: signal.Signals


@dataclass(frozen=True, slots=True)
class Note:
    """Tell people: an event name for the log, and a sentence."""

    event: str
    detail: str


Effect = Spawn | Kill | Note


class WorkerWatch:
    """The state of one worker."""

    def __init__(self, name: str, limits: Limits, policy: RestartPolicy) -> None:
        self.name = name
        self.phase = Phase.WAITING
        self.pid: int | None = None
        self.beat: WorkerBeat | None = None  # the newest of this life
        self.restart_count = 0
        self.why = ""  # how the last life ended, or why this worker is given up
        self._limits = limits
        self._policy = policy
        self._start_at_ns = 0
        self._since_ns = 0  # start of this life
        self._heard_ns = 0
        self._last_tick_ns: int | None = None
        self._stop: Stop | None = None
        self._is_terminated = False

    @property
    def is_over(self) -> bool:
        """Whether there is no process and none will be started."""
        return self.phase in (Phase.FAILED, Phase.ENDED)

    def is_ready(self, now_ns: int) -> bool:
        """Whether the worker says, with a fresh beat, that it can do its work."""
        return (
            self.phase is Phase.RUNNING
            and self.beat is not None
            and self.beat.state is WorkerState.READY
            and now_ns - self._heard_ns < FRESH_NS
        )

    def is_heard(self, now_ns: int) -> bool:
        """Whether this life has beaten within the last second, ready or not."""
        return self.beat is not None and now_ns - self._heard_ns < FRESH_NS

    def beat_age_ms(self, now_ns: int) -> float | None:
        """Return the time since the last beat of this life; None before the first."""
        return None if self.beat is None else ns_to_ms(now_ns - self._heard_ns)

    def restarts_left(self, now_ns: int) -> int:
        """Return how many restarts the policy still grants."""
        return self._policy.restarts_left(now_ns)

    def step(self, event: Event, now_ns: int) -> list[Effect]:
        """Take one event; return what is to be done, in this order."""
        match event:
            case Tick():
                return self._on_tick(now_ns)
            case Beat(beat):
                return self._on_beat(beat, now_ns)
            case Spawned(pid):
                self.pid = pid
                self._since_ns = now_ns
                if self.phase is Phase.SPAWNING:
                    self.phase = Phase.STARTING
                return [Note("worker_started", f"pid {pid}")]
            case Exited(how):
                return self._on_exit(how, now_ns)
            case Stop():
                return self._on_stop(event, now_ns)
            case _:
                assert_never(event)

    def _on_tick(self, now_ns: int) -> list[Effect]:
        if self._last_tick_ns is not None and now_ns - self._last_tick_ns > AWAY_NS:
            away_ns = now_ns - self._last_tick_ns
            self._since_ns = min(self._since_ns + away_ns, now_ns)
            self._heard_ns = min(self._heard_ns + away_ns, now_ns)
        self._last_tick_ns = now_ns
        match self.phase:
            case Phase.WAITING:
                if now_ns < self._start_at_ns:
                    return []
                self.phase = Phase.SPAWNING
                return [Spawn()]
            case Phase.STARTING:
                if now_ns - self._since_ns > self._limits.start_ns:
                    return self._kill(f"not ready {ns_to_ms(self._limits.start_ns):g} ms after its start")
            case Phase.RUNNING:
                if now_ns - self._heard_ns > self._limits.silence_ns:
                    return self._kill(f"no beat for {ns_to_ms(now_ns - self._heard_ns):.0f} ms")
            case Phase.STOPPING:
                return self._end(now_ns)
            case _:
                pass
        return []

    def _on_beat(self, beat: WorkerBeat, now_ns: int) -> list[Effect]:
        if beat.worker != self.name or beat.pid != self.pid:
            return []
        before, self.beat = self.beat, beat
        self._heard_ns = now_ns
        notes: list[Effect] = []
        is_other_trouble = beat.state is WorkerState.NOT_READY and before is not None and before.detail != beat.detail
        if before is None or before.state is not beat.state or is_other_trouble:
            notes.append(Note(f"worker_{beat.state.value}", beat.detail))
        if self.phase is Phase.STARTING and (beat.state is not WorkerState.STARTING or self._limits.any_beat_ends_start):
            self.phase = Phase.RUNNING
        pending_ns = self._limits.pending_ns
        if self.phase is Phase.RUNNING and pending_ns is not None and beat.oldest_pending_ms * NS_PER_MS > pending_ns:
            return [*notes, *self._kill(f"something is pending for {beat.oldest_pending_ms:.0f} ms")]
        return notes

    def _on_exit(self, how: str, now_ns: int) -> list[Effect]:
        killed_for = f" ({self.why})" if self.phase is Phase.KILLED else ""
        was_stopping = self.phase is Phase.STOPPING
        self.pid = None
        self.beat = None
        self.why = f"ended by {how}{killed_for}"
        if was_stopping:
            self.phase = Phase.ENDED
            return [Note("worker_stopped", how)]
        decision = self._policy.on_exit(now_ns)
        match decision:
            case RestartAt(t_ns):
                self.phase = Phase.WAITING
                self._start_at_ns = t_ns
                self.restart_count += 1
                left = self._policy.restarts_left(now_ns)
                return [Note("worker_ended", f"{how}{killed_for}; starts again, {left} more restarts are left")]
            case GiveUp(reason):
                self.phase = Phase.FAILED
                self.why = f"{reason}; last: {how}{killed_for}"
                return [Note("worker_given_up", self.why)]
            case _:
                assert_never(decision)

    def _on_stop(self, stop: Stop, now_ns: int) -> list[Effect]:
        if self.is_over:
            return []
        if self._stop is not None:
            stop = Stop(min(stop.term_at_ns, self._stop.term_at_ns), min(stop.kill_at_ns, self._stop.kill_at_ns))
        self._stop = stop
        if self.pid is None:
            self.phase = Phase.ENDED
            return [Note("worker_stopped", "it was not running")]
        self.phase = Phase.STOPPING
        return self._end(now_ns)

    def _end(self, now_ns: int) -> list[Effect]:
        if self._stop is not None and now_ns >= self._stop.kill_at_ns:
            self._stop = Stop(self._stop.term_at_ns, now_ns + NS_PER_S)  # once a second, until it is reaped
            return [Kill(signal.SIGKILL), Note("worker_killed", "it did not end in time")]
        if self._stop is not None and now_ns >= self._stop.term_at_ns and not self._is_terminated:
            self._is_terminated = True
            return [Kill(signal.SIGTERM)]
        return []

    def _kill(self, why: str) -> list[Effect]:
        self.phase = Phase.KILLED
        self.why = why
        return [Kill(signal.SIGKILL), Note("worker_stuck", f"{why}; killed")]
